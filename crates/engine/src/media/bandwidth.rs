//! How much the path to a subscriber carries: what its estimator says, held against the losses it reports, and when more may
//! be tried.
//!
//! An estimator sees only what is sent, so it never promises much more than that. What it says is therefore no limit until it
//! has seen an overload; from then on the limit follows it, and the way up beyond it is by trying one step and watching.

mod cluster;
mod floor;
mod gcc;
mod probing;
mod remb;
#[cfg(test)]
mod tests;

use floor::Floor;
pub use gcc::{Gcc, Told};
pub use probing::{LENGTH as PROBE_LENGTH, Probing};
pub use remb::Remb;

use std::time::{Duration, Instant};

/// Spent on a path of which nothing is known yet, bit/s: a first picture of middling size. It doubles every `OPENING` while
/// nothing speaks against it. More shows large pictures sooner; less spares slow paths a rush when somebody comes.
const START: u64 = 1_000_000;
const OPENING: Duration = Duration::from_millis(700);
/// After an overload nobody gets more for this long: queues must empty first.
const HOLD: Duration = Duration::from_secs(2);
/// Between two rises, so that the first one's effect is seen.
const RISE_GAP: Duration = Duration::from_secs(1);
/// A step beyond the limit that was borne for this long, while the estimate grew, has shown that the path carries it.
const PROBE_TIME: Duration = Duration::from_secs(2);
/// Quiet time before the first such step, and the most it becomes by failing, for a step that reaches just to the limit; wider
/// ones wait longer in proportion. Shorter grows back sooner after a short congestion; longer disturbs less on a path that
/// stays slow.
const PATIENCE: Duration = Duration::from_secs(3);
const MOST_PATIENCE: Duration = Duration::from_secs(8);
/// An estimate below what is sent grows by several percent a second if the path carries it. One that stands still for this
/// long is what the path carries.
const STANDSTILL: Duration = Duration::from_millis(1_600);
/// Losses that are taken for an overload, for no reason to rise, and for none to worry, in 1/256
/// (draft-ietf-rmcat-gcc-02 section 6).
const HEAVY_LOSS: u8 = 26;
const SOME_LOSS: u8 = 5;
/// Packets asked for again that end the trial of a picture. A few may have been lost by chance; of a better picture, where more is sent, as
/// many as are a heavy loss.
const MANY_MISSING: usize = 10;
/// A packet of a picture of usual size, in bits.
pub const PACKET_BITS: u64 = 8 * 1_000;
/// After an overload the losses that are reported are still those of what was sent before it.
const LOSS_GAP: Duration = Duration::from_secs(2);

/// Something that says what a path carries.
pub trait Estimator {
    /// It finds every overload by itself and hears from probes what more would do. Otherwise an estimate that does not follow what
    /// is sent is taken for an overload, and only trying shows what more would do.
    const MEASURES: bool;

    /// bit/s; `None` before the first estimate.
    fn bitrate(&self) -> Option<u64>;

    /// Whether the path was found overloaded since the last call. `sent` is what goes out, in bit/s.
    fn take_overload(&mut self, sent: u64) -> bool;
}

/// The budget of one path.
#[derive(Debug, Default)]
pub struct Budget {
    opened: Option<Instant>,
    /// bit/s; `None` until an overload was seen.
    limit: Option<u64>,
    /// bit/s of the voices when it was last looked at.
    voice: u64,
    /// No rise before.
    held_until: Option<Instant>,
    /// Since when nothing spoke against trying more.
    quiet_since: Option<Instant>,
    patience: Duration,
    probe: Option<Probe>,
    /// The last estimate that was clearly above the one before, and when it came.
    grown: Option<(Instant, u64)>,
    lossy_until: Option<Instant>,
    overloaded_at: Option<Instant>,
    /// Until when queues are still to become empty after an overload.
    full_until: Option<Instant>,
    floor: Floor,
}

#[derive(Debug, Clone, Copy)]
struct Probe {
    since: Instant,
    /// bit/s with the step, and what of it were voices.
    rate: u64,
    voice: u64,
    /// The estimate before it.
    estimate: Option<u64>,
    /// Packets that were asked for again meanwhile.
    missing: usize,
    /// It brings back a picture. Losses alone speak against that: an estimate that saw no pictures knows nothing of them.
    picture: bool,
}

