//! The engine's reference time, which publishers echo (RFC 3611 sections 4.4 and 4.5), so that it knows the round trip.

use std::time::{Duration, Instant};

const EXTENDED_REPORT: u8 = 207;
const REFERENCE_TIME: u8 = 4;
const ECHO: u8 = 5;

/// The newest one that came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference {
    sender: u32,
    /// The middle of its clock.
    middle: u32,
    came: Instant,
}

impl Reference {
    /// Finds it in a compound in the clear.
    pub fn read(mut compound: &[u8], now: Instant) -> Option<Reference> {
        while let [_, kind, high, low, ..] = *compound {
            let length = 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
            let (packet, rest) = compound.split_at_checked(length)?;
            compound = rest;
            if kind == EXTENDED_REPORT && packet.get(8) == Some(&REFERENCE_TIME) {
                return Some(Reference {
                    sender: word(packet, 4)?,
                    middle: word(packet, 14)?,
                    came: now,
                });
            }
        }
        None
    }

    /// Appends the echo.
    pub fn echo(&self, out: &mut Vec<u8>, own: u32, now: Instant) {
        let kept: Duration = now.saturating_duration_since(self.came);
        let delay = (kept.as_micros() * 65_536 / 1_000_000) as u32;
        out.extend([0x80, EXTENDED_REPORT, 0, 5]);
        out.extend(own.to_be_bytes());
        out.extend([ECHO, 0, 0, 3]);
        for word in [self.sender, self.middle, delay] {
            out.extend(word.to_be_bytes());
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::media::Ntp;
    use engine::media::rtcp::{Feedback, parse, write_receiver_report, write_reference_time};

    #[test]
    fn what_the_engine_tells_comes_back_to_it() {
        let (now, clock) = (Instant::now(), Ntp(0x1122_3344_5566_7788));
        let mut told = Vec::new();
        write_receiver_report(&mut told, 1, &[]);
        write_reference_time(&mut told, 2, clock);
        let reference = Reference::read(&told, now).expect("it is there");
        let mut said = Vec::new();
        reference.echo(&mut said, 3, now + Duration::from_millis(500));
        let mut findings = Vec::new();
        assert!(parse(&said, &mut findings));
        let (last, delay) = (clock.middle(), 32_768);
        assert_eq!(findings, [Feedback::ReferenceEcho { last, delay }]);
    }
}
