//! Which packets of a stream are missing, and when a publisher is asked for them again (RFC 4585 section 6.2.1).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A packet may be overtaken by others for this long before it counts as lost. Longer asks less in vain, shorter mends sooner.
const REORDER_PATIENCE: Duration = Duration::from_millis(5);
/// Least and most time between two requests for one packet, around the round trip.
const SPACING: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));
/// Round trip of a path that was not measured yet.
const UNKNOWN_ROUND_TRIP: Duration = Duration::from_millis(80);
/// Requests for one packet.
const MAX_TRIES: u8 = 10;
/// Packets missing at one time, and the longest gap that is worth filling: beyond it a key frame is cheaper.
const MAX_MISSING: usize = 400;

#[derive(Debug, Clone, Copy)]
struct Hole {
    seq: u64,
    tries: u8,
    next: Instant,
}

/// The missing packets of one stream.
#[derive(Debug, Default)]
pub struct NackGenerator {
    highest: Option<u64>,
    /// In the order of their numbers.
    holes: VecDeque<Hole>,
    /// No hole is due before, and nothing was given up.
    due: Option<Instant>,
    lost: bool,
}

impl NackGenerator {
    /// Takes the extended sequence number of a packet that arrived, the first time or again.
    pub fn arrived(&mut self, seq: u64, now: Instant) {
        let Some(highest) = self.highest else {
            self.highest = Some(seq);
            return;
        };
        if seq <= highest {
            self.fill(seq);
            return;
        }
        self.highest = Some(seq);
        let gap = seq - highest - 1;
        if gap == 0 {
            return;
        }
        if gap > (MAX_MISSING - self.holes.len()) as u64 {
            self.holes.clear();
            self.due = Some(now);
            self.lost = true;
            return;
        }
        let next = now + REORDER_PATIENCE;
        self.due = Some(self.due.map_or(next, |due| due.min(next)));
        let new = (highest + 1..seq).map(|seq| Hole {
            seq,
            tries: 0,
            next,
        });
        self.holes.extend(new);
    }

