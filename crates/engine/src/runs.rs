//! Packets of a layer that wait for the rest of their frame, so that they leave together.
//!
//! A frame shows only once its last packet is there, so those before it can wait for it a little; the last one never waits.
//! A run ends with the marker, at 16 packets, or in time. A voice packet is whole and waits only where it would wait in a queue otherwise:
//! then others in its train are worth more than the milliseconds.

use crate::media::LayerId;
use crate::media::train::RUN;
use crate::tracks::TrackKey;
use std::time::{Duration, Instant};

/// The rest of a group that the publisher sends at once comes within this time.
const CALM_HOLD: Duration = Duration::from_micros(300);
/// Longest wait.
const BUSY_HOLD: Duration = Duration::from_millis(3);
/// Share of a processor above which frames wait longer for their last packet.
const BUSY: f64 = 0.3;
/// And above which voices wait for each other. At half load they must not: everybody would hear it.
const CROWDED: f64 = 0.75;
/// One layer may send so many packets in each of these times: a key frame is a long train, and the buffers on the way are short. It is about what a
/// publisher of 2.5 Mbit/s sends at once, so that most bursts pass as they come.
const BURST: usize = 2 * RUN;
const BURST_TIME: Duration = Duration::from_millis(5);

/// More packets than this do not wait for the next burst time: a layer that brings more than bursts take would fall behind for good.
/// Half of what the store keeps.
const BACKLOG: usize = 256;

/// Runs whose memory is kept.
const SPARE: usize = 32;

pub struct Run {
    pub key: TrackKey,
    pub layer: LayerId,
    pub voice: bool,
    /// Extended sequence numbers in the layer's store.
    seqs: Vec<u64>,
    /// When to send what is there.
    due: Instant,
    /// Packets that have left in the running burst time.
    sent: usize,
    burst_ends: Instant,
}

impl Run {
    /// Whether something waits.
    pub fn waits(&self) -> bool {
        !self.seqs.is_empty()
    }

    pub fn is_due(&self, now: Instant) -> bool {
        self.waits() && self.due <= now
    }

    /// The packets that may leave now, in order. Others wait for the next burst time.
    pub fn take(&mut self, now: Instant, taken: &mut Vec<u64>) {
        if now >= self.burst_ends {
            self.sent = 0;
            self.burst_ends = now + BURST_TIME;
        }
        self.seqs.sort_unstable();
        let count = self.room(now).min(self.seqs.len());
        taken.clear();
        taken.extend(self.seqs.drain(..count));
        self.sent += count;
        self.due = match self.room(now) {
            0 => self.burst_ends,
            _ => now,
        };
    }

    fn is_behind(&self) -> bool {
        self.seqs.len() > BACKLOG
    }

    fn room(&self, now: Instant) -> usize {
        match self.voice || now >= self.burst_ends || self.is_behind() {
            true => RUN,
            false => BURST.saturating_sub(self.sent).min(RUN),
        }
    }

    fn add(&mut self, now: Instant, seq: u64, due: Instant) {
        let full = self.seqs.len() + 1 >= RUN;
        let wanted = if full { now } else { due };
        let due = match self.waits() {
            true => self.due.min(wanted),
            false => wanted,
        };
        self.due = match self.room(now) {
            0 => due.max(self.burst_ends),
            _ => due,
        };
        self.seqs.push(seq);
    }
}

#[derive(Default)]
pub struct Runs {
    runs: Vec<Run>,
    /// Memory of runs that have left, for the next.
    spare: Vec<Vec<u64>>,
    /// Share of a processor in use. The more there is to do, the longer the trains.
    pub load: f64,
}

impl Runs {
    /// Remembers a packet of a layer; `last` ends its frame.
    pub fn note(
        &mut self,
        now: Instant,
        (key, layer): (TrackKey, LayerId),
        seq: u64,
        voice: bool,
        last: bool,
    ) {
        let hold = match (voice, last) {
            (true, _) if self.load > CROWDED => BUSY_HOLD,
            (false, false) if self.load > BUSY => BUSY_HOLD,
            (false, false) => CALM_HOLD,
            _ => Duration::ZERO,
        };
        let same = |run: &&mut Run| run.key == key && run.layer == layer;
        if let Some(run) = self.runs.iter_mut().find(same) {
            run.add(now, seq, now + hold);
            return;
        }
        let seqs = self.spare.pop();
        let mut run = Run {
            key,
            layer,
            voice,
            seqs: seqs.unwrap_or_else(|| Vec::with_capacity(RUN)),
            due: now,
            sent: 0,
            burst_ends: now,
        };
        run.add(now, seq, now + hold);
        self.runs.push(run);
    }

    /// When the next run is to leave.
    pub fn due(&self) -> Option<Instant> {
        let waiting = self.runs.iter().filter(|run| run.waits());
        waiting.map(|run| run.due).min()
    }

