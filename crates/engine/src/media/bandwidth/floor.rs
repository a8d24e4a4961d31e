//! Whether everybody keeps at least the cheapest picture of each video, whatever the limit says.
//!
//! A limit that comes from a moment's trouble must not take the pictures away: an estimate can be low for many reasons, and with
//! nothing to see it does not grow. So they are paused only after losses have gone on for seconds, for no longer than a few
//! seconds without a trial, and not at all where voices alone are lost as well.

use super::LOSS_GAP;
use std::time::{Duration, Instant};

/// Losses that were reported no longer ago than this go on. Receivers tell of a video about once a second.
const EVIDENCE: Duration = Duration::from_millis(2_500);
/// How long losses go on before pictures are paused, where the path has room for less than half of them, and where for less than
/// all. Shorter spares the voice sooner; longer survives more of what passes by itself.
const CLEAR: Duration = Duration::from_secs(3);
const DOUBTFUL: Duration = Duration::from_secs(8);
/// Until the first trial of one picture, doubled by each that fails, and the longest. Shorter brings pictures back sooner;
/// longer spares the voice of those whose path stays too narrow.
const RETRY: Duration = Duration::from_secs(3);
const LONGEST_RETRY: Duration = Duration::from_secs(6);
/// No pause for this long after one that did not end the losses.
const SPARED: Duration = Duration::from_secs(60);

/// What is known about whether the cheapest pictures fit.
#[derive(Debug, Default)]
pub(super) struct Floor {
    lossy_at: Option<Instant>,
    /// Since when losses go on and the room does not suffice.
    short_since: Option<Instant>,
    /// Pictures may be paused; since then nothing was tried.
    resting_since: Option<Instant>,
    retry: Duration,
    spared_until: Option<Instant>,
}

impl Floor {
    /// Takes in heavy losses. `bare`: nothing but voices is sent. True: they come from somewhere else, pictures may come back.
    pub fn hear_loss(&mut self, now: Instant, bare: bool) -> bool {
        self.lossy_at = Some(now);
        let rests = self.resting_since.is_some_and(|at| now >= at + LOSS_GAP);
        if bare && rests {
            self.spared_until = Some(now + SPARED);
            self.resting_since = None;
        }
        bare && rests
    }

    /// Whether the cheapest pictures, which take `cheapest` bit/s, are kept. `room` is what the path has for them, `None` where
    /// that is not known.
    pub fn keeps(&mut self, now: Instant, room: Option<u64>, cheapest: u64) -> bool {
        let spared = self.spared_until.is_some_and(|until| now < until);
        let Some(room) = room.filter(|room| *room < cheapest && !spared) else {
            (self.short_since, self.resting_since) = (None, None);
            return true;
        };
        if self.resting_since.is_some() {
            return false;
        }
        if self.lossy_at.is_none_or(|at| now >= at + EVIDENCE) {
            self.short_since = None;
            return true;
        }
        let since = *self.short_since.get_or_insert(now);
        let patience = match room * 2 < cheapest {
            true => CLEAR,
            false => DOUBTFUL,
        };
        if now < since + patience {
            return true;
        }
        (self.resting_since, self.retry) = (Some(now), RETRY);
        false
    }

    /// Whether one paused picture may be tried.
    pub fn may_try(&self, now: Instant) -> bool {
        self.resting_since.is_some_and(|at| now >= at + self.retry)
    }

    /// A trial has ended. After one that went well the next may follow at once.
    pub fn tried(&mut self, now: Instant, well: bool) {
        if self.resting_since.is_none() {
            return;
        }
        self.resting_since = Some(now);
        self.retry = match well {
            true => Duration::ZERO,
            false => (self.retry * 2).clamp(RETRY, LONGEST_RETRY),
        };
    }
}
