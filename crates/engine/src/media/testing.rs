//! Seeded randomness for property tests: the same seed is the same run.

pub mod svc;

/// A small xorshift generator.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number in `0..limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| (self.next() >> 32) as u8).collect()
    }

    /// The sample with a few bytes flipped, cut, doubled or replaced by noise; sometimes noise alone.
    pub fn mutate(&mut self, sample: &[u8]) -> Vec<u8> {
        if self.one_in(20) {
            let length = self.below(80) as usize;
            return self.bytes(length);
        }
        let mut bytes = sample.to_vec();
        for _ in 0..=self.below(4) {
            if bytes.is_empty() {
                break;
            }
            let at = self.below(bytes.len() as u64) as usize;
            match self.below(5) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = (self.next() >> 24) as u8,
                2 => bytes.truncate(at),
                3 => bytes.insert(at, [0, 0xFF, 0x80, 0x7F][self.below(4) as usize]),
                _ => {
                    let tail = bytes[at..].to_vec();
                    bytes.extend(tail.iter().take(64));
                }
            }
        }
        bytes
    }
}
