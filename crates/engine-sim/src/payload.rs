//! Payloads as they travel: the counters that the engine rewrites for each subscriber, and a fingerprint of all the rest, which it must
//! not touch.
//!
//! Everything that frame encryption covers is random here, in every simulated call: nothing that the engine does can depend on it. What
//! stays clear is what LiveKit's frame encryption leaves clear (docs/simulation.md).

use crate::random::Random;
use engine::media::Codec;
use engine::media::codec::red;

/// Payload type of Opus at all clients.
pub const OPUS: u8 = 111;

/// A key frame's first bytes of VP8, which stay clear: frame tag, start code, size.
const VP8_KEY: [u8; 10] = [0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00];
/// Another frame's.
const VP8_DELTA: [u8; 3] = [0x31, 0x01, 0x00];

/// The counters of a payload descriptor. VP9 has no key index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pictures {
    pub picture: u16,
    pub base_layer: u8,
    pub key: Option<u8>,
}

/// What a payload comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The same for the same bytes, whatever the counters are.
    pub fingerprint: u64,
    pub pictures: Option<Pictures>,
}

/// Reads a payload in the forms that feeds make.
pub fn read(codec: Codec, payload: &[u8]) -> Reading {
    match (codec, payload) {
        (Codec::Vp8, [first, 0xf0, high, low, base_layer, indices, rest @ ..]) => Reading {
            fingerprint: fingerprint(&[*first, *indices & 0xe0], rest),
            pictures: Some(Pictures {
                picture: u16::from_be_bytes([*high & 0x7f, *low]),
                base_layer: *base_layer,
                key: Some(*indices & 0x1f),
            }),
        },
        (Codec::Vp9, [first, high, low, indices, base_layer, rest @ ..])
            if first & 0xb0 == 0xa0 =>
        {
            Reading {
                fingerprint: fingerprint(&[*first, *indices], rest),
                pictures: Some(Pictures {
                    picture: u16::from_be_bytes([*high & 0x7f, *low]),
                    base_layer: *base_layer,
                    key: None,
                }),
            }
        }
        _ => Reading {
            fingerprint: fingerprint(&[], payload),
            pictures: None,
        },
    }
}

/// The fingerprints of the frames in a RED payload, the newest one last. None where it is malformed or its types are not `opus`.
pub fn read_red(payload: &[u8], opus: u8) -> Option<Vec<u64>> {
    let blocks = red::blocks(payload)?;
    let all = blocks.iter().all(|block| block.payload_type == opus);
    let frames = blocks.iter().map(|block| fingerprint(&[], block.data));
    all.then(|| frames.collect())
}

/// Of bytes in two pieces. Fast rather than strong: payloads are random or differ in their first bytes.
fn fingerprint(head: &[u8], body: &[u8]) -> u64 {
    let mix = |hash: u64, word: u64| {
        let mixed = (hash ^ word).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        mixed ^ mixed >> 32
    };
    let byte = |hash, byte: &u8| mix(hash, u64::from(*byte));
    let hash = 0x9E37_79B9_7F4A_7C15 ^ body.len() as u64;
    let hash = head.iter().fold(hash, byte);
    let (words, tail) = body.as_chunks();
    let (rows, rest) = words.as_chunks();
    // Four at once: none waits for the one before it.
    let mut lanes = [1, 2, 3, 4];
    for row in rows {
        for (lane, word) in lanes.iter_mut().zip::<&[[u8; 8]; 4]>(row) {
            *lane = mix(*lane, u64::from_le_bytes(*word));
        }
    }
    let hash = lanes.into_iter().fold(hash, mix);
    let words = rest.iter().map(|word| u64::from_le_bytes(*word));
    tail.iter().fold(words.fold(hash, mix), byte)
}

/// Bytes that look like what frame encryption makes of a frame.
fn encrypted(out: &mut Vec<u8>, length: usize, random: &mut Random) {
    let at = out.len();
    out.resize(at + length, 0);
    random.fill(&mut out[at..]);
}

pub fn opus(length: usize, random: &mut Random) -> Vec<u8> {
    let mut payload = Vec::with_capacity(length);
    encrypted(&mut payload, length, random);
    payload
}

/// RED (RFC 2198) of a frame and the one before it.
pub fn redundant(opus: u8, step: u32, before: Option<&[u8]>, frame: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(5 + frame.len() * 2);
    if let Some(before) = before {
        let word = step << 10 | before.len() as u32;
        let [_, high, middle, low] = word.to_be_bytes();
        payload.extend([0x80 | opus, high, middle, low]);
    }
    payload.push(opus);
    payload.extend(before.unwrap_or_default());
    payload.extend(frame);
    payload
}

pub struct Vp8 {
    pub pictures: Pictures,
    pub temporal: u8,
    /// The frame needs the lowest layer only.
    pub sync: bool,
    pub begins: bool,
    pub key: bool,
}

