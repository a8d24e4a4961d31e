//! Pictures with three spatial and three temporal layers in one stream: VP9 and AV1.

use super::descriptor::{Frame, SPATIAL, Structure};
use super::{Feed, Kind, Packet};
use crate::payload::{self, Vp9};
use crate::random::Random;
use engine::media::Codec;

/// What a feed remembers of its layers.
#[derive(Debug)]
pub(super) struct Layered {
    /// Spatial layers that are made.
    shown: u8,
    /// The number has changed, which the next descriptors tell.
    tell: bool,
    /// Newest frame of each spatial layer in the two lower temporal layers.
    bases: [[u32; SPATIAL as usize]; 2],
    structure: Structure,
}

impl Layered {
    pub fn new(kind: Kind, random: &mut Random) -> Layered {
        let offset = random.below(64) as u8;
        Layered {
            shown: SPATIAL,
            tell: false,
            bases: [[0; SPATIAL as usize]; 2],
            structure: Structure {
                offset,
                zero: random.number() as u16,
                // Of the payload descriptor alone both are known.
                key_only: Structure::of(kind).key_only || kind == Kind::Vp9 && offset % 2 == 1,
            },
        }
    }

    /// Whether it takes a key frame to show so many.
    pub fn show(&mut self, count: u8) -> bool {
        let count = count.clamp(1, SPATIAL);
        let more = count > self.shown;
        self.tell |= count != self.shown;
        self.shown = count;
        more
    }
}

impl Feed {
    pub(super) fn layered_picture(&mut self) -> Vec<Packet> {
        let (key, temporal) = self.begin_picture();
        let base = self.base_of(temporal);
        let tells = std::mem::take(&mut self.layered.tell) && !key;
        let mut packets = Vec::new();
        for spatial in 0..self.layered.shown {
            let inter = spatial > 0 && (key || !self.layered.structure.key_only);
            let mut needs = Vec::new();
            if !key {
                needs.push(self.layered.bases[base][usize::from(spatial)]);
            }
            if inter {
                needs.push(self.frame - 1);
            }
            self.layered_frame(&mut packets, (key, spatial, temporal), &needs, tells);
            if let Some(bases) = self.layered.bases.get_mut(usize::from(temporal)) {
                bases[usize::from(spatial)] = self.frame;
            }
            self.frame += 1;
        }
        if let Some(last) = packets.last_mut() {
            last.marker = true;
        }
        packets
    }

    fn layered_frame(
        &mut self,
        packets: &mut Vec<Packet>,
        (key, spatial, temporal): (bool, u8, u8),
        needs: &[u32],
        tells: bool,
    ) {
        let parts = (1 + u8::from(spatial == 2)) * (1 + u8::from(key));
        let size = 120 + 150 * usize::from(spatial);
        let own = [0, 1].map(|at| needs.get(at).copied().unwrap_or(self.frame));
        for part in 0..parts {
            let (begins, ends) = (part == 0, part + 1 == parts);
            let descriptor = (self.plan.kind != Kind::Vp9).then(|| {
                let frame = Frame {
                    number: self.frame,
                    kind: (key, spatial, temporal),
                    needs,
                    edges: (begins, ends),
                    shown: (key || tells).then_some(self.layered.shown),
                };
                self.layered.structure.write(&frame)
            });
            let payload = match self.plan.kind.codec() {
                Codec::Av1 => {
                    let sequence = key && spatial == 0 && begins;
                    payload::av1(sequence, begins, size, &mut self.random)
                }
                _ => {
                    let head = Vp9 {
                        pictures: self.ids,
                        spatial,
                        temporal,
                        predicted: !key,
                        inter_layer: spatial > 0 && needs.len() + usize::from(key) == 2,
                        switching_up: temporal < 2,
                        top_only: spatial + 1 == self.layered.shown
                            || self.layered.structure.key_only && !key,
                        begins,
                        ends,
                        told: (begins && spatial == 0 && (key || tells))
                            .then_some(self.layered.shown),
                    };
                    payload::vp9(&head, size, &mut self.random)
                }
            };
            packets.push(Packet {
                tag: self.tag(part, (spatial, temporal), key, own),
                timestamp: self.timestamp(),
                marker: false,
                payload,
                descriptor,
            });
        }
    }
}
