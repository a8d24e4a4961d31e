//! The estimate from transport-wide feedback (draft-ietf-rmcat-gcc-02): what arrives how late says whether a queue grows, long before
//! something is lost.

mod delay;
#[cfg(test)]
mod tests;
mod throughput;

use super::Estimator;
use super::cluster::Cluster;
use delay::DelayMeter;
pub use delay::Usage;
use std::time::{Duration, Instant};
use throughput::Throughput;

/// Of what arrives, so much is left after an over-use (section 5.5).
const BACK_OFF: f64 = 0.85;
/// Growth a second while nothing speaks against it.
const GROWTH: f64 = 0.08;
/// An estimate is no more than this times what arrives, and this many bit/s: nobody knows what more would do.
const REACH: f64 = 1.5;
const REACH_MORE: u64 = 10_000;
/// Lower is not of use even to a voice.
const LEAST: u64 = 30_000;
/// Where every packet waits longer than this nothing grows, and where it waits as long as that there is an over-use.
const QUEUE: Duration = Duration::from_millis(40);
const LONG_QUEUE: Duration = Duration::from_millis(100);
/// From one reduction to the next: before that the first one's effect is not seen.
const SETTLING: Duration = Duration::from_millis(250);
/// A longer one is a queue.
const LONGEST_ROUND_TRIP: Duration = Duration::from_millis(200);
/// Losses are counted over this long and so many packets at least.
const LOSS_TIME: Duration = Duration::from_millis(1_000);
const LOSS_PACKETS: u32 = 20;
/// Without growth where more than this is lost, in 1/256 (section 6).
const SOME_LOSS: u8 = 5;

/// Ticks that a clock may get away from where it began: nine thousand years, but clients may tell of as many as they like.
const FARTHEST: i64 = 1 << 50;

/// What feedback tells of one packet; times are in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// On our clock.
    pub sent: i64,
    /// Ticks of 250 us on the receiver's clock, modulo 2^32. `None`: it has not come.
    pub arrived: Option<u32>,
    /// Bytes of the datagram.
    pub bytes: u16,
}

/// The estimator of one path.
#[derive(Debug, Default)]
pub struct Gcc {
    clock: Clock,
    delay: DelayMeter,
    throughput: Throughput,
    losses: Losses,
    bitrate: Option<u64>,
    grown_at: Option<Instant>,
    reduced_at: Option<Instant>,
    /// A probe may have made a queue that says nothing of the rest.
    probed_at: Option<Instant>,
    overload: bool,
    round_trip: Duration,
    cluster: Option<Cluster>,
}

impl Gcc {
    /// Takes in one message; `micros` is `now` on the clock of the packets' send times.
    pub fn hear(&mut self, now: Instant, micros: i64, told: &[Told]) {
        let mut newest = None;
        for packet in told {
            newest = newest.max(Some(packet.sent));
            let arrived = packet.arrived.map(|ticks| self.clock.extend(ticks));
            if let Some(cluster) = &mut self.cluster {
                cluster.note(packet.sent, arrived, packet.bytes);
            }
            self.losses.note(arrived.is_none());
            if let Some(arrived) = arrived {
                self.delay.note(packet.sent, arrived);
                self.throughput.note(arrived, packet.bytes);
            }
        }
        if let Some(sent) = newest {
            let way = u64::try_from(micros - sent).unwrap_or_default();
            self.round_trip = Duration::from_micros(way).min(LONGEST_ROUND_TRIP);
            self.judge(now);
        }
    }

    fn judge(&mut self, now: Instant) {
        let Some(arrives) = self.throughput.rate() else {
            return;
        };
        let since = self.grown_at.replace(now);
        let usage = match self.delay.usage() {
            // A queue that is full grows no longer.
            Usage::Normal if self.queue() > LONG_QUEUE => Usage::Over,
            usage => usage,
        };
        match usage {
            Usage::Over => {
                let settled = SETTLING + self.round_trip;
                let before = self.reduced_at.max(self.probed_at);
                if self.cluster.is_none() && before.is_none_or(|at| now >= at + settled) {
                    self.reduced_at = Some(now);
                    let left = ((arrives as f64 * BACK_OFF) as u64).max(LEAST);
                    self.bitrate = Some(self.bitrate.map_or(left, |bitrate| bitrate.min(left)));
                    self.overload = true;
                }
            }
            // Queues empty first.
            Usage::Under => {}
            Usage::Normal if self.queue() > QUEUE || self.losses.lately > SOME_LOSS => {}
            Usage::Normal => {
                let bitrate = self.bitrate.unwrap_or_default();
                let elapsed = since.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
                let growth = GROWTH * elapsed.as_secs_f64().min(1.0);
                let most = (arrives as f64 * REACH) as u64 + REACH_MORE;
                let grown = (bitrate as f64 * (1.0 + growth)) as u64;
                // What arrives without a queue is carried.
                self.bitrate = Some(grown.min(most.max(bitrate)).max(arrives).max(LEAST));
            }
        }
    }

    /// How long every packet waits on the way by now.
    pub fn queue(&self) -> Duration {
        Duration::from_micros(self.delay.queue().unsigned_abs())
    }

    /// The share lost, in 1/256, once for each time it was counted.
    pub fn take_loss(&mut self, now: Instant) -> Option<u8> {
        self.losses.take(now)
    }

    /// What is sent from now on is a probe of the path; times are in microseconds of our clock.
    pub fn begin_probe(&mut self, from: i64) {
        self.cluster = Some(Cluster::new(from));
    }

    /// The last packet of the probe leaves.
    pub fn end_probe(&mut self, until: i64) {
        self.cluster
            .iter_mut()
            .for_each(|cluster| cluster.close(until));
    }

    /// What came of the probe, in bit/s, when that is known: once.
    pub fn take_probed(&mut self, now: Instant) -> Option<Option<u64>> {
        let result = self.cluster.as_ref()?.result()?;
        self.cluster = None;
        self.probed_at = Some(now);
        self.bitrate = self.bitrate.max(result);
        Some(result)
    }

    /// Nobody told what came of the probe.
    pub fn give_up(&mut self) {
        self.cluster = None;
    }
}

impl Estimator for Gcc {
    const MEASURES: bool = true;

    fn bitrate(&self) -> Option<u64> {
        self.bitrate
    }

    fn take_overload(&mut self, _sent: u64) -> bool {
        std::mem::take(&mut self.overload)
    }
}

/// Makes one line of the receiver's ticks, in microseconds.
#[derive(Debug, Default)]
struct Clock {
    last: Option<(u32, i64)>,
}

impl Clock {
    fn extend(&mut self, ticks: u32) -> i64 {
        let time = match self.last {
            Some((last, time)) => time + i64::from(ticks.wrapping_sub(last) as i32),
            None => 0,
        };
        let time = time.clamp(-FARTHEST, FARTHEST);
        self.last = Some((ticks, time));
        time * 250
    }
}

#[derive(Debug, Default)]
struct Losses {
    since: Option<Instant>,
    lost: u32,
    packets: u32,
    /// In 1/256.
    lately: u8,
}

impl Losses {
    fn note(&mut self, lost: bool) {
        self.packets += 1;
        self.lost += u32::from(lost);
    }

    fn take(&mut self, now: Instant) -> Option<u8> {
        let since = *self.since.get_or_insert(now);
        if now < since + LOSS_TIME || self.packets < LOSS_PACKETS {
            return None;
        }
        let share = (u64::from(self.lost) * 256 / u64::from(self.packets)).min(255) as u8;
        *self = Losses {
            since: Some(now),
            lately: share,
            ..Losses::default()
        };
        Some(share)
    }
}
