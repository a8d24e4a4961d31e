//! The decode targets that are there for a subscriber (AV1 RTP specification, section A.4): those of which every frame goes to it. Whoever
//! leaves frames out has to tell which are left.

use super::bits::Bits;
use super::structure::Structure;
use crate::media::frame::Selection;

/// First bit after the mandatory fields, and after the flags of the extended ones.
const EXTENDED: usize = 24;
const FLAGGED: usize = 29;
/// Flags of the extended fields, in their byte.
const TELLS_ACTIVE: u8 = 0x40;
const CUSTOM: u8 = 0x38;

/// What is left of a stream for each selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    count: u8,
    /// Those that the publisher makes.
    made: u32,
    whole: [u32; Selection::COUNT],
}

/// A set of decode targets, the lowest bit the first one, out of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Active {
    /// Its members.
    pub mask: u32,
    /// How many targets the stream has.
    pub count: u8,
}

/// Where a descriptor tells the active targets, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivePlace {
    /// Bits in front of it.
    pub at: u16,
    /// Bits that it takes.
    pub count: u8,
}

impl Targets {
    /// `chosen`: the target that stands for each selection.
    pub(super) fn new(structure: &Structure, made: u32, chosen: &[u8; Selection::COUNT]) -> Self {
        Targets {
            count: structure.target_count() as u8,
            made,
            whole: chosen.map(|target| made & structure.within(target)),
        }
    }

    /// The targets that are left for a selection; `None` when all are that the publisher makes.
    pub fn restricted(&self, selection: Selection) -> Option<Active> {
        Some(self.left(selection)).filter(|active| active.mask != self.made)
    }

    /// Whether all that is left for a selection was left `before` too: then nothing of it has been left out.
    pub fn is_left_by(&self, before: &Targets, selection: Selection) -> bool {
        self.left(selection).mask & !before.left(selection).mask == 0
    }

    /// The targets that are left for a selection.
    pub fn left(&self, selection: Selection) -> Active {
        let mask = self.whole.get(selection.index());
        Active {
            mask: mask.copied().unwrap_or(self.made),
            count: self.count,
        }
    }
}

/// Copies a descriptor into `out`, which holds zeros, with another frame number and other active targets, where there are any to tell and
/// room for them. Returns its length.
pub fn rewrite(
    descriptor: &[u8],
    number: u16,
    active: Option<(Active, ActivePlace)>,
    out: &mut [u8; 256],
) -> usize {
    let mut len = descriptor.len().min(out.len());
    if let (Some(to), Some(from)) = (out.get_mut(..len), descriptor.get(..len)) {
        to.copy_from_slice(from);
    }
    if let Some((active, place)) = active.filter(|_| (3..250).contains(&len)) {
        len = tell(descriptor, active, place, out).unwrap_or(len);
    }
    super::set_frame_number(out, number);
    len
}

/// `None` when the descriptor is too short for what was read of it; then nothing has changed.
fn tell(
    descriptor: &[u8],
    active: Active,
    place: ActivePlace,
    out: &mut [u8; 256],
) -> Option<usize> {
    let count = u32::from(active.count);
    let Some(&flags) = descriptor.get(EXTENDED / 8) else {
        out[EXTENDED / 8] = TELLS_ACTIVE;
        return put(out, FLAGGED, count, active.mask);
    };
    let at = usize::from(place.at);
    let told = if flags & TELLS_ACTIVE != 0 { count } else { 0 };
    let mut rest = Bits::new(descriptor);
    rest.skip(at + told as usize)?;
    let mut left = match flags & CUSTOM {
        // Nothing but zeros up to the byte's end.
        0 => 0,
        _ => rest.left(),
    };
    let end = put(out, at, count, active.mask)?;
    out[EXTENDED / 8] |= TELLS_ACTIVE;
    let (mut at, mut len) = (at + count as usize, end);
    while left > 0 {
        let some = left.min(u32::BITS as usize);
        len = put(out, at, some as u32, rest.take(some as u32)?)?;
        (at, left) = (at + some, left - some);
    }
    Some(len)
}

/// Writes a number over so many bits, and zeros over the rest of the last byte. Returns the bytes up to there.
fn put(out: &mut [u8], at: usize, count: u32, value: u32) -> Option<usize> {
    for bit in 0..count as usize {
        let byte = out.get_mut((at + bit) / 8)?;
        let place = 7 - (at + bit) % 8;
        // What comes after it in the byte is written later.
        *byte &= !0 << place << 1;
        *byte |= ((value >> (count as usize - 1 - bit) & 1) as u8) << place;
    }
    Some((at + count as usize).div_ceil(8))
}
