//! How often a publisher is asked for a key frame.

use std::time::{Duration, Instant};

/// Least time between two requests that nobody waits for in particular. Less helps a viewer after loss sooner; more spares everybody's bandwidth, since a key frame is many times a usual one.
const INTERVAL: Duration = Duration::from_millis(500);
/// A request that came less than this ago answers a newcomer as well: its key frame is still on the way.
const IN_FLIGHT: Duration = Duration::from_millis(150);
/// A request that was not answered for this long while somebody waits is taken for lost. Less mends a lost one sooner; more
/// asks nobody twice whose way is long.
const RETRY: Duration = Duration::from_millis(300);

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A new subscriber has no picture at all: never delayed.
    Newcomer,
    /// A decoder lost its way (PLI, FIR, a NACK that the store cannot answer).
    Repair,
}

/// The requests for one layer of a track.
#[derive(Debug, Default)]
pub struct KeyframeLimiter {
    asked: Option<Instant>,
    /// A key frame has come since the last request.
    answered: bool,
    due: Option<Instant>,
}

impl KeyframeLimiter {
    /// Notes a wish. True: send a request now. False: one is on the way, or [`KeyframeLimiter::poll`] will say so when it is time.
    pub fn request(&mut self, need: Need, now: Instant) -> bool {
        let Some(asked) = self.asked else {
            return self.send(now);
        };
        let since = now.saturating_duration_since(asked);
        let covered = need == Need::Newcomer && !self.answered && since < IN_FLIGHT;
        if since >= INTERVAL || need == Need::Newcomer && !covered {
            return self.send(now);
        }
        self.due = Some(asked + INTERVAL);
        false
    }

    /// Somebody still waits: makes sure that a request goes out when the last one seems lost.
    pub fn remind(&mut self, now: Instant) {
        let at = match self.asked {
            None => now,
            Some(asked) if self.answered => asked + INTERVAL,
            Some(asked) => asked + RETRY,
        };
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// True when a postponed request is to be sent now.
    pub fn poll(&mut self, now: Instant) -> bool {
        match self.due {
            Some(due) if due <= now => self.send(now),
            _ => false,
        }
    }

    /// When [`KeyframeLimiter::poll`] wants to be called.
    pub fn next_due(&self) -> Option<Instant> {
        self.due
    }

    /// A key frame has begun: whoever was waiting has it.
    pub fn keyframe_started(&mut self) {
        self.answered = true;
        self.due = None;
    }

    fn send(&mut self, now: Instant) -> bool {
        self.asked = Some(now);
        self.answered = false;
        self.due = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn repairs_are_coalesced_to_one_per_interval() {
        let start = Instant::now();
        let mut limiter = KeyframeLimiter::default();
        assert!(limiter.request(Need::Repair, start));
        assert!(!limiter.request(Need::Repair, start + 100 * MS));
        assert!(!limiter.request(Need::Repair, start + 200 * MS));
        assert_eq!(limiter.next_due(), Some(start + 500 * MS));
        assert!(!limiter.poll(start + 499 * MS));
        assert!(limiter.poll(start + 500 * MS));
        assert!(!limiter.poll(start + 2_000 * MS));
        assert!(limiter.request(Need::Repair, start + 1_000 * MS));
    }

    #[test]
    fn a_key_frame_settles_what_was_postponed() {
        let start = Instant::now();
        let mut limiter = KeyframeLimiter::default();
        assert!(limiter.request(Need::Repair, start));
        assert!(!limiter.request(Need::Repair, start + 100 * MS));
        limiter.keyframe_started();
        assert!(!limiter.poll(start + 600 * MS));
        assert_eq!(limiter.next_due(), None);
    }

    #[test]
    fn a_newcomer_never_waits() {
        let start = Instant::now();
        let mut limiter = KeyframeLimiter::default();
        assert!(limiter.request(Need::Repair, start));
        limiter.keyframe_started();
        assert!(limiter.request(Need::Newcomer, start + 10 * MS));
        // The second one is served by the key frame that the first one will bring, or by the reminder.
        assert!(!limiter.request(Need::Newcomer, start + 20 * MS));
        assert_eq!(limiter.next_due(), Some(start + 510 * MS));
        assert!(limiter.request(Need::Newcomer, start + 200 * MS));
    }

    #[test]
    fn who_waits_is_asked_for_again() {
        let start = Instant::now();
        let mut limiter = KeyframeLimiter::default();
        limiter.remind(start);
        assert!(limiter.poll(start));
        limiter.remind(start + 100 * MS);
        assert!(!limiter.poll(start + 299 * MS));
        assert!(limiter.poll(start + 300 * MS));
        limiter.keyframe_started();
        assert!(!limiter.poll(start + 2_000 * MS));
        // It came, and somebody could not begin with it.
        limiter.remind(start + 400 * MS);
        assert!(!limiter.poll(start + 799 * MS));
        assert!(limiter.poll(start + 800 * MS));
    }
}