impl Probe {
    /// bit/s that are known to fit when it has gone well, voices being now so many.
    fn borne(&self, voice: u64) -> u64 {
        let spoken = match self.picture {
            true => voice.saturating_sub(self.voice),
            false => 0,
        };
        self.rate
            .saturating_add(self.rate / 8)
            .saturating_add(spoken)
    }

    /// Packets that may be missing by `now` without speaking against it.
    fn bears_missing(&self, now: Instant) -> usize {
        if self.picture {
            return MANY_MISSING;
        }
        let bits = self
            .rate
            .saturating_mul(now.saturating_duration_since(self.since).as_millis() as u64)
            / 1_000;
        let heavy = bits / PACKET_BITS * u64::from(HEAVY_LOSS) / 256;
        MANY_MISSING.max(heavy.min(1 << 20) as usize)
    }
}

impl Budget {
    /// What may be sent, in bit/s, voices included, which are `voice`.
    pub fn available(&mut self, now: Instant, voice: u64) -> u64 {
        self.voice = voice;
        // Not every receiver has an estimate to tell; then no news are good news.
        let silent = self.probe.filter(|p| now >= p.since + 2 * PROBE_TIME);
        if let Some(probe) = silent {
            self.borne(now, probe);
        }
        let opened = *self.opened.get_or_insert(now);
        let Some(limit) = self.limit else {
            let doubled = now.saturating_duration_since(opened).as_millis() / OPENING.as_millis();
            return START << doubled.min(30);
        };
        // What is tried varies by itself, and somebody may begin to speak: neither must end the trial of a picture.
        let probed = self.probe.map_or(0, |probe| probe.borne(voice));
        limit.max(probed)
    }

    /// Whether everybody keeps at least the cheapest picture, which takes `cheapest` bit/s for all of them, whatever is available.
    pub fn keeps_pictures(&mut self, now: Instant, voice: u64, cheapest: u64) -> bool {
        let room = self.limit.map(|limit| limit.saturating_sub(voice));
        self.floor.keeps(now, room, cheapest)
    }

    /// Whether a paused picture may be tried, whatever it costs.
    pub fn may_try_picture(&self, now: Instant) -> bool {
        self.probe.is_none() && self.floor.may_try(now)
    }

    /// bit/s; `None` until an overload was seen.
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// Whether an overload was seen just now: queues are still to become empty.
    pub fn is_overloaded(&self, now: Instant) -> bool {
        self.full_until.is_some_and(|until| now < until)
    }

    /// Whether nothing is known of the path yet.
    pub fn is_guess(&self) -> bool {
        self.limit.is_none()
    }

    /// Takes in what the estimator says; `sent` is what goes out now, in bit/s. True: the path is overloaded, look at once.
    pub fn hear<E: Estimator>(&mut self, now: Instant, estimator: &mut E, sent: u64) -> bool {
        let Some(estimate) = estimator.bitrate() else {
            return false;
        };
        let overload =
            estimator.take_overload(sent) || !E::MEASURES && self.stands_still(now, estimate, sent);
        if overload && !self.probe.is_some_and(|probe| probe.picture) {
            self.grown = Some((now, estimate));
            self.overloaded(now, estimate);
            return true;
        }
        let lossy = self.lossy_until.is_some_and(|until| now < until);
        if let Some(limit) = self.limit.as_mut().filter(|_| !lossy) {
            *limit = estimate.max(*limit);
        }
        let borne = self.probe.filter(|probe| now >= probe.since + PROBE_TIME);
        borne.is_some_and(|probe| self.end_probe(now, probe, estimate))
    }

    /// Whether a report that covers the time since `began` says nothing of the step that is being tried: voices are reported every
    /// five seconds, and the first report of a picture that was paused counts what was lost before the pause.
    pub fn is_past(&self, began: Option<Instant>) -> bool {
        let began = self.probe.zip(began);
        began.is_some_and(|(probe, began)| began < probe.since)
    }

    /// So many packets are asked for again. True: what is being tried does not fit, look at once. Reports come seldom, and until then
    /// voices are lost with it.
    pub fn hear_missing(&mut self, now: Instant, count: usize) -> bool {
        let Some(probe) = self.probe.as_mut() else {
            return false;
        };
        probe.missing += count;
        let (many, rate) = (probe.missing >= probe.bears_missing(now), probe.rate);
        if many {
            let limit = self.limit.unwrap_or(rate);
            self.overloaded(now, limit);
        }
        many
    }

