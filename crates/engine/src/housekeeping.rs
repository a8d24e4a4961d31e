//! Slow work: layers, levels, reports, what paths carry. In parts, so that media has its turn in between.

use crate::command::TransportId;
use crate::engine::Engine;
use std::time::{Duration, Instant};

/// Levels, reports, liveness and other slow work.
const HOUSEKEEPING: Duration = Duration::from_millis(100);
/// The same while nobody is here: a server without a call had better sleep.
const IDLE_HOUSEKEEPING: Duration = Duration::from_secs(1);
/// Housekeeping that is due within this time is done before a rest, so that nobody is woken for it. More would come too often where datagrams do.
const SOON: Duration = Duration::from_millis(20);
/// With so many transports and subscriptions all of it together takes less than a tenth of a millisecond, and media need have no turn in between.
const FEW: u64 = 64;
/// Lost consent may come back in this time, as it does around an ICE restart.
const LOST_GRACE: Duration = Duration::from_secs(2);

impl Engine {
    pub(crate) fn next_housekeeping(&self) -> Instant {
        match self.housekept {
            Some((at, _)) if self.chore > 0 => at,
            // One round more when the last one has gone: figures are told after it.
            Some((at, was_busy)) if was_busy || self.is_busy() => at + HOUSEKEEPING,
            Some((at, _)) => at + IDLE_HOUSEKEEPING,
            None => self.start,
        }
    }

    fn is_busy(&self) -> bool {
        !self.transports.is_empty() || !self.tracks.is_empty()
    }

    /// For a driver that has nothing to do before `deadline`: does early what would wake it soon. True when it did, so that there may be something
    /// to take.
    pub fn rest(&mut self, now: Instant) -> bool {
        let soon = self.is_busy() && self.next_housekeeping() <= now + SOON;
        if soon {
            self.keep_house(now);
        }
        soon
    }

    /// As much of it as fits between media.
    pub(crate) fn keep_house(&mut self, now: Instant) {
        let few = self.transports.len() as u64 + self.subscription_count() <= FEW;
        while self.housekeeping(now) {
            if !few {
                return;
            }
        }
        self.housekept = Some((now, self.is_busy()));
    }

    /// The next part of it; true when there are more. Each goes over all transports or subscribers, which with thousands takes long enough
    /// for media to have its turn in between.
    fn housekeeping(&mut self, now: Instant) -> bool {
        let part = std::mem::take(&mut self.chore);
        match part {
            0 => self.forget_lost(now),
            1 => self.follow_layers(now),
            2 => self.tell_sound(now),
            3 => self.send_reports(now),
            4 => self.tell_quality(now),
            5 => self.allocate_due(now),
            6 => self.tell_wanted_layers(now),
            _ => {
                self.retry_data(now);
                return false;
            }
        }
        self.chore = part + 1;
        true
    }

    fn forget_lost(&mut self, now: Instant) {
        let lost: Vec<TransportId> = self
            .transports
            .values()
            .filter(|t| t.lost_at.is_some_and(|at| now >= at + LOST_GRACE))
            .map(|t| t.id)
            .collect();
        for id in lost {
            self.end(now, id, "lost: no ICE check came for 15 seconds".to_owned());
        }
        self.forget_expected(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::TransportRole;
    use crate::testing::engine;

    fn with_subscribers(now: Instant, count: TransportId) -> Engine {
        let all: Vec<_> = (1..=count)
            .map(|id| (id, TransportRole::Subscriber))
            .collect();
        engine(now, &all)
    }

    #[test]
    fn housekeeping_that_is_due_soon_is_done_before_a_rest() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut engine = with_subscribers(start, 3);
        engine.tick(start);
        assert_eq!(engine.next_housekeeping(), at(100));
        assert!(!engine.rest(at(79)));
        assert!(engine.rest(at(80)));
        assert_eq!(engine.next_housekeeping(), at(180));
        assert!(!engine.rest(at(80)));
    }

    #[test]
    fn an_engine_without_transports_is_not_kept_awake() {
        let start = Instant::now();
        let mut engine = with_subscribers(start, 0);
        engine.tick(start);
        assert!(!engine.rest(start + IDLE_HOUSEKEEPING - SOON / 2));
    }

    #[test]
    fn housekeeping_for_many_leaves_media_its_turn_between_its_parts() {
        let start = Instant::now();
        for (count, parts) in [(FEW as TransportId, 1), (FEW as TransportId + 1, 8)] {
            let mut engine = with_subscribers(start, count);
            let mut ticks = 0;
            while engine.next_housekeeping() <= start {
                engine.tick(start);
                ticks += 1;
            }
            assert_eq!(ticks, parts, "{count} transports");
        }
    }
}
