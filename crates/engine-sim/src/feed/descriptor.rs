//! Dependency descriptors (AV1 RTP specification, appendix A) of streams with three spatial and three temporal layers.

use super::Kind;
use crate::tag::FramePlace;

pub const SPATIAL: u8 = 3;
const TEMPORAL: u8 = 3;
const TARGETS: u8 = SPATIAL * TEMPORAL;
/// Decode target indications.
const DISCARDABLE: u32 = 1;
const SWITCH: u32 = 2;
const REQUIRED: u32 = 3;

/// What is the same for a whole stream.
#[derive(Debug)]
pub(super) struct Structure {
    /// Spatial layers need each other in key pictures only.
    pub key_only: bool,
    /// Number of the first template.
    pub offset: u8,
    /// Number of frame 0.
    pub zero: u16,
}

pub(super) struct Frame<'a> {
    pub number: u32,
    pub kind: FramePlace,
    pub needs: &'a [u32],
    /// First and last packet of it.
    pub edges: (bool, bool),
    /// How many spatial layers are made, where that is to be told.
    pub shown: Option<u8>,
}

/// A descriptor, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Parts {
    /// First byte, the flags without that of the active decode targets, and the structure.
    pub head: Vec<bool>,
    /// The active decode targets, where it tells them; with a structure all, if nothing else is said.
    pub active: Option<u32>,
    /// What comes after that, without the zeros at the end.
    pub rest: Vec<bool>,
}

impl Parts {
    /// Takes apart what a stream of this kind has sent. None when it is too short.
    pub fn of(kind: Kind, bytes: &[u8]) -> Option<Parts> {
        let all: Vec<bool> = bytes
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 != 0))
            .collect();
        let mut head = all.get(..8)?.to_vec();
        let Some(flags) = all.get(24..29) else {
            return Some(Parts {
                head: [head, vec![false; 5]].concat(),
                active: None,
                rest: Vec::new(),
            });
        };
        let (brings, tells) = (flags[0], flags[1]);
        head.extend([brings, false, flags[2], flags[3], flags[4]]);
        let mut at = 29;
        if brings {
            let structure = at..at + structure_bits(kind);
            at = structure.end;
            head.extend(all.get(structure)?);
        }
        let mut active = brings.then_some((1 << TARGETS) - 1);
        if tells {
            let mask = all.get(at..at + usize::from(TARGETS))?;
            at += mask.len();
            active = Some(mask.iter().fold(0, |mask, bit| mask << 1 | u32::from(*bit)));
        }
        let mut rest = all.get(at..)?.to_vec();
        rest.truncate(rest.iter().rposition(|bit| *bit).map_or(0, |last| last + 1));
        Some(Parts { head, active, rest })
    }
}

fn structure_bits(kind: Kind) -> usize {
    let mut bits = Bits::default();
    Structure::of(kind).bring(&mut bits);
    bits.used as usize
}

/// The decode targets that need a frame, as bits.
pub fn targets_of(kind: Kind, place: FramePlace) -> u32 {
    targets_with(kind, place, |indication| indication > 0)
}

/// The decode targets that can begin with a frame.
pub fn opened_by(kind: Kind, place: FramePlace) -> u32 {
    targets_with(kind, place, |indication| indication == SWITCH)
}

fn targets_with(kind: Kind, place: FramePlace, such: impl Fn(u32) -> bool) -> u32 {
    let indications = Structure::of(kind).indications(place);
    let found = indications.zip(0..).filter(|(own, _)| such(*own));
    found.fold(0, |mask, (_, target)| mask | 1 << target)
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn put(&mut self, count: u32, value: u32) {
        for bit in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let byte = self.bytes.last_mut().expect("just made");
            *byte |= ((value >> bit & 1) as u8) << (7 - self.used % 8);
            self.used += 1;
        }
    }

    /// The non-symmetric form of a number below `limit`.
    fn put_below(&mut self, limit: u32, value: u32) {
        let width = limit.ilog2() + 1;
        let short = (1 << width) - limit;
        match value < short {
            true => self.put(width - 1, value),
            false => self.put(width, value + short),
        }
    }
}

