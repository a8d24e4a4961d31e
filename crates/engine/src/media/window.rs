//! A sliding window of numbers already seen, for replay protection and for "never twice".

/// What became of a number put to a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Not seen before; it is marked now.
    New,
    /// Seen before.
    Repeated,
    /// Below the window: nothing is known, so it must be refused.
    TooOld,
}

/// Remembers the newest `WORDS * 64` numbers below and including the highest one (RFC 3711 section 3.3.2).
#[derive(Debug, Clone)]
pub struct SeenWindow<const WORDS: usize> {
    highest: Option<u64>,
    /// Bit of number `n` is at `n % (WORDS * 64)`.
    bits: [u64; WORDS],
}

impl<const WORDS: usize> Default for SeenWindow<WORDS> {
    fn default() -> Self {
        SeenWindow {
            highest: None,
            bits: [0; WORDS],
        }
    }
}

impl<const WORDS: usize> SeenWindow<WORDS> {
    const SIZE: u64 = WORDS as u64 * 64;

    /// The highest number marked so far.
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// What [`SeenWindow::mark`] would answer, without marking.
    pub fn look(&self, number: u64) -> Seen {
        match self.highest {
            Some(highest) if number <= highest => {
                if highest - number >= Self::SIZE {
                    Seen::TooOld
                } else if self.word(number) & Self::bit(number) != 0 {
                    Seen::Repeated
                } else {
                    Seen::New
                }
            }
            _ => Seen::New,
        }
    }

    /// Marks a number and says whether it was new.
    pub fn mark(&mut self, number: u64) -> Seen {
        let seen = self.look(number);
        if seen == Seen::New {
            match self.highest {
                Some(highest) if number > highest => self.advance(highest, number),
                Some(_) => {}
                None => self.highest = Some(number),
            }
            if let Some(word) = self.bits.get_mut(Self::slot(number)) {
                *word |= Self::bit(number);
            }
        }
        seen
    }

    fn advance(&mut self, from: u64, to: u64) {
        if to - from >= Self::SIZE {
            self.bits = [0; WORDS];
        } else {
            for number in from + 1..=to {
                if let Some(word) = self.bits.get_mut(Self::slot(number)) {
                    *word &= !Self::bit(number);
                }
            }
        }
        self.highest = Some(to);
    }

    fn slot(number: u64) -> usize {
        (number % Self::SIZE / 64) as usize
    }

    fn bit(number: u64) -> u64 {
        1 << (number % 64)
    }

    fn word(&self, number: u64) -> u64 {
        self.bits
            .get(Self::slot(number))
            .copied()
            .unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::testing::Random;
    use std::collections::HashSet;

    #[test]
    fn agrees_with_a_plain_set() {
        for seed in 1..20 {
            let mut random = Random::new(seed);
            let mut window = SeenWindow::<2>::default();
            let mut model = HashSet::new();
            let mut base = 1_000u64;
            for _ in 0..5_000 {
                base += random.below(3);
                if random.below(500) == 0 {
                    base += 1_000;
                }
                let number = base - random.below(200);
                let highest = model.iter().max().copied();
                let want = match highest {
                    Some(highest) if number <= highest && highest - number >= 128 => Seen::TooOld,
                    _ if model.contains(&number) => Seen::Repeated,
                    _ => Seen::New,
                };
                assert_eq!(window.mark(number), want);
                if want == Seen::New {
                    model.insert(number);
                    model.retain(|seen| number < 400 || *seen > number - 400);
                }
            }
        }
    }
}