/// RFC 7741 with picture id, TL0PICIDX, TID and KEYIDX.
pub fn vp8(head: &Vp8, length: usize, random: &mut Random) -> Vec<u8> {
    let [high, low] = head.pictures.picture.to_be_bytes();
    let start = if head.begins { 0x10 } else { 0 };
    let key = head.pictures.key.unwrap_or_default();
    let indices = head.temporal << 6 | u8::from(head.sync) << 5 | key;
    let mut payload = Vec::with_capacity(length);
    payload.extend([
        0x80 | start,
        0xf0,
        0x80 | high,
        low,
        head.pictures.base_layer,
        indices,
    ]);
    match (head.begins, head.key) {
        (true, true) => payload.extend(VP8_KEY),
        (true, false) => payload.extend(VP8_DELTA),
        _ => {}
    }
    let rest = length.saturating_sub(payload.len());
    encrypted(&mut payload, rest, random);
    payload
}

pub struct Vp9 {
    pub pictures: Pictures,
    pub spatial: u8,
    pub temporal: u8,
    pub predicted: bool,
    pub inter_layer: bool,
    pub switching_up: bool,
    /// No frame of a higher spatial layer needs it.
    pub top_only: bool,
    pub begins: bool,
    pub ends: bool,
    /// Spatial layers that are made, where that is to be told.
    pub told: Option<u8>,
}

/// RFC 9628, not flexible.
pub fn vp9(head: &Vp9, length: usize, random: &mut Random) -> Vec<u8> {
    let [high, low] = head.pictures.picture.to_be_bytes();
    let first = 0xa0
        | u8::from(head.predicted) << 6
        | u8::from(head.begins) << 3
        | u8::from(head.ends) << 2
        | u8::from(head.told.is_some()) << 1
        | u8::from(head.top_only);
    let indices = head.temporal << 5
        | u8::from(head.switching_up) << 4
        | head.spatial << 1
        | u8::from(head.inter_layer);
    let mut payload = Vec::with_capacity(length);
    payload.extend([first, 0x80 | high, low, indices, head.pictures.base_layer]);
    // Neither sizes nor a group of pictures.
    payload.extend(head.told.map(|count| (count - 1) << 5));
    let rest = length.saturating_sub(payload.len());
    encrypted(&mut payload, rest, random);
    payload
}

/// One OBU element or a piece of one. `begins_sequence`: the N bit.
pub fn av1(begins_sequence: bool, begins: bool, length: usize, random: &mut Random) -> Vec<u8> {
    let continues = if begins { 0 } else { 0x80 };
    let mut payload = vec![0x10 | continues | u8::from(begins_sequence) << 3];
    encrypted(&mut payload, length.saturating_sub(1), random);
    payload
}

/// RFC 6184: parameter sets in an aggregate, then a frame in fragments. The headers of its units stay clear.
pub fn h264(key: bool, part: u8, parts: u8, length: usize, random: &mut Random) -> Vec<u8> {
    if key && part == 0 {
        let sets = [&[0x18, 0, 4, 0x67, 0x42, 0xe0, 0x1f][..], &[0, 4, 0x68]];
        let mut payload = sets.concat();
        encrypted(&mut payload, 3, random);
        return payload;
    }
    let unit = if key { 5 } else { 1 };
    let first = u8::from(part == u8::from(key)) << 7;
    let last = u8::from(part + 1 == parts) << 6;
    let mut payload = vec![0x7c, first | last | unit];
    encrypted(&mut payload, length.saturating_sub(2), random);
    payload
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_change_no_fingerprint_and_everything_else_does() {
        let mut random = Random::new(1);
        let head = Vp8 {
            pictures: Pictures {
                picture: 5,
                base_layer: 6,
                key: Some(7),
            },
            temporal: 1,
            sync: true,
            begins: true,
            key: true,
        };
        let payload = vp8(&head, 60, &mut random);
        let before = read(Codec::Vp8, &payload);
        for at in 0..payload.len() {
            for bit in 0..8 {
                let mut other = payload.clone();
                other[at] ^= 1 << bit;
                let after = read(Codec::Vp8, &other);
                let counter = matches!((at, bit), (2, ..7) | (3..=4, _) | (5, ..5));
                assert_eq!(
                    after.fingerprint == before.fingerprint,
                    counter || (at, bit) == (2, 7),
                    "{at} {bit}"
                );
            }
        }
    }

    #[test]
    fn red_holds_two_frames() {
        let frames = [vec![1; 80], vec![2; 80]];
        let whole = redundant(111, 960, Some(&frames[0]), &frames[1]);
        let read: Vec<u64> = frames.iter().map(|frame| fingerprint(&[], frame)).collect();
        assert_eq!(read_red(&whole, 111), Some(read));
        assert_eq!(read_red(&whole, 96), None);
    }
}
