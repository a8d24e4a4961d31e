//! Writes dependency descriptors (AV1 RTP specification, appendix A) of streams with three spatial and three temporal layers.

use super::layered::SPATIAL;

const TEMPORAL: u8 = 3;
const TARGETS: u8 = SPATIAL * TEMPORAL;
/// Decode target indications.
const DISCARDABLE: u32 = 1;
const SWITCH: u32 = 2;
const REQUIRED: u32 = 3;

/// Key picture or not, spatial and temporal layer.
type FrameKind = (bool, u8, u8);

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
    pub kind: FrameKind,
    pub needs: &'a [u32],
    /// First and last packet of it.
    pub edges: (bool, bool),
    /// How many spatial layers are made, where that is to be told.
    pub shown: Option<u8>,
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
fn kinds() -> impl Iterator<Item = FrameKind> {
    (0..SPATIAL).flat_map(|spatial| {
        let key = std::iter::once((true, spatial, 0));
        key.chain((0..TEMPORAL).map(move |temporal| (false, spatial, temporal)))
    })
}

impl Structure {
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
    fn indications(&self, (key, spatial, temporal): FrameKind) -> impl Iterator<Item = u32> {
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
    fn distances(&self, (key, spatial, temporal): FrameKind) -> Vec<u32> {
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
        let kinds: Vec<FrameKind> = kinds().collect();
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