/// Key frame and others of each spatial layer, in the order of templates.
fn kinds() -> impl Iterator<Item = FramePlace> {
    (0..SPATIAL).flat_map(|spatial| {
        let key = std::iter::once((true, spatial, 0));
        key.chain((0..TEMPORAL).map(move |temporal| (false, spatial, temporal)))
    })
}

impl Structure {
    pub fn of(kind: Kind) -> Structure {
        Structure {
            key_only: kind == Kind::Vp9Described,
            offset: 0,
            zero: 0,
        }
    }

    pub fn write(&self, frame: &Frame) -> Vec<u8> {
        let mut bits = Bits::default();
        let (key, spatial, _) = frame.kind;
        let template = kinds()
            .position(|kind| kind == frame.kind)
            .unwrap_or_default();
        let distances: Vec<u32> = frame.needs.iter().map(|need| frame.number - need).collect();
        let brings = key && spatial == 0 && frame.edges.0;
        let custom = distances != self.distances(frame.kind);
        bits.put(1, u32::from(frame.edges.0));
        bits.put(1, u32::from(frame.edges.1));
        bits.put(6, (u32::from(self.offset) + template as u32) % 64);
        bits.put(16, u32::from(self.zero.wrapping_add(frame.number as u16)));
        let shown = frame
            .shown
            .filter(|shown| brings && *shown < SPATIAL || !key);
        if brings || custom || shown.is_some() {
            let flags = [brings, shown.is_some(), false, custom, false];
            flags.iter().for_each(|flag| bits.put(1, u32::from(*flag)));
            if brings {
                self.bring(&mut bits);
            }
            if let Some(shown) = shown {
                // The lowest target is the lowest bit.
                bits.put(TARGETS.into(), (1 << (shown * TEMPORAL)) - 1);
            }
            if custom {
                for distance in distances {
                    bits.put(2, 2);
                    bits.put(8, distance - 1);
                }
                bits.put(2, 0);
            }
        }
        bits.bytes
    }

    /// How a frame stands to the decode targets: those of the lowest spatial layer first.
    fn indications(
        &self,
        (key, spatial, temporal): FramePlace,
    ) -> impl Iterator<Item = u32> + use<> {
        let key_only = self.key_only;
        let targets = (0..SPATIAL).flat_map(|s| (0..TEMPORAL).map(move |t| (s, t)));
        targets.map(move |(s, t)| match () {
            () if s < spatial || t < temporal => 0,
            () if s > spatial && key_only && !key => 0,
            () if key || s == spatial && temporal + 1 < TEMPORAL => SWITCH,
            () if s == spatial => DISCARDABLE,
            () => REQUIRED,
        })
    }

    /// Distances in a stream in which no layer was ever left out.
    fn distances(&self, (key, spatial, temporal): FramePlace) -> Vec<u32> {
        let back = 4 >> temporal;
        let mut distances = Vec::new();
        if !key {
            distances.push(back * u32::from(SPATIAL));
        }
        if spatial > 0 && (key || !self.key_only) {
            distances.push(1);
        }
        distances
    }

    fn bring(&self, bits: &mut Bits) {
        bits.put(6, self.offset.into());
        bits.put(5, u32::from(TARGETS) - 1);
        let kinds: Vec<FramePlace> = kinds().collect();
        for pair in kinds.windows(2) {
            let step = match (pair[1].1 > pair[0].1, pair[1].2 > pair[0].2) {
                (true, _) => 2,
                (false, true) => 1,
                _ => 0,
            };
            bits.put(2, step);
        }
        bits.put(2, 3);
        for kind in &kinds {
            self.indications(*kind)
                .for_each(|indication| bits.put(2, indication));
        }
        for kind in &kinds {
            for distance in self.distances(*kind) {
                bits.put(1, 1);
                bits.put(4, distance - 1);
            }
            bits.put(1, 0);
        }
        // One chain for each spatial layer.
        bits.put_below(u32::from(TARGETS) + 1, SPATIAL.into());
        for target in 0..TARGETS {
            bits.put_below(SPATIAL.into(), (target / TEMPORAL).into());
        }
        for _ in 0..kinds.len() * usize::from(SPATIAL) {
            bits.put(4, 0);
        }
        bits.put(1, 0);
    }
}