    /// Takes in the share lost of one stream, in 1/256. `sent` is what goes out, `voice` what of it are voices, in bit/s. True:
    /// look at once.
    pub fn hear_loss(&mut self, now: Instant, fraction: u8, sent: u64, voice: u64) -> bool {
        if fraction < SOME_LOSS {
            return false;
        }
        self.hold(now);
        if fraction < HEAVY_LOSS {
            return false;
        }
        let bare = sent <= voice;
        let elsewhere = self.floor.hear_loss(now, bare);
        if bare {
            return elsewhere;
        }
        if self.overloaded_at.is_some_and(|at| now < at + LOSS_GAP) {
            self.full_until = Some(now + HOLD);
            return false;
        }
        self.lossy_until = Some(now + HOLD);
        let left = 512 - u64::from(fraction);
        // What a step beyond the limit loses says nothing against the limit.
        let limit = match (self.limit, self.probe) {
            (Some(limit), Some(probe)) if probe.rate > limit => limit,
            (limit, _) => limit.unwrap_or(sent).min(sent) * left / 512,
        };
        self.overloaded(now, limit);
        true
    }

    /// Whether more may be given out within the budget.
    pub fn may_rise(&self, now: Instant) -> bool {
        self.held_until.is_none_or(|until| now >= until) && self.probe.is_none()
    }

    /// How far one step beyond the budget may reach now, in bit/s. `None`: not now. The longer nothing spoke against it, the
    /// further, so that even a video which only comes in one large size gets its trial. `least` bit/s are given out in any case.
    pub fn reach(&self, now: Instant, least: u64) -> Option<u64> {
        let quiet = now.saturating_duration_since(self.quiet_since?);
        let patience = self.patience.max(PATIENCE);
        let times = quiet.as_millis() / patience.as_millis();
        let due = times > 0 && self.may_rise(now);
        due.then(|| self.limit.unwrap_or(START).max(least) << times.min(16))
    }

    /// Somebody got more, within the budget.
    pub fn rose(&mut self, now: Instant) {
        if self.limit.is_some() {
            self.held_until = Some(now + RISE_GAP);
        }
    }

    /// Somebody got more, beyond the budget: `rate` bit/s go out now. `picture`: a paused one came back.
    pub fn probed(&mut self, now: Instant, rate: u64, picture: bool) {
        let estimate = self.grown.map(|(_, estimate)| estimate);
        self.probe = Some(Probe {
            since: now,
            rate,
            voice: self.voice,
            estimate,
            missing: 0,
            picture,
        });
        self.grown = estimate.map(|estimate| (now, estimate));
    }

    /// Whether the estimate neither reaches what is sent nor comes nearer.
    fn stands_still(&mut self, now: Instant, estimate: u64, sent: u64) -> bool {
        match self.grown {
            Some((since, before)) if estimate <= before + before / 50 => {
                estimate < sent - sent / 10 && now >= since + STANDSTILL
            }
            _ => {
                self.grown = Some((now, estimate));
                false
            }
        }
    }

    /// True: the path did not bear the step.
    fn end_probe(&mut self, now: Instant, probe: Probe, estimate: u64) -> bool {
        let grew = |before: u64| estimate > before + before / 20;
        let follows = probe.estimate.is_none_or(grew);
        if estimate < probe.rate && !follows && !probe.picture {
            self.overloaded(now, estimate);
            return true;
        }
        self.borne(now, probe);
        false
    }

    fn borne(&mut self, now: Instant, probe: Probe) {
        self.probe = None;
        self.floor.tried(now, true);
        self.patience = PATIENCE;
        // What has gone well once may be tried further at once.
        self.quiet_since = now.checked_sub(PATIENCE);
        self.limit = self.limit.map(|limit| limit.max(probe.borne(self.voice)));
    }

    fn overloaded(&mut self, now: Instant, limit: u64) {
        if let Some(probe) = self.probe.take() {
            self.floor.tried(now, false);
            let most = MOST_PATIENCE.mul_f64(probe.rate as f64 / limit.clamp(1, probe.rate) as f64);
            self.patience = (self.patience.max(PATIENCE) * 2).min(most);
        }
        self.limit = Some(limit);
        self.overloaded_at = Some(now);
        self.full_until = Some(now + HOLD);
        self.hold(now);
    }

    fn hold(&mut self, now: Instant) {
        self.held_until = Some(now + HOLD);
        self.quiet_since = Some(now);
    }
}
