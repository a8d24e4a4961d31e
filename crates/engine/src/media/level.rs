//! From audio levels in packets (RFC 6464) to who is speaking.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A frame at or above this is speech, in -dBov. Lower numbers are louder.
const ACTIVE_LEVEL: u8 = 35;
/// Media time that is judged as a whole.
const WINDOW_MS: u32 = 400;
/// Share of the window that must be speech.
const ACTIVE_PERCENT: u32 = 40;
/// Weight of a new window: an average over two of them.
const SMOOTHING: f32 = 2.0 / 3.0;
/// No packets for this long is silence (muted, or a sender that stops in pauses).
const STALE: Duration = Duration::from_millis(800);
/// Levels go out in steps of an eighth, so that a steady voice makes no news.
const STEPS: f32 = 8.0;
/// Opus frames last 2.5 to 120 ms; anything else between two packets is a pause.
const MAX_FRAME_MS: u32 = 120;
const DEFAULT_FRAME_MS: u32 = 20;
const TICKS_PER_MS: u32 = 48;

/// The smoothed level of one audio track.
#[derive(Debug, Default)]
pub struct LevelMeter {
    last_timestamp: Option<u32>,
    observed_ms: u32,
    active_ms: u32,
    loudest: u8,
    smoothed: f32,
    heard: Option<Instant>,
}

impl LevelMeter {
    /// Takes the level of one packet (-dBov, 0..=127) with its 48 kHz timestamp.
    pub fn observe(&mut self, level: u8, timestamp: u32, now: Instant) {
        let frame_ms = match self.last_timestamp.map(|last| timestamp.wrapping_sub(last)) {
            // Late or doubled; after a silence it is a sender that started anew.
            Some(step) if step as i32 <= 0 && !self.is_stale(now) => return,
            Some(step) if (1..=MAX_FRAME_MS).contains(&(step / TICKS_PER_MS)) => {
                step / TICKS_PER_MS
            }
            _ => DEFAULT_FRAME_MS,
        };
        self.last_timestamp = Some(timestamp);
        if self.is_stale(now) {
            (self.observed_ms, self.active_ms, self.smoothed) = (0, 0, 0.0);
        }
        self.heard = Some(now);
        self.observed_ms += frame_ms;
        if level <= ACTIVE_LEVEL {
            self.loudest = if self.active_ms == 0 {
                level
            } else {
                self.loudest.min(level)
            };
            self.active_ms += frame_ms;
        }
        if self.observed_ms >= WINDOW_MS {
            self.finish_window();
        }
    }

    /// The smoothed level as a share of full scale; 0 when nobody speaks.
    pub fn level(&self, now: Instant) -> f32 {
        if self.is_stale(now) || self.smoothed < linear(f32::from(ACTIVE_LEVEL)) {
            0.0
        } else {
            self.smoothed.min(1.0)
        }
    }

    /// Forgets everything: the track was muted.
    pub fn reset(&mut self) {
        *self = LevelMeter::default();
    }

    fn is_stale(&self, now: Instant) -> bool {
        self.heard
            .is_none_or(|heard| now.saturating_duration_since(heard) >= STALE)
    }

    fn finish_window(&mut self) {
        let speech = self.active_ms * 100 >= WINDOW_MS * ACTIVE_PERCENT;
        let level = if speech {
            // Speech for half of the window counts as half as loud.
            let share = self.active_ms as f32 / WINDOW_MS as f32;
            linear(f32::from(self.loudest) - 20.0 * share.log10())
        } else {
            0.0
        };
        self.smoothed += (level - self.smoothed) * SMOOTHING;
        (self.observed_ms, self.active_ms) = (0, 0);
    }
}

fn linear(minus_decibels: f32) -> f32 {
    10f32.powf(-minus_decibels / 20.0)
}

/// Remembers which levels were told, so that only changes are.
#[derive(Debug)]
pub struct SpeakerList<T> {
    told: BTreeMap<T, f32>,
}

impl<T> Default for SpeakerList<T> {
    fn default() -> Self {
        SpeakerList {
            told: BTreeMap::new(),
        }
    }
}

