//! The wire between a client and the engine, one direction: it loses, delays, holds back, doubles and queues, by a seed.
//!
//! What is drawn for one packet does not depend on others of the same moment, and what is drawn for pictures not on how many STUN checks
//! there were: orders that the system's randomness leaves open must not become another run.

use crate::random::Random;
use engine::ids::IdMap;
use engine::media::demux::{Class, classify};
use std::time::{Duration, Instant};

/// How datagrams are lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    None,
    /// Each with this share, 0 to 1.
    Uniform(f64),
    /// Gilbert-Elliott: in the bad state `lost` of all are lost; `enter` and `leave` are the chances of a change every 5 ms.
    Bursts {
        enter: f64,
        leave: f64,
        lost: f64,
    },
}

/// What a wire does to datagrams.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    pub loss: Loss,
    pub delay: Duration,
    /// At most this much is added to the delay; the order stays.
    pub jitter: Duration,
    /// Share that is held back for `hold`, so that others pass it.
    pub reorder: f64,
    pub hold: Duration,
    /// Share that comes twice.
    pub duplicate: f64,
    /// Bits a second and bytes that may wait for their turn.
    pub rate: Option<(u64, u64)>,
    /// Whether DTLS suffers too. Its retransmission timers are jittered from the system's randomness, so a run in which handshakes
    /// are lost is not the same run next time.
    pub handshakes: bool,
}

impl Default for Conditions {
    fn default() -> Self {
        Conditions {
            loss: Loss::None,
            delay: Duration::from_millis(10),
            jitter: Duration::ZERO,
            reorder: 0.0,
            hold: Duration::from_millis(30),
            duplicate: 0.0,
            rate: None,
            handshakes: false,
        }
    }
}

impl Conditions {
    pub fn losing(share: f64) -> Self {
        Conditions {
            loss: Loss::Uniform(share),
            ..Conditions::default()
        }
    }

    fn leaves_to_chance(&self) -> bool {
        self.loss != Loss::None || self.reorder + self.duplicate > 0.0
    }
}

/// DTLS datagrams are charged as one size to the rate: signatures vary by a byte or two from run to run.
const HANDSHAKE_BYTES: usize = 600;

/// What TCP waits beyond a round trip before it sends something again.
const AGAIN: Duration = Duration::from_millis(20);
/// The weather on a wire changes in steps of this.
const SLOT: Duration = Duration::from_millis(5);
/// RTP packets told apart by what they are; beyond that all is forgotten.
const KNOWN: usize = 512;

#[derive(Debug)]
pub struct Wire {
    pub conditions: Conditions,
    /// Datagrams so far, and those for which the queue had no room.
    pub offered: u64,
    pub refused: u64,
    random: Random,
    classes: [Random; 3],
    /// How often a packet with this payload type, timestamp and length has passed.
    known: IdMap<(u8, u32, usize), u64>,
    slot: Instant,
    weather: Random,
    /// The bad state of `Loss::Bursts`.
    bad: bool,
    late: Duration,
    free_at: Option<Instant>,
    last: Option<Instant>,
}

impl Wire {
    pub fn new(conditions: Conditions, random: &Random, now: Instant) -> Self {
        Wire {
            conditions,
            offered: 0,
            refused: 0,
            random: random.fork(0),
            classes: [1, 2, 3].map(|class| random.fork(class)),
            known: IdMap::default(),
            slot: now,
            weather: random.fork(4),
            bad: false,
            late: Duration::ZERO,
            free_at: None,
            last: None,
        }
    }

