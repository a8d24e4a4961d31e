//! What was sent under which transport-wide sequence number and when, for the sender's side of congestion control
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use std::time::{Duration, Instant};

/// Packets remembered at least, and at most: a second of 8 Mbit/s has about this many.
const LEAST: usize = 128;
const MOST: usize = 1_024;
/// How long each is remembered if there is room: feedback comes every 50 to 100 ms, late by a round trip.
const KEPT: Duration = Duration::from_secs(1);

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

/// A packet in eight bytes: there are thousands of them for each of thousands of subscribers.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    seq: u16,
    /// None at 0, which no datagram has.
    bytes: u16,
    /// Microseconds since the first packet, wrapping.
    micros: u32,
}

/// The newest packets of one transport: as many as a second has, within limits.
#[derive(Debug)]
pub struct SentLog {
    /// Packet `seq` lives at `seq % ring.len()`, which is a power of two.
    ring: Vec<Entry>,
    /// The first packet's time, and the newest one's.
    first: Option<Instant>,
    newest: Option<Instant>,
}

impl Default for SentLog {
    fn default() -> Self {
        SentLog {
            ring: vec![Entry::default(); LEAST],
            first: None,
            newest: None,
        }
    }
}

impl SentLog {
    /// Remembers a packet in the place of the one that had its place before. Times must not go backwards.
    pub fn note(&mut self, sent: Sent) {
        let first = *self.first.get_or_insert(sent.at);
        self.newest = Some(sent.at);
        let entry = Entry {
            seq: sent.seq,
            bytes: sent.bytes,
            micros: micros(sent.at, first),
        };
        while self.ring.len() < MOST && self.holds_news_at(&entry) {
            self.grow();
        }
        self.put(entry);
    }

    /// The packet with this number, unless it is forgotten.
    pub fn get(&self, seq: u16) -> Option<Sent> {
        let place = self.ring.get(usize::from(seq) % self.ring.len())?;
        let entry = Some(place).filter(|entry| entry.seq == seq && entry.bytes > 0)?;
        let (first, newest) = (self.first?, self.newest?);
        let age = micros(newest, first).wrapping_sub(entry.micros);
        Some(Sent {
            seq,
            bytes: entry.bytes,
            at: newest.checked_sub(Duration::from_micros(age.into()))?,
        })
    }

    fn holds_news_at(&self, entry: &Entry) -> bool {
        let place = self.ring.get(usize::from(entry.seq) % self.ring.len());
        place.is_some_and(|old| {
            let age = entry.micros.wrapping_sub(old.micros);
            old.bytes > 0 && Duration::from_micros(age.into()) < KEPT
        })
    }

    fn grow(&mut self) {
        let size = 2 * self.ring.len();
        let old = std::mem::replace(&mut self.ring, vec![Entry::default(); size]);
        old.into_iter().for_each(|entry| self.put(entry));
    }

    fn put(&mut self, entry: Entry) {
        let at = usize::from(entry.seq) % self.ring.len();
        if let Some(place) = self.ring.get_mut(at).filter(|_| entry.bytes > 0) {
            *place = entry;
        }
    }
}

fn micros(at: Instant, since: Instant) -> u32 {
    at.saturating_duration_since(since).as_micros() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_found_through_a_wrap() {
        let (mut log, at) = (SentLog::default(), Instant::now());
        for number in 0..70_000u32 {
            let (seq, bytes) = (number as u16, (number % 1_000 + 1) as u16);
            log.note(Sent { seq, bytes, at });
        }
        let last = 69_999u32;
        for back in [0, 1, 500, 1_023] {
            let found = log.get((last - back) as u16).unwrap();
            assert_eq!(u32::from(found.bytes), (last - back) % 1_000 + 1);
        }
        assert_eq!(log.get((last - 1_024) as u16), None);
    }

    #[test]
    fn a_second_is_remembered_in_as_little_as_it_needs() {
        let (mut log, start) = (SentLog::default(), Instant::now());
        // Seven hours: the short form of the time wraps more than once.
        let gap = Duration::from_millis(4);
        let mut at = start;
        for number in 0..100_000u32 {
            at += if number % 10_000 == 0 {
                Duration::from_secs(2_500)
            } else {
                gap
            };
            let seq = number as u16;
            log.note(Sent { seq, bytes: 9, at });
            let back = (number % 10_000).min(249);
            let old = log.get((number - back) as u16).map(|sent| sent.at);
            assert_eq!(old, Some(at - gap * back));
        }
        assert_eq!(log.ring.len(), 256);
    }
}