impl<T: Clone + Ord> SpeakerList<T> {
    /// Takes the levels of all tracks and returns what has changed in steps of an eighth; level 0 stands for who stopped, or is gone.
    /// Call it every 400 ms.
    pub fn changes(&mut self, levels: impl IntoIterator<Item = (T, f32)>) -> Vec<(T, f32)> {
        let now: BTreeMap<T, f32> = levels
            .into_iter()
            .map(|(track, level)| (track, (level * STEPS).ceil() / STEPS))
            .filter(|(_, level)| *level > 0.0)
            .collect();
        let before = std::mem::replace(&mut self.told, now);
        let stopped = before.keys().filter(|track| !self.told.contains_key(track));
        let mut changes: Vec<(T, f32)> = stopped.map(|track| (track.clone(), 0.0)).collect();
        let other = |(track, level): &(&T, &f32)| before.get(track) != Some(*level);
        let others = self.told.iter().filter(other);
        changes.extend(others.map(|(track, level)| (track.clone(), *level)));
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `frames` packets of 20 ms, `level` for the first `active` of every 20.
    fn talk(
        meter: &mut LevelMeter,
        start: Instant,
        from: u32,
        frames: u32,
        level: u8,
        active: u32,
    ) -> Instant {
        let mut now = start;
        for frame in from..from + frames {
            now = start + Duration::from_millis(20 * u64::from(frame - from));
            meter.observe(
                if frame % 20 < active { level } else { 127 },
                frame.wrapping_mul(960),
                now,
            );
        }
        now
    }

    #[test]
    fn speech_rises_and_silence_falls() {
        let start = Instant::now();
        let mut meter = LevelMeter::default();
        assert_eq!(meter.level(start), 0.0);
        let now = talk(&mut meter, start, 0, 60, 20, 20);
        assert!(
            (meter.level(now) - 0.1 * 26.0 / 27.0).abs() < 0.001,
            "{}",
            meter.level(now)
        );
        let now = talk(&mut meter, now, 60, 80, 127, 20);
        assert_eq!(meter.level(now), 0.0);
    }

    #[test]
    fn forty_percent_of_a_window_is_speech() {
        let start = Instant::now();
        for (active, speaks) in [(7, false), (8, true)] {
            let mut meter = LevelMeter::default();
            let now = talk(&mut meter, start, 0, 40, 10, active);
            assert_eq!(meter.level(now) > 0.0, speaks);
        }
        let mut meter = LevelMeter::default();
        let now = talk(&mut meter, start, 0, 40, 36, 20);
        assert_eq!(meter.level(now), 0.0);
    }

    #[test]
    fn a_track_without_packets_goes_silent() {
        let start = Instant::now();
        let mut meter = LevelMeter::default();
        let now = talk(&mut meter, start, u32::MAX / 960 - 20, 60, 10, 20);
        assert!(meter.level(now + Duration::from_millis(799)) > 0.0);
        assert_eq!(meter.level(now + Duration::from_millis(800)), 0.0);
    }

    #[test]
    fn a_sender_that_starts_anew_is_heard_though_its_clock_went_back() {
        let start = Instant::now();
        let mut meter = LevelMeter::default();
        let now = talk(&mut meter, start, 1_000_000, 60, 10, 20);
        // Sixty frames of 20 ms are lost to finding out, then it counts.
        let now = talk(&mut meter, now, 0, 100, 10, 20);
        assert!(meter.level(now) > 0.0);
    }

    #[test]
    fn only_changes_are_told() {
        let mut list = SpeakerList::default();
        assert_eq!(list.changes([("a", 0.30), ("b", 0.0)]), [("a", 0.375)]);
        assert_eq!(list.changes([("a", 0.35), ("b", 0.0)]), []);
        assert_eq!(list.changes([("a", 0.35), ("b", 0.01)]), [("b", 0.125)]);
        assert_eq!(list.changes([("b", 0.01)]), [("a", 0.0)]);
        assert_eq!(list.changes([]), [("b", 0.0)]);
        assert_eq!(list.changes([]), []);
    }
}