    /// When the datagram arrives: never, once or twice.
    pub fn pass(&mut self, now: Instant, bytes: &[u8]) -> [Option<Instant>; 2] {
        let class = classify(bytes);
        let handshake = matches!(class, Class::Dtls | Class::Other);
        let conditions = self.conditions;
        if handshake && !conditions.handshakes {
            return [Some(now + conditions.delay), None];
        }
        self.change_weather(now);
        let [lost, held, twice] = match conditions.leaves_to_chance() {
            true => self.draw(class, bytes),
            false => [false; 3],
        };
        let size = if handshake {
            HANDSHAKE_BYTES
        } else {
            bytes.len()
        };
        let Some(leaves) = self.queue(now, size).filter(|_| !lost) else {
            return [None; 2];
        };
        let mut arrives = leaves + conditions.delay + self.late;
        if held {
            arrives += conditions.hold;
        } else {
            arrives = self.last.map_or(arrives, |last| arrives.max(last));
            self.last = Some(arrives);
        }
        [Some(arrives), twice.then_some(arrives)]
    }

    /// When bytes of a TCP stream have left, and when they arrive. Nothing is lost: it is sent again, and what follows waits for it.
    pub fn carry(&mut self, now: Instant, size: usize) -> (Instant, Instant) {
        self.change_weather(now);
        let conditions = self.conditions;
        let mut leaves = now;
        if let Some((rate, _)) = conditions.rate {
            let begins = self.free_at.map_or(now, |free| free.max(now));
            leaves = begins + Duration::from_micros(size as u64 * 8_000_000 / rate.max(1));
            self.free_at = Some(leaves);
        }
        let lost = match conditions.loss {
            Loss::None => false,
            Loss::Uniform(share) => self.classes[2].chance(share),
            Loss::Bursts { lost, .. } => self.classes[2].chance(lost) && self.bad,
        };
        let mut arrives = leaves + conditions.delay + self.late;
        if lost {
            arrives += 2 * conditions.delay + AGAIN;
        }
        arrives = self.last.map_or(arrives, |last| arrives.max(last));
        self.last = Some(arrives);
        (leaves, arrives)
    }

    /// Whether a datagram is lost, held back, and comes twice.
    fn draw(&mut self, class: Class, bytes: &[u8]) -> [bool; 3] {
        let conditions = self.conditions;
        // RTP by what it is: of two packets of one moment each has its own fate, whichever comes first.
        let mut identity;
        let random = match class {
            Class::Rtp => {
                identity = self.identity(bytes);
                &mut identity
            }
            Class::Rtcp => &mut self.classes[0],
            Class::Stun => &mut self.classes[1],
            Class::Dtls | Class::Other => &mut self.classes[2],
        };
        let lost = match conditions.loss {
            Loss::None => false,
            Loss::Uniform(share) => random.chance(share),
            Loss::Bursts { lost, .. } => random.chance(lost) && self.bad,
        };
        let held = random.chance(conditions.reorder);
        [lost, held, random.chance(conditions.duplicate)]
    }

    fn identity(&mut self, bytes: &[u8]) -> Random {
        let timestamp = bytes.get(4..8).and_then(|bytes| bytes.first_chunk());
        let timestamp = timestamp.map_or(0, |bytes| u32::from_be_bytes(*bytes));
        let kind = bytes.get(1).copied().unwrap_or_default();
        if self.known.len() > KNOWN {
            self.known.clear();
        }
        let count = self
            .known
            .entry((kind, timestamp, bytes.len()))
            .or_default();
        *count += 1;
        let what = self
            .random
            .fork(u64::from(kind) << 32 | u64::from(timestamp));
        what.fork((bytes.len() as u64) << 32 | *count)
    }

    /// Whether losses come now and how late all is.
    fn change_weather(&mut self, now: Instant) {
        let Conditions { loss, jitter, .. } = self.conditions;
        let still = jitter.is_zero() && !matches!(loss, Loss::Bursts { .. });
        if still {
            (self.slot, self.late, self.bad) = (now, Duration::ZERO, false);
            return;
        }
        while self.slot + SLOT <= now {
            self.slot += SLOT;
            self.late = self.weather.time(jitter);
            if let Loss::Bursts { enter, leave, .. } = loss {
                self.bad ^= self.weather.chance(if self.bad { leave } else { enter });
            }
        }
    }

