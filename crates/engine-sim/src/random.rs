//! Seeded randomness. What is drawn for one purpose does not depend on how often another one draws.

use std::time::Duration;

/// xorshift64*, seeded through splitmix64 so that near seeds are far apart.
#[derive(Debug, Clone)]
pub struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        let state = splitmix(seed) | 1;
        Random { seed, state }
    }

    /// Another stream of the same seed, told apart by `purpose`.
    pub fn fork(&self, purpose: u64) -> Random {
        Random::new(splitmix(self.seed ^ splitmix(purpose)))
    }

    pub fn number(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number in `0..limit`; 0 for no limit at all.
    pub fn below(&mut self, limit: u64) -> u64 {
        // The upper bits are the better ones.
        ((u128::from(self.number()) * u128::from(limit)) >> 64) as u64
    }

    /// True in `share` of all times, 0 to 1.
    pub fn chance(&mut self, share: f64) -> bool {
        // Drawn even if it cannot matter: streams with other shares stay comparable.
        let drawn = (self.number() >> 11) as f64 / (1u64 << 53) as f64;
        drawn < share
    }

    /// A time in `0..limit`.
    pub fn time(&mut self, limit: Duration) -> Duration {
        Duration::from_micros(self.below(limit.as_micros() as u64))
    }

    /// One of them; they are not empty.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.number().to_le_bytes()[..chunk.len()]);
        }
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| (self.number() >> 32) as u8).collect()
    }
}

fn splitmix(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}
