//! The header extensions of a publisher's packets (RFC 8285): which numbers they have, and what they say.

use crate::codecs::dependency_descriptor;
use crate::media::bundle::Labels;
use crate::media::rtp::Header;
use std::ops::Deref;
use str0m::Rtc;
use str0m::media::{Mid, Rid};
use str0m::rtp::Extension;

/// Header extension ids agreed on with a client; one number means the same on every m-line.
#[derive(Debug, Default)]
pub struct Extensions {
    mid: Option<u8>,
    rid: Option<u8>,
    repaired: Option<u8>,
    pub transport_number: Option<u8>,
    audio_level: Option<u8>,
    orientation: Option<u8>,
    dependency_descriptor: Option<u8>,
    /// Names that packets are likely to carry: making one anew costs an allocation.
    mids: Vec<Mid>,
    rids: Vec<Rid>,
}

/// What the header extensions of a packet say.
#[derive(Debug, Default)]
pub struct Said<'a> {
    pub labels: Labels,
    pub transport_number: Option<u16>,
    pub audio_level: Option<u8>,
    pub orientation: Option<u8>,
    pub dependency_descriptor: Option<&'a [u8]>,
}

impl Extensions {
    /// What the descriptions of a client's m-lines agree on.
    pub fn agreed(rtc: &Rtc, mids: Vec<Mid>, rids: Vec<Rid>) -> Extensions {
        let mut ids = Extensions {
            rids,
            ..Extensions::default()
        };
        for map in mids
            .iter()
            .filter_map(|mid| Some(rtc.media(*mid)?.remote_extmap()))
        {
            let known = [
                (&mut ids.mid, Extension::RtpMid),
                (&mut ids.rid, Extension::RtpStreamId),
                (&mut ids.repaired, Extension::RepairedRtpStreamId),
                (
                    &mut ids.transport_number,
                    Extension::TransportSequenceNumber,
                ),
                (&mut ids.audio_level, Extension::AudioLevel),
                (&mut ids.orientation, Extension::VideoOrientation),
                (&mut ids.dependency_descriptor, dependency_descriptor()),
            ];
            for (id, extension) in known {
                *id = id.or(map.id_of(extension));
            }
        }
        ids.mids = mids;
        ids
    }

    /// Those that are known of a packet's.
    pub fn read<'a>(&self, header: &Header<'a>) -> Said<'a> {
        let mut said = Said::default();
        for (id, data) in header.extensions() {
            let id = Some(id);
            if id == self.transport_number {
                said.transport_number = data.first_chunk().map(|bytes| u16::from_be_bytes(*bytes));
            } else if id == self.audio_level {
                said.audio_level = data.first().copied();
            } else if id == self.mid {
                said.labels.mid = named(&self.mids, data);
            } else if id == self.rid {
                said.labels.rid = named(&self.rids, data);
            } else if id == self.repaired {
                said.labels.repaired = named(&self.rids, data);
            } else if id == self.orientation {
                said.orientation = data.first().copied();
            } else if id == self.dependency_descriptor {
                said.dependency_descriptor = Some(data);
            }
        }
        said
    }
}

/// A name out of a packet: one that is known, or a new one.
fn named<Name>(known: &[Name], data: &[u8]) -> Option<Name>
where
    Name: Copy + Deref<Target = str> + for<'a> From<&'a str>,
{
    let same = known.iter().find(|name| name.as_bytes() == data);
    same.copied()
        .or_else(|| str::from_utf8(data).ok().map(Name::from))
}