    /// When the datagram has left for the wire; None where the queue has no room.
    fn queue(&mut self, now: Instant, size: usize) -> Option<Instant> {
        self.offered += 1;
        let Some((rate, room)) = self.conditions.rate else {
            return Some(now);
        };
        let begins = self.free_at.map_or(now, |free| free.max(now));
        let waiting = (begins - now).as_secs_f64() * rate as f64 / 8.0;
        if waiting as u64 > room {
            self.refused += 1;
            return None;
        }
        let leaves = begins + Duration::from_micros(size as u64 * 8_000_000 / rate.max(1));
        self.free_at = Some(leaves);
        Some(leaves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(conditions: Conditions, count: u64, size: usize) -> Vec<Option<Duration>> {
        let start = Instant::now();
        let mut wire = Wire::new(conditions, &Random::new(5), start);
        let mut datagram = vec![0x80; size];
        let sent = (0..count).map(|i| {
            let at = start + Duration::from_millis(i);
            datagram[4..8].copy_from_slice(&(i as u32).to_be_bytes());
            wire.pass(at, &datagram)[0].map(|arrives| arrives - start)
        });
        sent.collect()
    }

    fn lost(arrivals: &[Option<Duration>]) -> usize {
        arrivals.iter().filter(|arrival| arrival.is_none()).count()
    }

    #[test]
    fn the_same_seed_is_the_same_wire() {
        let conditions = Conditions {
            jitter: Duration::from_millis(9),
            reorder: 0.1,
            ..Conditions::losing(0.2)
        };
        let first = run(conditions, 5_000, 100);
        assert_eq!(first, run(conditions, 5_000, 100));
        assert!((900..1_100).contains(&lost(&first)), "{}", lost(&first));
    }

    #[test]
    fn bursts_lose_in_a_row() {
        let loss = Loss::Bursts {
            enter: 0.01,
            leave: 0.2,
            lost: 0.9,
        };
        let arrivals = run(
            Conditions {
                loss,
                ..Conditions::default()
            },
            20_000,
            100,
        );
        let share = lost(&arrivals) as f64 / 20_000.0;
        // 1 / 21 of the time is bad.
        assert!((0.03..0.06).contains(&share), "{share}");
        let again = arrivals
            .windows(2)
            .filter(|pair| pair[0].is_none() && pair[1].is_none());
        assert!(again.count() * 2 > lost(&arrivals));
    }

    #[test]
    fn jitter_keeps_the_order_and_reordering_does_not() {
        let jitter = Conditions {
            jitter: Duration::from_millis(20),
            ..Conditions::default()
        };
        let arrivals: Vec<Duration> = run(jitter, 1_000, 100).into_iter().flatten().collect();
        assert!(arrivals.is_sorted());
        let reorder = Conditions {
            reorder: 0.05,
            ..Conditions::default()
        };
        let arrivals: Vec<Duration> = run(reorder, 1_000, 100).into_iter().flatten().collect();
        assert!(!arrivals.is_sorted());
    }

    #[test]
    fn a_full_queue_drops_and_a_rate_delays() {
        // 800 kbit/s offered, 400 carried, a tenth of a second of room.
        let conditions = Conditions {
            rate: Some((400_000, 5_000)),
            ..Conditions::default()
        };
        let arrivals = run(conditions, 2_000, 100);
        assert!(
            (900..1_100).contains(&lost(&arrivals)),
            "{}",
            lost(&arrivals)
        );
        let waited = arrivals.iter().enumerate().filter_map(|(i, arrival)| {
            Some((*arrival)? - Duration::from_millis(i as u64) - conditions.delay)
        });
        let longest = waited.max().unwrap_or_default();
        assert!((90..=110).contains(&longest.as_millis()), "{longest:?}");
    }
}
