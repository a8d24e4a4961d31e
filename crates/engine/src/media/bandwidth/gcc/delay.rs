//! Whether a queue grows on the way: the delay between groups of packets, its trend, and the over-use detector
//! (draft-ietf-rmcat-gcc-02 section 5, with a line fitted to the delays in the place of the Kalman filter).

use std::collections::VecDeque;

/// Packets that leave within this time are one group (section 5.2), microseconds.
const BURST: i64 = 5_000;
/// A group that goes on arriving at once grows no longer than this.
const LONGEST_BURST: i64 = 100_000;
/// Clocks that jump by more than this are begun anew.
const JUMP: i64 = 3_000_000;
/// Groups that the line is fitted to. Fewer see an overload sooner; more are less moved by chance.
const WINDOW: usize = 20;
/// Share of the old in the smoothed delay.
const SMOOTHING: f64 = 0.9;
/// The slope is small; the threshold is in milliseconds.
const GAIN: f64 = 4.0;
const MOST_GROUPS: f64 = 60.0;
/// The threshold follows the trend (section 5.4), slowly upwards so that competing flows do not starve us.
const THRESHOLD: f64 = 12.5;
const LEAST_THRESHOLD: f64 = 6.0;
const MOST_THRESHOLD: f64 = 600.0;
const FOLLOW_UP: f64 = 0.0087;
const FOLLOW_DOWN: f64 = 0.039;
/// A trend that is this far away is no measure for the threshold.
const OUTLIER: f64 = 15.0;
/// The trend has to be over the threshold for so long, milliseconds.
const OVERUSE_TIME: f64 = 10.0;
/// The shortest way that was seen is remembered for one to two times this, microseconds.
const BASE_MEMORY: i64 = 10_000_000;
/// A queue that stands is one in which every packet waits for so long a time, microseconds.
const STANDING: i64 = 200_000;

/// What the delays say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Usage {
    /// The queue stays as it is.
    #[default]
    Normal,
    /// It grows.
    Over,
    /// It becomes shorter.
    Under,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    first_sent: i64,
    sent: i64,
    first_arrived: i64,
    arrived: i64,
}

/// Sees packets in the order of their sending and says whether they queue.
#[derive(Debug, Default)]
pub struct DelayMeter {
    group: Option<Group>,
    before: Option<Group>,
    groups: u32,
    accumulated: f64,
    smoothed: f64,
    /// (arrival, smoothed delay) in milliseconds.
    line: VecDeque<(f64, f64)>,
    trend: f64,
    threshold: Option<f64>,
    over_for: f64,
    over_count: u32,
    usage: Usage,
    base: Base,
    standing: Standing,
}

impl DelayMeter {
    /// A packet that was sent and has arrived at these times, in microseconds of two clocks.
    pub fn note(&mut self, sent: i64, arrived: i64) {
        let way = arrived - sent;
        let wait = self.base.wait(arrived, way);
        self.standing.note(arrived, wait);
        let Some(group) = &mut self.group else {
            self.group = Some(Group::new(sent, arrived));
            return;
        };
        if sent < group.first_sent {
            return;
        }
        if (arrived - group.arrived).abs() > JUMP || sent - group.sent > JUMP {
            *self = DelayMeter {
                threshold: self.threshold,
                group: Some(Group::new(sent, arrived)),
                ..DelayMeter::default()
            };
            return;
        }
        if group.takes(sent, arrived) {
            group.sent = group.sent.max(sent);
            group.arrived = group.arrived.max(arrived);
            return;
        }
        let done = *group;
        self.group = Some(Group::new(sent, arrived));
        if let Some(before) = self.before.replace(done) {
            self.step(&before, &done);
        }
    }

    /// What is known by now.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// How long every packet waits on the way beyond the shortest way, in microseconds. Who is late by itself, as a busy
    /// receiver, is not late for every packet.
    pub fn queue(&self) -> i64 {
        self.standing.wait
    }

