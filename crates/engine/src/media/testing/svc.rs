//! A model of an encoder with layers: pictures with known references, in the wire forms of VP8, VP9 and the dependency descriptor.

use super::Random;
use crate::media::codec::picture::PictureIds;
use crate::media::{Codec, MediaPacket};
use std::time::Instant;

/// Bits into bytes, the highest first.
#[derive(Default)]
pub struct BitWriter {
    bits: Vec<bool>,
}

impl BitWriter {
    pub fn put(&mut self, count: u32, value: u32) {
        self.bits
            .extend((0..count).rev().map(|bit| value >> bit & 1 != 0));
    }

    /// The non-symmetric form of a number below `limit`.
    pub fn put_below(&mut self, limit: u32, value: u32) {
        let width = limit.ilog2() + 1;
        let short = (1 << width) - limit;
        match value < short {
            true => self.put(width - 1, value),
            false => self.put(width, value + short),
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let bytes = self.bits.chunks(8);
        let byte = |bits: &[bool]| {
            (0..8).fold(0, |byte, at| {
                byte << 1 | u8::from(bits.get(at) == Some(&true))
            })
        };
        bytes.map(byte).collect()
    }
}

/// Layers of a stream.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub spatial: u8,
    pub temporal: u8,
    /// Spatial layers refer to each other in key pictures only.
    pub key_only: bool,
}

/// A packet and what is true of it.
#[derive(Debug, Clone)]
pub struct Made {
    pub packet: MediaPacket,
    /// Counts frames.
    pub frame: u64,
    pub references: Vec<u64>,
    pub spatial: u8,
    pub temporal: u8,
    /// Counts pictures.
    pub picture: u64,
    pub key: bool,
}

pub struct Encoder {
    pub codec: Codec,
    pub shape: Shape,
    pub seq: u64,
    pub timestamp: u32,
    pub ids: PictureIds,
    /// Frame number of the frame that is counted as 0.
    zero: u16,
    offset: u8,
    frame: u64,
    picture: u64,
    since_key: u64,
}

const DISCARDABLE: u32 = 1;
const SWITCH: u32 = 2;
const REQUIRED: u32 = 3;

impl Encoder {
    /// The codec `Av1` has dependency descriptors, the others their own.
    pub fn new(random: &mut Random, codec: Codec, shape: Shape) -> Encoder {
        Encoder {
            codec,
            shape,
            seq: 1_000 + random.below(70_000),
            timestamp: random.next() as u32,
            ids: PictureIds {
                picture: Some(random.below(1 << 15) as u16),
                base_layer: Some(random.below(256) as u8),
                key: Some(random.below(32) as u8),
            },
            zero: random.next() as u16,
            offset: random.below(64) as u8,
            frame: 0,
            picture: 0,
            since_key: 0,
        }
    }

    /// Temporal layer, and pictures back to the one that is referred to.
    fn place(&self) -> (u8, u64) {
        let pattern: &[(u8, u64)] = match self.shape.temporal {
            1 => &[(0, 1)],
            2 => &[(0, 2), (1, 1)],
            _ => &[(0, 4), (2, 1), (1, 2), (2, 1)],
        };
        pattern[(self.since_key % pattern.len() as u64) as usize]
    }

    pub fn picture(&mut self, random: &mut Random, key: bool, now: Instant) -> Vec<Made> {
        let key = key || self.picture == 0;
        self.since_key = if key { 0 } else { self.since_key + 1 };
        let (temporal, back) = self.place();
        self.timestamp = self.timestamp.wrapping_add(2_970);
        self.ids = self.ids.plus(PictureIds {
            picture: Some(1),
            base_layer: Some(u8::from(temporal == 0)),
            key: Some(u8::from(key)),
        });
        let mut made = vec![];
        let spatials = u64::from(self.shape.spatial);
        for spatial in 0..self.shape.spatial {
            let inter = spatial > 0 && (key || !self.shape.key_only);
            let mut distances = vec![];
            if !key {
                distances.push(back * spatials);
            }
            if inter {
                distances.push(1);
            }
            let count = 1 + random.below(3);
            for at in 0..count {
                let edges = (at == 0, at + 1 == count);
                let last = edges.1 && spatial + 1 == self.shape.spatial;
                let payload = self.payload(key, spatial, temporal, inter, edges);
                let mut packet = MediaPacket::new(
                    self.codec,
                    self.seq,
                    self.timestamp,
                    last,
                    payload.into(),
                    now,
                );
                if self.codec == Codec::Av1 {
                    let kind = (key, spatial, temporal);
                    let bytes = self.descriptor(random, kind, &distances, edges);
                    packet.dependency_descriptor = Some(bytes.into());
                }
                self.seq += 1;
                made.push(Made {
                    packet,
                    frame: self.frame,
                    references: distances.iter().map(|back| self.frame - back).collect(),
                    spatial,
                    temporal,
                    picture: self.picture,
                    key,
                });
            }
            self.frame += 1;
        }
        self.picture += 1;
        made
    }