    /// When [`NackGenerator::collect`] or [`NackGenerator::take_lost`] has something to say, at the earliest.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Appends the numbers to ask for now. `round_trip` is that of the path, if it is known.
    pub fn collect(&mut self, now: Instant, round_trip: Option<Duration>, out: &mut Vec<u16>) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        let round_trip = round_trip.unwrap_or(UNKNOWN_ROUND_TRIP);
        let spacing = (round_trip + round_trip / 4).clamp(SPACING.0, SPACING.1);
        let before = self.holes.len();
        self.holes
            .retain(|hole| hole.next > now || hole.tries < MAX_TRIES);
        self.lost |= self.holes.len() < before;
        for hole in self.holes.iter_mut().filter(|hole| hole.next <= now) {
            hole.tries += 1;
            hole.next = now + spacing;
            out.push(hole.seq as u16);
        }
        self.due = self.holes.iter().map(|hole| hole.next).min();
    }

    /// Whether something was given up since the last call: only a key frame mends that.
    pub fn take_lost(&mut self) -> bool {
        std::mem::take(&mut self.lost)
    }

    fn fill(&mut self, seq: u64) {
        if let Ok(at) = self.holes.binary_search_by_key(&seq, |hole| hole.seq) {
            self.holes.remove(at);
            // What was given up is still to be told.
            if self.holes.is_empty() && !self.lost {
                self.due = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::testing::Random;
    use std::collections::{BTreeMap, BTreeSet};

    const MS: Duration = Duration::from_millis(1);

    fn asked(nack: &mut NackGenerator, now: Instant, round_trip: Duration) -> Vec<u16> {
        let mut out = vec![];
        nack.collect(now, Some(round_trip), &mut out);
        out
    }

    #[test]
    fn a_hole_is_asked_for_until_it_is_filled() {
        let start = Instant::now();
        let mut nack = NackGenerator::default();
        for seq in [65_530, 65_531, 65_537] {
            nack.arrived(seq, start);
        }
        assert_eq!(nack.due(), Some(start + REORDER_PATIENCE));
        assert_eq!(asked(&mut nack, start, 40 * MS), []);
        nack.arrived(65_533, start + 2 * MS);
        assert_eq!(
            asked(&mut nack, start + 5 * MS, 40 * MS),
            [65_532, 65_534, 65_535, 0]
        );
        assert_eq!(nack.due(), Some(start + 55 * MS));
        nack.arrived(65_532, start + 50 * MS);
        nack.arrived(65_536, start + 50 * MS);
        assert_eq!(asked(&mut nack, start + 55 * MS, 40 * MS), [65_534, 65_535]);
        nack.arrived(65_534, start + 60 * MS);
        nack.arrived(65_535, start + 60 * MS);
        assert_eq!(nack.due(), None);
        assert!(!nack.take_lost());
    }

    #[test]
    fn what_never_comes_is_given_up() {
        let start = Instant::now();
        let mut nack = NackGenerator::default();
        nack.arrived(1, start);
        nack.arrived(3, start);
        let (mut now, mut count) = (start, 0);
        while let Some(due) = nack.due() {
            now = due;
            count += asked(&mut nack, now, MS).len();
        }
        assert_eq!(count, usize::from(MAX_TRIES));
        assert_eq!(now - start, REORDER_PATIENCE + 10 * SPACING.0);
        assert!(nack.take_lost());
        assert!(!nack.take_lost());
    }

    #[test]
    fn a_gap_too_long_is_not_asked_for() {
        let start = Instant::now();
        let mut nack = NackGenerator::default();
        nack.arrived(1, start);
        nack.arrived(2 + MAX_MISSING as u64, start);
        assert!(!nack.take_lost());
        assert_eq!(asked(&mut nack, start + 5 * MS, MS).len(), MAX_MISSING);
        nack.arrived(4 + MAX_MISSING as u64, start);
        // A key frame is to be asked for now, not when something else is to be said.
        assert_eq!(nack.due(), Some(start));
        assert_eq!(asked(&mut nack, start, MS), []);
        assert!(nack.take_lost());
        assert_eq!(nack.due(), None);
        nack.arrived(u64::MAX, start);
        assert!(nack.take_lost());
    }

    #[test]
    fn what_was_given_up_is_told_although_all_else_comes() {
        let start = Instant::now();
        let mut nack = NackGenerator::default();
        nack.arrived(1, start);
        nack.arrived(1_000, start);
        nack.arrived(1_002, start);
        nack.arrived(1_001, start);
        assert_eq!(nack.due(), Some(start));
        assert!(nack.take_lost());
    }

    #[test]
    fn asks_for_what_is_missing_and_for_nothing_else() {
        for seed in 1..40 {
            let mut random = Random::new(seed);
            let start = Instant::now();
            let mut nack = NackGenerator::default();
            let mut late: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
            let mut arrived = BTreeSet::new();
            let mut asked_times: BTreeMap<u16, (u32, Instant)> = BTreeMap::new();
            let first = 65_000 + random.below(1_000);
            for step in 0..2_000u64 {
                let now = start + Duration::from_millis(step);
                let seq = first + step;
                match random.below(10) {
                    0 => {}
                    1 => late.entry(step + random.below(60)).or_default().push(seq),
                    _ => {
                        arrived.insert(seq);
                        nack.arrived(seq, now);
                    }
                }
                for seq in late.remove(&step).unwrap_or_default() {
                    arrived.insert(seq);
                    nack.arrived(seq, now);
                }
                for seq in asked(&mut nack, now, 30 * MS) {
                    let highest = *arrived.last().expect("something arrived");
                    let step = seq.wrapping_sub(highest as u16) as i16;
                    let seq64 = highest.wrapping_add_signed(i64::from(step));
                    assert!(step < 0 && !arrived.contains(&seq64), "{seq} has come");
                    let entry = asked_times.entry(seq).or_insert((0, start));
                    assert!(entry.0 == 0 || now - entry.1 >= 37 * MS, "too often");
                    *entry = (entry.0 + 1, now);
                    assert!(entry.0 <= u32::from(MAX_TRIES));
                }
                assert!(nack.holes.len() <= MAX_MISSING);
            }
        }
    }
}
