//! Who speaks when: people speak for a while and are silent for longer, and Opus then sends a packet now and again (DTX).

use crate::random::Random;

/// Steps of 20 ms between two packets of a silence, as encoders have it.
const REST: u32 = 20;
/// Steps that people speak for, and that they are silent for, at most.
const SPOKEN: u64 = 200;
const SILENT: u64 = 400;

#[derive(Debug)]
pub(super) struct Speech {
    speaks: bool,
    /// Steps until that changes.
    left: u32,
}

impl Speech {
    pub fn new(random: &mut Random) -> Speech {
        Speech {
            speaks: random.chance(0.5),
            left: random.below(SPOKEN) as u32,
        }
    }

    /// Steps to the next packet.
    pub fn step(&mut self, random: &mut Random) -> u32 {
        if self.left == 0 {
            self.speaks = !self.speaks;
            let most = if self.speaks { SPOKEN } else { SILENT };
            self.left = 1 + random.below(most) as u32;
        }
        let step = if self.speaks { 1 } else { REST.min(self.left) };
        self.left -= step;
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_no_longer_than_between_two_packets_of_it() {
        let mut random = Random::new(3);
        let mut speech = Speech::new(&mut random);
        let steps: Vec<u32> = (0..20_000).map(|_| speech.step(&mut random)).collect();
        assert!(steps.iter().all(|step| (1..=REST).contains(step)));
        let spoken = steps.iter().filter(|step| **step == 1).count() as u32;
        let all: u32 = steps.iter().sum();
        assert!((all / 5..all / 2).contains(&spoken), "{spoken} of {all}");
    }
}
