//! What a packet is allowed to be, by itself: on the right m-line, wanted, and untouched.

use super::{Broken, Rule, Seen};
use crate::feed::descriptor::Parts;
use crate::tag::Tag;
use crate::truth::Truth;
use std::time::Duration;

/// A retransmission of what was sent before a track was switched off may still be on its way.
const REPAIR_GRACE: Duration = Duration::from_secs(2);

/// The MID and the SSRC are those of the m-line that carries the track, and the payload is one that was sent.
pub(super) fn in_place(seen: &Seen, tag: Option<Tag>, truth: &Truth) -> Result<(), Broken> {
    let wrong = |what: String| Err((Rule::Mid, what));
    let Some(offer) = truth.offer(seen.transport) else {
        return wrong("media without an offer".to_owned());
    };
    let Some((mid, repeats)) = offer.announced.get(&seen.ssrc) else {
        return wrong("an SSRC that no offer announced".to_owned());
    };
    if seen.mid.as_ref() != Some(mid) {
        return wrong(format!("MID {:?} on an SSRC of {mid:?}", seen.mid));
    }
    if repeats.is_some() != seen.original.is_some() {
        let kind = seen.payload_type;
        return wrong(format!("payload type {kind} on the wrong SSRC"));
    }
    let carried = offer.carried(mid);
    match tag {
        Some(tag) => match carried {
            Some(carried) if tag.track != carried => {
                wrong(format!("track {} where {carried} is carried", tag.track))
            }
            _ => Ok(()),
        },
        None if seen.payload.is_empty() => Ok(()),
        None => {
            let track = carried.and_then(|track| truth.tracks.get(&track));
            if track.is_none_or(|track| track.hostile) {
                return Ok(());
            }
            let (kind, length) = (seen.payload_type, seen.payload.len());
            let what = format!("{length} bytes of payload type {kind} that nobody has sent");
            Err((Rule::Payload, what))
        }
    }
}

pub(super) fn wanted(seen: &Seen, tag: &Tag, truth: &Truth) -> Result<(), Broken> {
    let Some(reason) = truth.forbids(seen.transport, tag.track, seen.at) else {
        return Ok(());
    };
    let changed = truth.changed(seen.transport, tag.track);
    let recent = changed.is_some_and(|changed| seen.at < changed + REPAIR_GRACE);
    if seen.original.is_some() && recent && reason == "a track not wanted now" {
        return Ok(());
    }
    Err((Rule::Wanted, format!("{reason}: {}", tag.track)))
}

/// All of the dependency descriptor but the frame number and the active decode targets, where the client speaks it.
pub(super) fn descriptor(seen: &Seen, tag: &Tag, truth: &Truth) -> Result<(), Broken> {
    let spoken = truth
        .offer(seen.transport)
        .is_some_and(|o| o.descriptor_extension.is_some());
    let fact = truth.fact(tag.stream(), tag.number).filter(|_| spoken);
    let Some(made) = fact.and_then(|fact| fact.descriptor.as_deref()) else {
        return Ok(());
    };
    let Some(kind) = truth.tracks.get(&tag.track).map(|track| track.kind) else {
        return Ok(());
    };
    let rest = |bytes: &[u8]| Parts::of(kind, bytes).map(|parts| (parts.head, parts.rest));
    match &seen.descriptor {
        Some(came) if rest(came).is_some() && rest(came) == rest(made) => Ok(()),
        came => {
            let what = format!("the descriptor {came:02x?} of {made:02x?}");
            Err((Rule::Descriptor, what))
        }
    }
}