    fn step(&mut self, before: &Group, group: &Group) {
        let sent = (group.sent - before.sent) as f64 / 1_000.0;
        let arrived = (group.arrived - before.arrived) as f64 / 1_000.0;
        self.groups = self.groups.saturating_add(1);
        self.accumulated += arrived - sent;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        if self.line.len() == WINDOW {
            self.line.pop_front();
        }
        let at = group.arrived as f64 / 1_000.0;
        self.line.push_back((at, self.smoothed));
        if self.line.len() == WINDOW {
            let groups = f64::from(self.groups).min(MOST_GROUPS);
            let trend = slope(&self.line) * groups * GAIN;
            self.detect(trend, sent.max(0.0));
        }
    }

    fn detect(&mut self, trend: f64, elapsed: f64) {
        let threshold = self.threshold.unwrap_or(THRESHOLD);
        let rises = trend >= self.trend;
        self.trend = trend;
        if trend > threshold {
            // At first half the time counts: nobody knows since when.
            self.over_for += if self.over_count == 0 {
                elapsed / 2.0
            } else {
                elapsed
            };
            self.over_count += 1;
            if self.over_for > OVERUSE_TIME && self.over_count > 1 && rises {
                (self.over_for, self.over_count) = (0.0, 0);
                self.usage = Usage::Over;
            }
        } else {
            (self.over_for, self.over_count) = (0.0, 0);
            self.usage = match trend < -threshold {
                true => Usage::Under,
                false => Usage::Normal,
            };
        }
        let far = trend.abs() - threshold;
        if far <= OUTLIER {
            let follow = if far < 0.0 { FOLLOW_DOWN } else { FOLLOW_UP };
            let moved = threshold + follow * far * elapsed.min(100.0);
            self.threshold = Some(moved.clamp(LEAST_THRESHOLD, MOST_THRESHOLD));
        }
    }
}

impl Group {
    fn new(sent: i64, arrived: i64) -> Group {
        Group {
            first_sent: sent,
            sent,
            first_arrived: arrived,
            arrived,
        }
    }

    /// Whether a packet belongs to it: it left with the others, or came with them although it left later.
    fn takes(&self, sent: i64, arrived: i64) -> bool {
        let late = arrived - self.arrived;
        let catches_up = late - (sent - self.sent) < 0;
        sent - self.first_sent <= BURST
            || catches_up && late <= BURST && arrived - self.first_arrived < LONGEST_BURST
    }
}

/// The slope of the line with the smallest squared distance to the points.
fn slope(points: &VecDeque<(f64, f64)>) -> f64 {
    let count = points.len() as f64;
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (x, y) = (x / count, y / count);
    let (over, under) = points.iter().fold((0.0, 0.0), |(over, under), point| {
        let from = point.0 - x;
        (over + from * (point.1 - y), under + from * from)
    });
    if under > 0.0 { over / under } else { 0.0 }
}

/// The shortest wait of each moment.
#[derive(Debug, Default)]
struct Standing {
    since: i64,
    least: Option<i64>,
    /// Of the last full moment, or less.
    wait: i64,
}

impl Standing {
    fn note(&mut self, at: i64, wait: i64) {
        let least = self.least.map_or(wait, |least| least.min(wait));
        self.wait = self.wait.min(least);
        self.least = Some(least);
        if (at - self.since).abs() >= STANDING {
            (self.since, self.wait, self.least) = (at, least, None);
        }
    }
}

/// The shortest way that was seen lately.
#[derive(Debug, Default)]
struct Base {
    since: i64,
    now: Option<i64>,
    before: Option<i64>,
}

impl Base {
    /// How much longer than the shortest a way is.
    fn wait(&mut self, at: i64, way: i64) -> i64 {
        if at - self.since > BASE_MEMORY {
            (self.since, self.before, self.now) = (at, self.now, None);
        }
        let shortest = self.now.map_or(way, |now| now.min(way));
        self.now = Some(shortest);
        way - self.before.map_or(shortest, |before| before.min(shortest))
    }
}
