//! Pictures of one layer in space: VP8 with three temporal layers, H264 with one.

use super::{Feed, Packet};
use crate::payload::{self, Vp8};
use engine::media::Codec;

/// Temporal layers of the frames after a key frame.
pub(super) const PATTERN: [u8; 4] = [0, 2, 1, 2];

impl Feed {
    /// Begins a picture: whether it is a key picture, and its temporal layer.
    pub(super) fn begin_picture(&mut self) -> (bool, u8) {
        let key = std::mem::take(&mut self.key_wanted);
        if key {
            self.since_key = 0;
            self.ids.key = self.ids.key.map(|index| (index + 1) & 0x1f);
        }
        let temporal = PATTERN[self.since_key as usize % PATTERN.len()];
        self.since_key += 1;
        self.ids.picture = (self.ids.picture + 1) & 0x7fff;
        self.ids.base_layer = self.ids.base_layer.wrapping_add(u8::from(temporal == 0));
        (key, temporal)
    }

    /// The picture that the one of this temporal layer needs, as a place among `bases`: the second half of the pattern needs its middle.
    pub(super) fn base_of(&self, temporal: u8) -> usize {
        usize::from(temporal == 2 && (self.since_key as usize).is_multiple_of(PATTERN.len()))
    }

    pub(super) fn vp8_picture(&mut self) -> Vec<Packet> {
        let (key, temporal) = self.begin_picture();
        let needs = match key {
            true => self.frame,
            false => self.bases[self.base_of(temporal)],
        };
        // A key frame is longer than others, and a higher layer than a lower one.
        let parts = (self.layer + 1) * if key { 3 } else { 1 };
        let size = 150 + 200 * usize::from(self.layer);
        let packets = (0..parts).map(|part| {
            let head = Vp8 {
                pictures: self.ids,
                temporal,
                sync: temporal > 0 && self.base_of(temporal) == 0,
                begins: part == 0,
                key,
            };
            Packet {
                tag: self.tag(part, (0, temporal), key, [needs; 2]),
                timestamp: self.timestamp(),
                marker: part + 1 == parts,
                payload: payload::vp8(&head, size, &mut self.random),
                descriptor: None,
            }
        });
        let packets = packets.collect();
        if let Some(base) = self.bases.get_mut(usize::from(temporal)) {
            *base = self.frame;
        }
        self.frame += 1;
        packets
    }

    pub(super) fn h264_picture(&mut self) -> Vec<Packet> {
        debug_assert_eq!(self.plan.kind.codec(), Codec::H264);
        let key = std::mem::take(&mut self.key_wanted);
        let needs = if key { self.frame } else { self.frame - 1 };
        let parts = if key { 4 } else { 2 };
        let packets = (0..parts).map(|part| Packet {
            tag: self.tag(part, (0, 0), key, [needs; 2]),
            timestamp: self.timestamp(),
            marker: part + 1 == parts,
            payload: payload::h264(key, part, parts, 300, &mut self.random),
            descriptor: None,
        });
        let packets = packets.collect();
        self.frame += 1;
        packets
    }
}
