use super::*;
use crate::media::testing::Random;
use std::collections::VecDeque;

const MS: i64 = 1_000;

/// A sender, a line with a queue in front of it, and a receiver that tells every 50 ms what has come. Times in microseconds.
struct Path {
    start: Instant,
    now: i64,
    gcc: Gcc,
    /// bit/s of the line.
    line: i64,
    /// Longest time that packets wait for it; more are lost.
    longest: i64,
    /// Beside the line, every packet may come this much later.
    jitter: u64,
    /// One packet in so many is lost.
    loss: u64,
    free: i64,
    way: VecDeque<(i64, Told)>,
    random: Random,
    overloads: u32,
    /// What was told of losses.
    told_losses: Vec<u8>,
}

impl Path {
    fn new(line: i64) -> Path {
        Path {
            start: Instant::now(),
            now: 0,
            gcc: Gcc::default(),
            line,
            longest: 400 * MS,
            jitter: 0,
            loss: u64::MAX,
            free: 0,
            way: VecDeque::new(),
            random: Random::new(7),
            overloads: 0,
            told_losses: vec![],
        }
    }

    fn at(&self) -> Instant {
        self.start + Duration::from_micros(self.now as u64)
    }

    fn send(&mut self, bytes: u16) {
        let wait = self.free.max(self.now) - self.now;
        let lost = wait > self.longest || self.random.one_in(self.loss);
        let mut told = Told {
            sent: self.now,
            arrived: None,
            bytes,
        };
        let mut back = self.now + wait;
        if !lost {
            self.free = self.now + wait + i64::from(bytes) * 8_000_000 / self.line;
            let late = self.random.below(self.jitter * 1_000 + 1) as i64;
            back = self.free + 20 * MS + late;
            told.arrived = Some((back / 250) as u32);
        }
        self.way.push_back((back, told));
    }

    /// Frames of so many bit/s thirty times a second and a voice packet every 20 ms.
    fn run(&mut self, ms: i64, rate: i64) {
        let end = self.now + ms * MS;
        while self.now < end {
            if self.now % (33 * MS) == 0 {
                let mut left = rate * 33 / 8_000;
                while left > 0 {
                    self.send(left.min(1_100) as u16);
                    left -= 1_100;
                }
            }
            if self.now % (20 * MS) == 0 {
                self.send(120);
            }
            if self.now % (50 * MS) == 0 {
                self.feed_back();
            }
            self.now += MS;
        }
    }

    fn feed_back(&mut self) {
        let come = self
            .way
            .partition_point(|(back, _)| *back <= self.now - 20 * MS);
        let told: Vec<Told> = self.way.drain(..come).map(|(_, told)| told).collect();
        self.gcc.hear(self.at(), self.now, &told);
        self.overloads += u32::from(self.gcc.take_overload(0));
        let at = self.at();
        self.told_losses.extend(self.gcc.take_loss(at));
    }

    fn kbits(&self) -> u64 {
        self.gcc.bitrate().unwrap_or_default() / 1_000
    }

    /// Padding of so many bit/s for 60 ms; what came of it.
    fn probe(&mut self, rate: i64) -> Option<u64> {
        self.gcc.begin_probe(self.now);
        for step in 1..=12 {
            self.run(5, 0);
            self.send((rate * 5 / 8_000) as u16);
            if step == 12 {
                self.gcc.end_probe(self.now);
            }
        }
        for _ in 0..20 {
            self.run(50, 0);
            let at = self.at();
            if let Some(result) = self.gcc.take_probed(at) {
                return result;
            }
        }
        panic!("nothing was heard of the probe");
    }
}

#[test]
fn what_is_carried_without_a_queue_is_no_overload() {
    let mut path = Path::new(5_000_000);
    path.run(30_000, 1_500_000);
    assert_eq!(path.overloads, 0);
    assert!((1_500..2_500).contains(&path.kbits()), "{}", path.kbits());
    assert!(path.gcc.queue() < Duration::from_millis(10));
}

#[test]
fn a_growing_queue_is_seen_long_before_something_is_lost() {
    let mut path = Path::new(1_000_000);
    path.longest = i64::MAX;
    path.run(5_000, 700_000);
    assert_eq!(path.overloads, 0);
    // A fifth more than the line carries: the queue grows by 200 ms a second.
    let since = path.now;
    while path.overloads == 0 {
        path.run(10, 1_200_000);
        assert!(path.now < since + 1_000 * MS, "not within a second");
    }
    assert!((700..1_000).contains(&path.kbits()), "{}", path.kbits());
}