    fn payload(
        &self,
        key: bool,
        spatial: u8,
        temporal: u8,
        inter: bool,
        (begins, ends): (bool, bool),
    ) -> Vec<u8> {
        let ids = self.ids;
        let [high, low] = ids.picture.unwrap().to_be_bytes();
        let base = ids.base_layer.unwrap();
        match self.codec {
            Codec::Vp8 => {
                // The first picture of the second temporal layer and the first of the third after the lowest one need only that.
                let sync = temporal > 0 && (temporal < 2 || self.since_key % 4 == 1);
                let last = temporal << 6 | u8::from(sync) << 5 | ids.key.unwrap();
                let first = 0x80 | u8::from(begins) << 4;
                vec![first, 0xF0, 0x80 | high, low, base, last, u8::from(!key), 9]
            }
            Codec::Vp9 => {
                let first =
                    0xA0 | u8::from(!key) << 6 | u8::from(begins) << 3 | u8::from(ends) << 2;
                let up = temporal + 1 < self.shape.temporal;
                let indices = temporal << 5 | u8::from(up) << 4 | spatial << 1 | u8::from(inter);
                vec![first, 0x80 | high, low, indices, base, 9]
            }
            _ => vec![0, 9, 9],
        }
    }

    /// How a frame stands to the decode targets: spatial layers, and in them temporal ones.
    fn indications(&self, (key, spatial, temporal): (bool, u8, u8)) -> Vec<u32> {
        let Shape {
            spatial: spatials,
            temporal: temporals,
            key_only,
        } = self.shape;
        let targets = (0..spatials).flat_map(|s| (0..temporals).map(move |t| (s, t)));
        let stands = |(s, t): (u8, u8)| match () {
            () if s < spatial || t < temporal => 0,
            () if s > spatial && key_only && !key => 0,
            () if key || s == spatial && temporal + 1 < temporals.max(2) => SWITCH,
            () if s == spatial => DISCARDABLE,
            () => REQUIRED,
        };
        targets.map(stands).collect()
    }

    /// Key frame and others of each layer, in the order of templates.
    fn kinds(&self) -> Vec<(bool, u8, u8)> {
        let spatials = 0..self.shape.spatial;
        let kinds = spatials.flat_map(|spatial| {
            let key = std::iter::once((true, spatial, 0));
            key.chain((0..self.shape.temporal).map(move |temporal| (false, spatial, temporal)))
        });
        kinds.collect()
    }

    fn template_distances(&self, (key, spatial, temporal): (bool, u8, u8)) -> Vec<u32> {
        let back = match (self.shape.temporal, temporal) {
            (1, _) => 1,
            (2, t) => 2 - u32::from(t),
            (_, t) => 4 >> t,
        };
        let mut distances = vec![];
        if !key {
            distances.push(back * u32::from(self.shape.spatial));
        }
        if spatial > 0 && (key || !self.shape.key_only) {
            distances.push(1);
        }
        distances
    }

    fn descriptor(
        &self,
        random: &mut Random,
        kind: (bool, u8, u8),
        distances: &[u64],
        (begins, ends): (bool, bool),
    ) -> Vec<u8> {
        let mut bits = BitWriter::default();
        let kinds = self.kinds();
        let index = kinds.iter().position(|known| *known == kind).unwrap() as u8;
        let brings = kind.0 && kind.1 == 0 && begins;
        let custom = [random.one_in(4), random.one_in(4), random.one_in(4)];
        bits.put(1, u32::from(begins));
        bits.put(1, u32::from(ends));
        bits.put(6, u32::from((self.offset + index) % 64));
        bits.put(16, u32::from(self.zero.wrapping_add(self.frame as u16)));
        if brings || custom.contains(&true) {
            let active = random.one_in(4);
            bits.put(1, u32::from(brings));
            bits.put(1, u32::from(active));
            custom.iter().for_each(|flag| bits.put(1, u32::from(*flag)));
            let targets = u32::from(self.shape.spatial * self.shape.temporal);
            let chains = u32::from(self.shape.spatial);
            if brings {
                self.structure(&mut bits, &kinds, targets, chains);
            }
            if active {
                bits.put(targets, u32::MAX);
            }
            if custom[0] {
                self.indications(kind).iter().for_each(|i| bits.put(2, *i));
            }
            if custom[1] {
                for distance in distances {
                    let size = 1 + random.below(3) as u32;
                    bits.put(2, size);
                    bits.put(4 * size, *distance as u32 - 1);
                }
                bits.put(2, 0);
            }
            if custom[2] {
                (0..chains).for_each(|_| bits.put(8, 77));
            }
        }
        bits.bytes()
    }

    fn structure(&self, bits: &mut BitWriter, kinds: &[(bool, u8, u8)], targets: u32, chains: u32) {
        bits.put(6, u32::from(self.offset));
        bits.put(5, targets - 1);
        for pair in kinds.windows(2) {
            let step = match (pair[1].1 > pair[0].1, pair[1].2 > pair[0].2) {
                (true, _) => 2,
                (false, true) => 1,
                _ => 0,
            };
            bits.put(2, step);
        }
        bits.put(2, 3);
        for kind in kinds {
            self.indications(*kind).iter().for_each(|i| bits.put(2, *i));
        }
        for kind in kinds {
            for distance in self.template_distances(*kind) {
                bits.put(1, 1);
                bits.put(4, distance - 1);
            }
            bits.put(1, 0);
        }
        bits.put_below(targets + 1, chains);
        for target in 0..targets {
            bits.put_below(chains, target % chains);
        }
        for _ in 0..kinds.len() as u32 * chains {
            bits.put(4, 5);
        }
        bits.put(1, 1);
        for spatial in 0..u32::from(self.shape.spatial) {
            bits.put(16, (320 << spatial) - 1);
            bits.put(16, (180 << spatial) - 1);
        }
    }
}
