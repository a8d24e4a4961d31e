//! What was sent under which transport-wide sequence number and when, for the sender's side of congestion control
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use std::time::{Duration, Instant};

/// Packets remembered at first, and the most. The table grows while packets younger than `MEMORY` would be forgotten: feedback
/// comes every 50 to 100 ms and may be a round trip late.
const FEWEST: usize = 64;
const MOST: usize = 2_048;
const MEMORY: Duration = Duration::from_secs(1);
/// Bytes of a packet, and whether feedback has told that it was missing.
const BYTES: u16 = 0x7FFF;
const MISSED: u16 = 0x8000;

/// One packet that left and was not told of before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Bytes of the datagram, without IP and UDP.
    pub bytes: u16,
    /// When it went to the socket, in microseconds since the log began.
    pub at: i64,
}

/// Eight bytes, since there is one for each of the newest packets to everybody.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    seq: u16,
    /// 0: nothing is known.
    bytes: u16,
    /// Microseconds since the beginning, modulo 2^32.
    at: u32,
}

/// The newest packets of one transport.
#[derive(Debug)]
pub struct SentLog {
    begun: Instant,
    /// Packet `seq` lives at `seq % len`; the length is a power of two.
    ring: Vec<Slot>,
    /// The number behind the newest that feedback has told of.
    told: Option<u16>,
}

impl SentLog {
    /// Nothing has been sent. `begun` is any moment before the first packet.
    pub fn new(begun: Instant) -> Self {
        SentLog {
            begun,
            ring: vec![Slot::default(); FEWEST],
            told: None,
        }
    }

    /// Remembers a packet in the place of the one that had its place before.
    pub fn note(&mut self, seq: u16, bytes: usize, now: Instant) {
        let at = self.micros(now) as u32;
        if self.place(seq).is_some_and(|slot| slot.bytes != 0) {
            self.make_room(seq, at);
        }
        let bytes = bytes.min(usize::from(BYTES)) as u16;
        if let Some(slot) = self.place(seq) {
            *slot = Slot { seq, bytes, at };
        }
    }

    /// The packet with this number, which has arrived; it is forgotten.
    pub fn arrived(&mut self, seq: u16, now: Instant) -> Option<Sent> {
        self.find(seq, now, |slot| slot.bytes = 0)
    }

    /// The packet with this number, which is missing; it is not told of as missing again, but may still arrive.
    pub fn missing(&mut self, seq: u16, now: Instant) -> Option<Sent> {
        let known = self.place(seq).is_some_and(|slot| slot.bytes & MISSED != 0);
        self.find(seq, now, |slot| slot.bytes |= MISSED)
            .filter(|_| !known)
    }

    /// Feedback tells of so many packets from `base` on. Returns the numbers in front of it that feedback has passed over: not every
    /// receiver tells of what was lost between two messages.
    pub fn passed_over(
        &mut self,
        base: u16,
        count: usize,
    ) -> impl ExactSizeIterator<Item = u16> + use<> {
        let from = self.told.unwrap_or(base);
        let between = base.wrapping_sub(from);
        let between = if usize::from(between) < MOST {
            between
        } else {
            0
        };
        let end = base.wrapping_add(count as u16);
        if self.told.is_none_or(|told| end.wrapping_sub(told) < 0x8000) {
            self.told = Some(end);
        }
        (0..between).map(move |number| from.wrapping_add(number))
    }

    /// Microseconds since the log began.
    pub fn micros(&self, now: Instant) -> i64 {
        now.saturating_duration_since(self.begun).as_micros() as i64
    }

    fn find(&mut self, seq: u16, now: Instant, change: impl FnOnce(&mut Slot)) -> Option<Sent> {
        let now = self.micros(now);
        let slot = self.place(seq)?;
        let found = *slot;
        if found.seq != seq || found.bytes == 0 {
            return None;
        }
        change(slot);
        Some(Sent {
            bytes: found.bytes & BYTES,
            at: now - i64::from((now as u32).wrapping_sub(found.at)),
        })
    }

    fn place(&mut self, seq: u16) -> Option<&mut Slot> {
        let at = usize::from(seq) & (self.ring.len() - 1);
        self.ring.get_mut(at)
    }

    /// Doubles the table if the packet that is in the way is young.
    fn make_room(&mut self, seq: u16, now: u32) {
        let len = self.ring.len();
        let age = self.place(seq).map(|slot| now.wrapping_sub(slot.at));
        let young = age.is_some_and(|age| u128::from(age) < MEMORY.as_micros());
        if !young || len >= MOST {
            return;
        }
        let before = std::mem::replace(&mut self.ring, vec![Slot::default(); 2 * len]);
        for slot in before.into_iter().filter(|slot| slot.bytes != 0) {
            if let Some(place) = self.place(slot.seq) {
                *place = slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_newest_are_found_through_a_wrap() {
        let start = Instant::now();
        let mut log = SentLog::new(start);
        let at = |number: u32| start + number * MS / 4;
        for number in 0..70_000u32 {
            log.note(number as u16, 1 + number as usize % 1_000, at(number));
        }
        let last = 69_999u32;
        for back in [0, 1, 500, MOST as u32 - 1] {
            let number = last - back;
            let found = log.arrived(number as u16, at(last)).unwrap();
            assert_eq!(u32::from(found.bytes), 1 + number % 1_000);
            assert_eq!(found.at, i64::from(number) * 250);
        }
        assert_eq!(log.arrived((last - MOST as u32) as u16, at(last)), None);
    }

    #[test]
    fn memory_is_as_long_as_there_are_packets_in_a_second() {
        let start = Instant::now();
        for (gap, len) in [(20, 64), (5, 256), (1, 1_024)] {
            let mut log = SentLog::new(start);
            for number in 0..5_000u32 {
                log.note(number as u16, 100, start + number * gap * MS);
            }
            assert_eq!(log.ring.len(), len);
        }
    }

    #[test]
    fn each_packet_is_told_of_once() {
        let (mut log, now) = (SentLog::new(Instant::now()), Instant::now());
        log.note(7, 100, now);
        assert!(log.missing(7, now).is_some() && log.missing(7, now).is_none());
        assert_eq!(log.arrived(7, now).map(|sent| sent.bytes), Some(100));
        assert!(log.arrived(7, now).is_none() && log.missing(7, now).is_none());
        assert!(log.arrived(8, now).is_none());
    }

    #[test]
    fn what_feedback_passes_over_is_found() {
        let mut log = SentLog::new(Instant::now());
        let mut over = |base, count| log.passed_over(base, count).collect::<Vec<u16>>();
        assert_eq!(over(65_530, 4), []);
        assert_eq!(over(65_534, 1), []);
        assert_eq!(over(1, 3), [65_535, 0]);
        // An older message, and then the next.
        assert_eq!(over(65_532, 2), []);
        assert_eq!(over(4, 1), []);
        assert_eq!(over(30_000, 1), [], "that is a jump");
        let most = MOST as u16 - 1;
        let far = log.passed_over(30_001 + most, 1);
        assert_eq!(far.len(), usize::from(most), "the most there are");
    }

    #[test]
    fn hours_pass() {
        let start = Instant::now();
        let mut log = SentLog::new(start);
        let late = start + Duration::from_secs(100_000);
        log.note(9, 100, late);
        let found = log.arrived(9, late + 30 * MS).unwrap();
        assert_eq!(found.at, 100_000_000_000);
    }
}
