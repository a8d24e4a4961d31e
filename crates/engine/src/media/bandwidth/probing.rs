//! When a path is probed for more, and how far: padding for a moment, instead of a picture that might not fit.

use std::time::{Duration, Instant};

/// From one probe to the next while they fail: at first, what each failure adds, and the most. Shorter grows back sooner; longer
/// spares a path that stays narrow: a probe fills its queue for about half of `LENGTH`.
const GAP: Duration = Duration::from_millis(1_500);
const MORE_GAP: Duration = Duration::from_millis(500);
const MOST_GAP: Duration = Duration::from_millis(2_500);
/// How long a probe is. Longer is less moved by single frames.
pub const LENGTH: Duration = Duration::from_millis(60);
/// Of the limit, how far the first probe of a row goes and how far those go that follow a success, in percent.
const FIRST_PERCENT: u64 = 150;
const NEXT_PERCENT: u64 = 200;
/// Probing for less than this shows nothing that can be used, bit/s.
const LEAST: u64 = 120_000;
/// What is wanted needs so much to be given out, in percent; more is not probed for.
const WANTED_PERCENT: u64 = 118;
/// Nothing was heard of a probe for so long: nothing will be.
const SILENCE: Duration = Duration::from_millis(1_500);
/// A queue that is longer than this has to empty first.
const QUEUE: Duration = Duration::from_millis(40);

/// Decides about probes of one path.
#[derive(Debug, Default)]
pub struct Probing {
    /// bit/s, and when it began.
    current: Option<(u64, Instant)>,
    /// Not before.
    due: Option<Instant>,
    gap: Duration,
    /// The last one succeeded.
    rises: bool,
}

impl Probing {
    /// The rate to be probed for now, if any: `limit` is what the path is known to carry and `wanted` what would be sent, in bit/s;
    /// `queue` is how long packets wait on the way.
    pub fn begin(&mut self, now: Instant, limit: u64, wanted: u64, queue: Duration) -> Option<u64> {
        let wanted = wanted.saturating_mul(WANTED_PERCENT) / 100;
        let due = self.due.is_none_or(|due| now >= due);
        if self.current.is_some() || wanted <= limit || !due || queue > QUEUE {
            return None;
        }
        let percent = if self.rises {
            NEXT_PERCENT
        } else {
            FIRST_PERCENT
        };
        let rate = (limit.saturating_mul(percent) / 100).max(LEAST).min(wanted);
        self.current = Some((rate, now));
        Some(rate)
    }

    /// The probe has shown what the path carries, in bit/s, or nothing.
    pub fn ended(&mut self, now: Instant, carried: Option<u64>) {
        let Some((rate, _)) = self.current.take() else {
            return;
        };
        self.rises = carried.is_some_and(|carried| carried >= rate - rate / 8);
        self.gap = match self.rises {
            true => Duration::ZERO,
            false => (self.gap + MORE_GAP).clamp(GAP, MOST_GAP),
        };
        self.due = Some(now + self.gap);
    }

    /// An overload was found: what has been shown holds no more.
    pub fn hold(&mut self, now: Instant) {
        self.rises = false;
        self.due = self.due.max(Some(now + GAP));
    }

    /// Whether nobody tells what came of the probe. It is over then.
    pub fn is_unheard(&mut self, now: Instant) -> bool {
        let unheard = self
            .current
            .is_some_and(|(_, since)| now >= since + SILENCE);
        if unheard {
            self.ended(now, None);
        }
        unheard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALM: Duration = Duration::ZERO;

    #[test]
    fn successes_follow_each_other_and_failures_wait() {
        let mut now = Instant::now();
        let mut probing = Probing::default();
        assert_eq!(probing.begin(now, 400_000, 2_000_000, CALM), Some(600_000));
        assert_eq!(probing.begin(now, 400_000, 2_000_000, CALM), None, "one");
        probing.ended(now, Some(590_000));
        assert_eq!(
            probing.begin(now, 590_000, 2_000_000, CALM),
            Some(1_180_000)
        );
        probing.ended(now, Some(700_000));
        let mut waits = vec![];
        for _ in 0..4 {
            let since = now;
            while probing.begin(now, 700_000, 2_000_000, CALM).is_none() {
                now += Duration::from_millis(100);
            }
            waits.push((now - since).as_millis());
            probing.ended(now, None);
        }
        assert_eq!(waits, [1_500, 2_000, 2_500, 2_500]);
    }

    #[test]
    fn no_more_is_probed_for_than_is_wanted() {
        let now = Instant::now();
        let mut probing = Probing::default();
        assert_eq!(probing.begin(now, 1_200_000, 1_000_000, CALM), None);
        assert_eq!(
            probing.begin(now, 900_000, 1_000_000, CALM),
            Some(1_180_000)
        );
        probing.ended(now, None);
        let later = now + GAP;
        assert_eq!(probing.begin(later, 20_000, 1_000_000, CALM), Some(LEAST));
    }

    #[test]
    fn queues_empty_first() {
        let now = Instant::now();
        let mut probing = Probing::default();
        assert_eq!(probing.begin(now, 1, 1_000_000, 2 * QUEUE), None);
        probing.hold(now);
        assert_eq!(probing.begin(now, 1, 1_000_000, CALM), None);
        assert!(probing.begin(now + GAP, 1, 1_000_000, CALM).is_some());
    }

    #[test]
    fn a_probe_of_which_nobody_tells_is_over() {
        let now = Instant::now();
        let mut probing = Probing::default();
        probing.begin(now, 1, 1_000_000, CALM);
        assert!(!probing.is_unheard(now) && probing.is_unheard(now + SILENCE));
        assert!(!probing.is_unheard(now + SILENCE));
    }
}