    /// Whether so much waits that could leave now that no more should come.
    pub fn are_behind(&self, now: Instant) -> bool {
        let behind = |run: &Run| run.is_behind() && run.is_due(now);
        self.runs.iter().any(behind)
    }

    pub fn runs(&mut self) -> &mut [Run] {
        &mut self.runs
    }

    /// Forgets runs that have left, once they no longer count for a burst.
    pub fn tidy(&mut self, now: Instant) {
        let over = |run: &mut Run| !run.waits() && (run.voice || now >= run.burst_ends);
        for run in self.runs.extract_if(.., over) {
            if self.spare.len() < SPARE && run.seqs.capacity() <= 8 * RUN {
                self.spare.push(run.seqs);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: (TrackKey, LayerId) = (1, LayerId(1));

    fn take(runs: &mut Runs, now: Instant) -> Vec<u64> {
        let mut taken = Vec::new();
        for run in runs.runs() {
            if run.is_due(now) {
                run.take(now, &mut taken);
            }
        }
        runs.tidy(now);
        taken
    }

    #[test]
    fn a_frame_leaves_with_its_last_packet_and_in_order() {
        let (mut runs, now) = (Runs::default(), Instant::now());
        for seq in [5, 7, 6] {
            runs.note(now, PLACE, seq, false, false);
        }
        assert_eq!(runs.due(), Some(now + CALM_HOLD));
        assert_eq!(take(&mut runs, now), [0; 0]);
        runs.note(now, PLACE, 8, false, true);
        assert_eq!(runs.due(), Some(now));
        assert_eq!(take(&mut runs, now), [5, 6, 7, 8]);
        assert_eq!(runs.due(), None);
    }

    #[test]
    fn nothing_waits_for_longer_than_three_milliseconds() {
        let now = Instant::now();
        for (load, voice) in [
            (0.1, false),
            (0.1, true),
            (0.5, true),
            (0.9, false),
            (0.9, true),
        ] {
            let mut runs = Runs {
                load,
                ..Runs::default()
            };
            runs.note(now, PLACE, 1, voice, false);
            let due = runs.due().unwrap();
            assert!(due <= now + Duration::from_millis(3));
            assert_eq!(
                due == now,
                voice && load < 0.6,
                "at once when there is little to do"
            );
            // Later packets do not put it off.
            runs.note(now + Duration::from_micros(200), PLACE, 2, voice, false);
            assert_eq!(runs.due(), Some(due));
        }
    }

    #[test]
    fn a_burst_is_spread() {
        let (mut runs, now) = (Runs::default(), Instant::now());
        for seq in 0..60 {
            runs.note(now, PLACE, seq, false, seq == 59);
        }
        assert_eq!(take(&mut runs, now), (0..16).collect::<Vec<_>>());
        assert_eq!(runs.due(), Some(now));
        assert_eq!(take(&mut runs, now), (16..32).collect::<Vec<_>>());
        // More of it changes nothing about the time.
        runs.note(now, PLACE, 60, false, true);
        assert_eq!(runs.due(), Some(now + BURST_TIME));
        assert_eq!(take(&mut runs, now), [0; 0]);
        let next = now + BURST_TIME;
        assert_eq!(take(&mut runs, next), (32..48).collect::<Vec<_>>());
        assert_eq!(take(&mut runs, next), (48..61).collect::<Vec<_>>());
        assert_eq!(runs.runs.len(), 1, "it still counts");
        assert_eq!(take(&mut runs, next + BURST_TIME), [0; 0]);
        assert_eq!((runs.runs.len(), runs.spare.len()), (0, 1));
    }

    #[test]
    fn who_sends_more_than_bursts_take_is_not_left_behind() {
        let (mut runs, mut now) = (Runs::default(), Instant::now());
        let mut left = 0;
        for seq in 0..20_000 {
            now += BURST_TIME / 20;
            runs.note(now, PLACE, seq, false, true);
            while runs.due().is_some_and(|due| due <= now) {
                left += take(&mut runs, now).len() as u64;
            }
            assert!(seq + 1 - left <= (BACKLOG + RUN) as u64, "{left} of {seq}");
        }
    }

    #[test]
    fn a_backlog_shows_once_it_could_leave() {
        let (mut runs, now) = (Runs::default(), Instant::now());
        for seq in 0..400 {
            runs.note(now, PLACE, seq, false, seq % 40 == 39);
        }
        assert!(runs.are_behind(now));
        for _ in 0..9 {
            take(&mut runs, now);
        }
        assert!(!runs.are_behind(now + BURST_TIME));
    }

    #[test]
    fn sixteen_do_not_wait_for_more() {
        let (mut runs, now) = (Runs::default(), Instant::now());
        for seq in 0..16 {
            assert_ne!(runs.due(), Some(now));
            runs.note(now, PLACE, seq, false, false);
        }
        assert_eq!(runs.due(), Some(now));
    }
}
