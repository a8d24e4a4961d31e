//! Changes to inputs, by a seed: bits, bytes, numbers at their edges, cuts, copies, and parts of other inputs.

use engine_sim::random::Random;

const LONGEST: usize = 8_192;
const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, 0xfe, 0x10, 0x40];

pub fn mutate(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = match corpus {
        [] => Vec::new(),
        _ => random.pick(corpus).clone(),
    };
    for _ in 0..=random.below(6) {
        change(random, &mut bytes, corpus);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, corpus: &[Vec<u8>]) {
    if bytes.is_empty() || random.chance(0.02) {
        let length = random.below(100) as usize;
        *bytes = random.bytes(length);
        return;
    }
    let at = random.below(bytes.len() as u64) as usize;
    let length = 1 + random.below(16.min(bytes.len() as u64)) as usize;
    let end = (at + length).min(bytes.len());
    match random.below(9) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.number() as u8,
        2 => bytes[at] = *random.pick(&EDGES),
        3 => {
            bytes[at] = bytes[at]
                .wrapping_add(1)
                .wrapping_sub(2 * random.below(2) as u8)
        }
        4 => bytes.truncate(at),
        5 => drop(bytes.drain(at..end)),
        6 => {
            let fresh = random.bytes(length);
            bytes.splice(at..at, fresh);
        }
        7 => {
            let copy = bytes[at..end].to_vec();
            let to = random.below(bytes.len() as u64) as usize;
            bytes.splice(to..to, copy);
        }
        _ => {
            // The rest of another input from some place on.
            let other = random.pick(corpus);
            let from = random.below(other.len() as u64 + 1) as usize;
            bytes.truncate(at);
            bytes.extend(other.get(from..).unwrap_or_default());
        }
    }
}
