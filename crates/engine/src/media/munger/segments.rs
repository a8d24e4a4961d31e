//! The runs that an outgoing stream is made of, the newest of them open.

use super::LayerId;
use super::segment::Segment;
use crate::media::codec::picture::PictureIds;
use crate::media::frame::Selection;
use crate::media::packet::MediaPacket;
use crate::media::window::{Seen, SeenWindow};
use std::collections::VecDeque;

/// Segments remembered. One is made for each switch, pause and run of dropped packets; a NACK older than all of them is not answered.
/// With all but the lowest layer dropped this is more than two seconds.
pub const MAX_SEGMENTS: usize = 128;

/// See the module. The oldest ones are forgotten.
#[derive(Debug, Default)]
pub struct Segments(VecDeque<Segment>);

impl Segments {
    /// The newest one.
    pub fn open(&self) -> Option<&Segment> {
        self.0.back()
    }

    /// How many are remembered.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The newest one that begins at an outgoing number or before it.
    pub fn of_number(&self, number: u64) -> Option<&Segment> {
        let mut newest = self.0.iter().rev();
        newest.find(|segment| segment.out(segment.first_in) <= number)
    }

    /// The one that a late packet of a layer belongs to, and the selection that it goes by.
    pub fn holding(&self, layer: LayerId, packet: &MediaPacket) -> Option<(Segment, Selection)> {
        let holds = |segment: &&Segment| {
            segment.layer == layer && (segment.first_in..=segment.end_in).contains(&packet.seq)
        };
        let segment = *self.0.iter().rev().find(holds)?;
        // What came before it of the same picture may have been the first to go by another selection: then it goes by that too.
        let same_picture = |s: &&Segment| s.layer == layer && s.since == packet.timestamp;
        let later = self.0.iter().rev();
        let later = later
            .take_while(|s| s.first_in > packet.seq)
            .find(same_picture);
        Some((segment, later.unwrap_or(&segment).selection))
    }

    /// Opens another one.
    pub fn push(&mut self, segment: Segment) {
        if self.0.len() == MAX_SEGMENTS {
            self.0.pop_front();
        }
        self.0.push_back(segment);
    }

    /// Goes on with another segment from its first packet on.
    pub fn divide(&mut self, next: Segment) {
        match self.0.back_mut() {
            Some(segment) if segment.first_in == next.first_in => *segment = next,
            Some(segment) => {
                segment.end_in = next.first_in.wrapping_sub(1);
                self.push(next);
            }
            None => self.push(next),
        }
    }

    /// Closes the numbers of the open segment over a packet that does not go out, and moves the picture ids of what follows.
    pub fn skip(&mut self, seq: u64, pictures: PictureIds) {
        let Some(segment) = self.0.back() else {
            return;
        };
        let next = Segment {
            first_in: seq + 1,
            seq_delta: segment.seq_delta.wrapping_sub(1),
            pictures: segment.pictures.moved(pictures),
            ends_picture: false,
            ..*segment
        };
        // What came before the packet that is skipped ends before it.
        if let Some(segment) = self.0.back_mut() {
            segment.end_in = seq.wrapping_sub(1);
            if segment.first_in == seq {
                *segment = next;
                return;
            }
        }
        self.push(next);
    }

    /// The marker stays away with the packet that has it. Where the one before is late, not being among those `given` out, it is the last
    /// of its picture.
    pub fn end_picture(&mut self, seq: u64, given: &SeenWindow<32>) {
        let mut newest = self.0.iter_mut().rev();
        let Some(open) = newest.next() else {
            return;
        };
        let last = open.out(seq).wrapping_sub(1);
        let found = match open.first_in < seq {
            true => Some(open),
            false => newest
                .next()
                .filter(|before| before.out(before.end_in) == last),
        };
        if let Some(segment) = found
            && given.look(last) == Seen::New
        {
            segment.ends_picture = true;
        }
    }

    /// Ends the open run at what was really given out, so that the next one follows without a hole.
    pub fn close(&mut self, highest: u64) {
        while let Some(segment) = self.0.back_mut() {
            if segment.out(segment.first_in) > highest {
                self.0.pop_back();
                continue;
            }
            let end = highest.wrapping_sub(segment.seq_delta);
            // What was to have the marker does not come any more.
            segment.ends_picture &= end >= segment.end_in;
            segment.end_in = segment.end_in.min(end);
            break;
        }
    }
}
