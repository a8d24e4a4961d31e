//! Packets that went out on one SSRC, and what they are a part of.

use super::Seen;
use super::frames::Frames;
use crate::feed::descriptor::Parts;
use crate::payload::Pictures;
use crate::tag::Tag;
use crate::truth::Truth;
use std::time::Instant;

/// What goes out from one source without a seam.
pub(super) struct Run {
    pub number: u32,
    pub began: Instant,
    /// Its first frame, and those of which something went out.
    pub first: u32,
    pub frames: Frames,
    /// Frames that did not go out for want of what the publisher owes.
    pub spoiled: Frames,
    /// When less came last for so short that nothing went out that could have told it.
    pub lessened: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub seq: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub tag: Tag,
    pub pictures: Option<Pictures>,
    /// The frame number of the dependency descriptor, and the active decode targets where it tells them.
    pub frame_number: Option<u16>,
    pub active: Option<u32>,
    pub at: Instant,
    pub captured: Option<Instant>,
    pub run: u32,
}

impl Sent {
    pub fn of(seen: &Seen, tag: Tag, pictures: Option<Pictures>, truth: &Truth) -> Sent {
        let fact = truth.fact(tag.stream(), tag.number);
        Sent {
            seq: seen.index,
            timestamp: seen.timestamp,
            marker: seen.marker,
            tag,
            pictures,
            frame_number: frame_number(seen),
            active: active(seen, &tag, truth),
            at: seen.at,
            captured: fact.map(|fact| fact.captured),
            run: 0,
        }
    }

    /// Whether a retransmission of it says the same.
    pub fn is_repeated_by(&self, seen: &Seen, truth: &Truth) -> bool {
        seen.identify(truth) == Some((self.tag, self.pictures))
            && (seen.timestamp, seen.marker, frame_number(seen))
                == (self.timestamp, self.marker, self.frame_number)
            && active(seen, &self.tag, truth) == self.active
    }
}

fn frame_number(seen: &Seen) -> Option<u16> {
    let number = seen.descriptor.as_ref()?.get(1..)?.first_chunk()?;
    Some(u16::from_be_bytes(*number))
}

fn active(seen: &Seen, tag: &Tag, truth: &Truth) -> Option<u32> {
    let track = truth.tracks.get(&tag.track)?;
    Parts::of(track.kind, seen.descriptor.as_ref()?)?.active
}
