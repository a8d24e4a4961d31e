//! Payload types: what a publisher's number means, and which number of a subscriber means the same.

use crate::media::Codec;
use str0m::format::{Codec as Negotiated, CodecSpec, PayloadParams};
use str0m::media::Pt;

/// What a payload type of a publisher stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incoming {
    pub codec: Codec,
    pub spec: CodecSpec,
    /// The codec inside RED.
    pub red: bool,
}

/// A publisher's payload types.
#[derive(Debug, Default)]
pub struct Table {
    media: Vec<(u8, Incoming)>,
    /// Payload types of retransmissions, and of what they repeat.
    repairs: Vec<(u8, u8)>,
}

impl Table {
    pub fn new(params: &[PayloadParams]) -> Self {
        let mut table = Table::default();
        for params in params {
            let spec = params.spec();
            let Some(codec) = codec(spec.codec) else {
                continue;
            };
            let incoming = |red| Incoming { codec, spec, red };
            table.media.push((*params.pt(), incoming(false)));
            if let Some(pt) = params.red() {
                table.media.push((*pt, incoming(true)));
            }
            if let Some(pt) = params.resend() {
                table.repairs.push((*pt, *params.pt()));
            }
        }
        table
    }

    pub fn get(&self, pt: u8) -> Option<Incoming> {
        let entry = self.media.iter().find(|(known, _)| *known == pt);
        entry.map(|(_, incoming)| *incoming)
    }

    /// What a payload type of retransmissions repeats; None for others.
    pub fn repaired(&self, pt: u8) -> Option<u8> {
        let entry = self.repairs.iter().find(|(known, _)| *known == pt);
        entry.map(|(_, repaired)| *repaired)
    }
}

fn codec(codec: Negotiated) -> Option<Codec> {
    Some(match codec {
        Negotiated::Opus => Codec::Opus,
        Negotiated::Vp8 => Codec::Vp8,
        Negotiated::H264 => Codec::H264,
        Negotiated::Vp9 => Codec::Vp9,
        Negotiated::Av1 => Codec::Av1,
        _ => return None,
    })
}

/// A subscriber's numbers for one codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing {
    pub pt: u8,
    pub rtx: Option<u8>,
    pub red: Option<u8>,
}

/// The subscriber's way to take `spec`, out of what it agreed to on the m-line.
pub fn outgoing(spec: &CodecSpec, params: &[PayloadParams], agreed: &[Pt]) -> Option<Outgoing> {
    let best = params
        .iter()
        .filter(|params| agreed.contains(&params.pt()))
        .filter_map(|params| Some((fit(spec, &params.spec())?, params)))
        .max_by_key(|(fit, _)| *fit)?
        .1;
    Some(Outgoing {
        pt: *best.pt(),
        rtx: best.resend().map(|pt| *pt),
        red: best.red().map(|pt| *pt),
    })
}

/// How well a receiver of `ours` can decode `theirs`; None is not at all.
fn fit(theirs: &CodecSpec, ours: &CodecSpec) -> Option<u8> {
    if theirs.codec != ours.codec {
        return None;
    }
    match theirs.codec {
        Negotiated::H264 => {
            let mode = |spec: &CodecSpec| spec.format.packetization_mode.unwrap_or_default();
            // Fragmented units cannot be read by who said that there are none; the other way is no problem.
            if mode(theirs) > mode(ours) {
                return None;
            }
            let profile = |spec: &CodecSpec| spec.format.profile_level_id.map(|id| id >> 8);
            // Baseline as browsers make it is constrained baseline, whatever the flags say.
            let exact = u8::from(profile(theirs) == profile(ours));
            Some(2 * u8::from(mode(theirs) == mode(ours)) + exact)
        }
        Negotiated::Vp9 => {
            let profile = |spec: &CodecSpec| spec.format.profile_id.unwrap_or_default();
            (profile(theirs) == profile(ours)).then_some(0)
        }
        _ => Some(0),
    }
}