#[test]
fn a_line_that_becomes_slow_is_found_within_a_second() {
    let mut path = Path::new(5_000_000);
    path.run(10_000, 2_000_000);
    path.line = 500_000;
    path.run(1_000, 2_000_000);
    assert!((300..510).contains(&path.kbits()), "{}", path.kbits());
}

#[test]
fn packets_that_come_a_little_late_are_no_overload() {
    let mut path = Path::new(5_000_000);
    path.jitter = 8;
    path.run(60_000, 1_000_000);
    assert_eq!(path.overloads, 0);
}

#[test]
fn the_estimate_grows_while_more_is_sent_and_no_further_than_that() {
    let mut path = Path::new(5_000_000);
    path.run(5_000, 2_000_000);
    path.line = 500_000;
    path.run(2_000, 600_000);
    let low = path.kbits();
    path.line = 5_000_000;
    path.run(3_000, 300_000);
    assert!(
        path.kbits() >= low && path.kbits() < 700,
        "{}",
        path.kbits()
    );
    path.run(2_000, 2_000_000);
    assert!(path.kbits() >= 1_900, "what is carried is known at once");
}

#[test]
fn losses_are_told_once_a_second() {
    let mut path = Path::new(5_000_000);
    path.loss = 5;
    path.run(10_000, 1_000_000);
    assert!((8..=10).contains(&path.told_losses.len()));
    let all = |range: std::ops::Range<u8>| path.told_losses.iter().all(|loss| range.contains(loss));
    assert!(all(26..90), "{:?}", path.told_losses);
    // The growth waits: what arrives is not the whole of what was sent.
    assert!(path.kbits() < 1_300, "{}", path.kbits());
}

#[test]
fn a_probe_finds_what_the_line_carries() {
    let mut path = Path::new(2_000_000);
    path.run(3_000, 100_000);
    assert!(path.kbits() < 400);
    let carried = path.probe(1_000_000).unwrap();
    assert!((900_000..1_150_000).contains(&carried), "{carried}");
    assert!(path.kbits() >= 900);

    let mut path = Path::new(300_000);
    path.run(3_000, 100_000);
    let carried = path.probe(1_000_000).unwrap();
    assert!((220_000..310_000).contains(&carried), "{carried}");
    // The queue that it made is no overload.
    path.run(1_000, 100_000);
    assert_eq!(path.overloads, 0);
}

#[test]
fn a_probe_whose_packets_are_lost_shows_nothing() {
    let mut path = Path::new(300_000);
    path.longest = 0;
    path.run(3_000, 20_000);
    assert_eq!(path.probe(2_000_000), None);
}

#[test]
fn clocks_that_jump_and_feedback_that_makes_no_sense_are_borne() {
    let mut gcc = Gcc::default();
    let mut random = Random::new(3);
    let start = Instant::now();
    for round in 0..20_000 {
        let micros = round * 10 * MS;
        let told = (0..random.below(4)).map(|_| Told {
            sent: micros - random.below(3_000_000) as i64,
            arrived: (!random.one_in(4)).then(|| random.next() as u32),
            bytes: random.below(1_500) as u16,
        });
        let told: Vec<Told> = told.collect();
        let now = start + Duration::from_micros(micros as u64);
        gcc.hear(now, micros, &told);
        if random.one_in(50) {
            gcc.begin_probe(micros);
            gcc.end_probe(micros + 50 * MS);
        }
        let _ = (
            gcc.take_probed(now),
            gcc.take_loss(now),
            gcc.take_overload(0),
        );
        assert!(gcc.bitrate().is_none_or(|rate| rate >= LEAST));
        assert!(gcc.throughput.len() <= 64);
    }
}

#[test]
fn a_clock_that_runs_away_stays_a_number() {
    let (mut clock, mut ticks) = (Clock::default(), 0u32);
    for _ in 0..20_000_000 {
        ticks = ticks.wrapping_add(i32::MAX as u32);
        clock.extend(ticks);
    }
    assert_eq!(clock.extend(ticks), FARTHEST * 250);
    // Whoever has seen the beginning can still subtract.
    let mut delay = DelayMeter::default();
    delay.note(0, -FARTHEST * 250);
    delay.note(i64::from(u32::MAX), FARTHEST * 250);
}
