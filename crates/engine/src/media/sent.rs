//! What was sent under which transport-wide sequence number and when, for the sender's side of congestion control
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use std::time::Instant;

/// Packets remembered: feedback comes every 50 to 100 ms, and a second of 8 Mbit/s has about this many.
const REMEMBERED: usize = 1_024;

/// One packet that left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Transport-wide sequence number.
    pub seq: u16,
    /// Bytes of the datagram, without IP and UDP.
    pub bytes: u16,
    /// When it went to the socket.
    pub at: Instant,
}

/// The newest packets of one transport.
#[derive(Debug)]
pub struct SentLog {
    /// Packet `seq` lives at `seq % REMEMBERED`.
    ring: Vec<Option<Sent>>,
}

impl Default for SentLog {
    fn default() -> Self {
        SentLog {
            ring: vec![None; REMEMBERED],
        }
    }
}

impl SentLog {
    /// Remembers a packet in the place of the one that had its place before.
    pub fn note(&mut self, sent: Sent) {
        if let Some(place) = self.ring.get_mut(usize::from(sent.seq) % REMEMBERED) {
            *place = Some(sent);
        }
    }

    /// The packet with this number, unless it is forgotten.
    pub fn get(&self, seq: u16) -> Option<Sent> {
        let place = self.ring.get(usize::from(seq) % REMEMBERED)?;
        place.filter(|sent| sent.seq == seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_found_through_a_wrap() {
        let (mut log, at) = (SentLog::default(), Instant::now());
        for number in 0..70_000u32 {
            let (seq, bytes) = (number as u16, (number % 1_000) as u16);
            log.note(Sent { seq, bytes, at });
        }
        let last = 69_999u32;
        for back in [0, 1, 500, 1_023] {
            let found = log.get((last - back) as u16).unwrap();
            assert_eq!(u32::from(found.bytes), (last - back) % 1_000);
        }
        assert_eq!(log.get((last - 1_024) as u16), None);
    }
}
