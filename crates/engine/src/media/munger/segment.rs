//! Runs of a layer's numbers that go out with one offset, and what becomes of a packet in such a run, however often it goes out.

use super::LayerId;
use crate::media::codec::picture::PictureIds;
use crate::media::dependency::Active;
use crate::media::frame::{Frame, Selection};
use crate::media::packet::MediaPacket;
use crate::media::selector::Lacking;

/// What changes of a packet for one subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rewrite {
    /// Extended sequence number; its upper part is the SRTP rollover counter.
    pub seq: u64,
    /// Timestamp.
    pub timestamp: u32,
    /// Marker bit.
    pub marker: bool,
    /// The payload and what describes it stay away: the packet only takes its number.
    pub blank: bool,
    /// New counters for the payload descriptor of VP8 or VP9.
    pub pictures: Option<PictureIds>,
    /// New frame number for the dependency descriptor.
    pub frame_number: Option<u16>,
    /// The decode targets that it is to tell.
    pub active: Option<Active>,
}

/// Where a number that was given out came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The layer.
    pub layer: LayerId,
    /// Extended sequence number in the layer; look it up in the layer's store.
    pub in_seq: u64,
    pub(super) segment: Segment,
    /// The number went out.
    pub(super) given: bool,
    /// It went out without its packet.
    pub(super) blank: bool,
}

impl Origin {
    /// The same rewriting that the packet got, or would have got, the first time.
    pub fn rewrite(&self, packet: &MediaPacket) -> Rewrite {
        let unselected = |frame: Frame| !frame.part_of.has(self.segment.selection);
        let skipped = !self.given && packet.frame.is_some_and(unselected);
        self.segment.rewrite(packet, self.blank || skipped)
    }
}

/// A run of one layer's numbers that go out with one offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    pub(super) layer: LayerId,
    /// First and last number of the layer in this run; the open run has no last one yet.
    pub(super) first_in: u64,
    pub(super) end_in: u64,
    /// Out = in + delta, wrapping.
    pub(super) seq_delta: u64,
    pub(super) timestamp_delta: u32,
    pub(super) pictures: PictureIds,
    pub(super) frame_delta: u16,
    /// What of the layer went out in this run.
    pub(super) selection: Selection,
    /// What frames of it had to do without.
    pub(super) lacking: Lacking,
    /// The decode targets that are left by that, where they are to be told.
    pub(super) active: Option<Active>,
    /// Timestamp, as it came, of the picture from which on that is so.
    pub(super) since: u32,
    /// The publisher's marker was on a packet behind the last one, which stays away: the last one, which is late, has it.
    pub(super) ends_picture: bool,
}

impl Segment {
    pub(super) fn out(&self, in_seq: u64) -> u64 {
        in_seq.wrapping_add(self.seq_delta)
    }

    pub(super) fn rewrite(&self, packet: &MediaPacket, blank: bool) -> Rewrite {
        // Of a picture whose upper layers are dropped, the highest one that goes out is the last.
        let ends = |frame: &Frame| {
            let top = frame.top_of.has(self.selection);
            frame.ends && (top || self.lacking.ends_at(frame, self.selection))
        };
        let last = packet.frame.as_ref().is_some_and(ends)
            || self.ends_picture && packet.seq == self.end_in;
        let number = packet.frame_number();
        Rewrite {
            seq: self.out(packet.seq),
            timestamp: packet.timestamp.wrapping_add(self.timestamp_delta),
            marker: !blank && (packet.marker || last),
            blank,
            pictures: packet.pictures.map(|fields| fields.ids.plus(self.pictures)),
            frame_number: number.map(|number| number.wrapping_add(self.frame_delta)),
            // Never in the terms of another structure.
            active: self.active.filter(|active| {
                packet
                    .active
                    .is_some_and(|place| place.count == active.count)
            }),
        }
    }
}
