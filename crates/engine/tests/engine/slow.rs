//! A subscriber on a slow line beside others on fast ones.

use crate::media::unbroken;
use crate::world::{Feed, Link, Setup, World};
use engine::command::Command;
use engine::event::Event;
use std::time::{Duration, Instant};
use str0m::media::MediaKind::{Audio, Video};

const VOICE: &str = "TR_a";
const CAMERA: &str = "TR_v";
const SLOW: u32 = 4;
const TICK: Duration = Duration::from_millis(50);

/// A receiver's estimate as browsers make it: down to a share of what arrives when the queue grows, up by 8 % a second, and
/// never far above what arrives (draft-ietf-rmcat-gcc-02 section 5).
struct Estimate {
    bitrate: f64,
    carried: u64,
    throughput: f64,
    overused: Option<Instant>,
    told: Instant,
}

impl Estimate {
    fn new(now: Instant) -> Self {
        Estimate {
            bitrate: 300_000.0,
            carried: 0,
            throughput: 0.0,
            overused: None,
            told: now,
        }
    }

    /// What is to be told now.
    fn update(&mut self, now: Instant, link: &Link) -> Option<u64> {
        let arrived = (link.carried - self.carried) as f64 / TICK.as_secs_f64();
        self.carried = link.carried;
        self.throughput += (arrived - self.throughput) / 8.0;
        let calm = self
            .overused
            .is_none_or(|at| now > at + Duration::from_millis(400));
        if link.wait(now) > Duration::from_millis(60) && calm {
            let arrives = self.throughput.min(link.rate as f64);
            self.bitrate = self.bitrate.min(0.85 * arrives);
            self.overused = Some(now);
        } else if link.wait(now) < Duration::from_millis(20) {
            let most = 1.5 * self.throughput + 10_000.0;
            let grown = self.bitrate * (1.0 + 0.08 * TICK.as_secs_f64());
            self.bitrate = grown.min(most.max(self.bitrate));
        }
        let due = self.overused == Some(now) || now >= self.told + Duration::from_secs(1);
        if due {
            self.told = now;
        }
        due.then_some(self.bitrate as u64)
    }
}

/// What the subscriber on the slow line tells of its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tells {
    /// When each packet arrived.
    Arrivals,
    /// Its own estimate, by REMB.
    Estimates,
}

struct Hall {
    world: World,
    tells: Tells,
    estimate: Estimate,
}

impl Hall {
    /// A voice and a camera in three layers: about 140, 500 and 860 kbit/s. Two subscribers on lines without limit, one on a
    /// line of this many bit/s.
    fn new(rate: u64, tells: Tells) -> Hall {
        Hall::with(rate, tells, false)
    }

    fn with(rate: u64, tells: Tells, keep_pictures: bool) -> Hall {
        let mut world = World::new();
        let now = world.now;
        let mut feeds = vec![Feed::audio(now)];
        for (rid, size) in [("q", 100), ("h", 600), ("f", 1_100)] {
            let mut layer = Feed::layer(now, rid);
            layer.sizes = [size; 3];
            feeds.push(layer);
        }
        world.publisher(1, feeds);
        world.publish(VOICE, 1, 0);
        world.publish(CAMERA, 1, 1);
        world.run_for(Duration::from_secs(2));
        for id in [2, 3] {
            world.subscriber(id, &[VOICE, CAMERA]);
        }
        world.run_for(Duration::from_secs(3));
        world.links.insert(SLOW, Link::new(rate, world.now));
        let setup = Setup {
            tells_arrivals: tells == Tells::Arrivals,
            keep_pictures,
            ..Setup::default()
        };
        world.subscriber_with(SLOW, &[VOICE, CAMERA], setup);
        let estimate = Estimate::new(world.now);
        Hall {
            world,
            tells,
            estimate,
        }
    }

    fn run_for(&mut self, seconds: u64) {
        let end = self.world.now + Duration::from_secs(seconds);
        while self.world.now < end {
            self.tick();
        }
    }

    fn tick(&mut self) {
        self.world.run_for(TICK);
        let (now, link) = (self.world.now, &self.world.links[&SLOW]);
        if self.tells == Tells::Arrivals {
            return;
        }
        if let Some(bitrate) = self.estimate.update(now, link) {
            // Browsers count the video alone; the voice takes about 32 kbit/s.
            let bitrate = bitrate.saturating_sub(32_000);
            self.world.client_mut(SLOW).say_estimate(now, bitrate);
        }
    }

    /// Lets time pass until something holds; returns how long that took.
    fn until(&mut self, seconds: u64, what: &str, holds: impl Fn(&Hall) -> bool) -> Duration {
        let start = self.world.now;
        while !holds(self) {
            let waited = self.world.now - start;
            assert!(waited < Duration::from_secs(seconds), "not in time: {what}");
            self.tick();
        }
        self.world.now - start
    }

    fn rate(&mut self, rate: u64) {
        self.world.links.get_mut(&SLOW).expect("its line").rate = rate;
    }

    fn assume(&mut self, bitrate: u64) {
        let transport = SLOW;
        self.world
            .command(Command::AssumeCapacity { transport, bitrate });
    }

    /// The layers that a subscriber was shown since then, each once in a row.
    fn shown(&self, id: u32, since: Instant) -> String {
        let packets = self.world.client(id).packets(Video);
        let late = packets.iter().filter(|packet| packet.timestamp >= since);
        let mut marks: Vec<u8> = late.map(|packet| packet.payload[5]).collect();
        marks.dedup();
        String::from_utf8(marks).expect("letters")
    }

    /// The share of pictures since then that are of this layer.
    fn share(&self, id: u32, since: Instant, mark: u8) -> f64 {
        let packets = self.world.client(id).packets(Video);
        let frames = packets.iter().filter(|packet| packet.header.marker);
        let late = frames.filter(|packet| packet.timestamp >= since);
        let marks: Vec<u8> = late.map(|packet| packet.payload[5]).collect();
        let of_layer = marks.iter().filter(|each| **each == mark).count();
        of_layer as f64 / marks.len() as f64
    }

    fn sees(&self, id: u32) -> Option<char> {
        self.shown(id, self.world.now - 2 * TICK).chars().last()
    }

    /// Voice packets that came since then, and the longest time between two of them.
    fn voice(&self, id: u32, since: Instant) -> (usize, Duration) {
        let packets = self.world.client(id).packets(Audio);
        let times = packets.iter().map(|packet| packet.timestamp);
        let times: Vec<Instant> = times.filter(|at| *at >= since).collect();
        let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
        (times.len(), gaps.max().unwrap_or_default())
    }

    fn told(&self, paused: bool) -> usize {
        let track = CAMERA.to_owned();
        let transport = SLOW;
        let event = match paused {
            true => Event::SubscriptionPaused { transport, track },
            false => Event::SubscriptionResumed { transport, track },
        };
        self.world.events.iter().filter(|e| **e == event).count()
    }
}

fn a_slow_line_has_a_voice_and_a_small_picture_and_disturbs_nobody(tells: Tells) {
    let mut hall = Hall::new(500_000, tells);
    let came = hall.world.now;
    hall.until(2, "a first picture", |hall| hall.sees(SLOW).is_some());
    hall.run_for(8);
    let settled = hall.world.now;
    hall.run_for(30);
    let small = hall.share(SLOW, settled, b'q');
    assert!(small > 0.7, "{small} of the pictures are small ones");
    assert_eq!(hall.told(true), 0, "the small picture fits");
    let (voices, gap) = hall.voice(SLOW, settled);
    assert!(voices > 1_470, "{voices} of 1500 voice packets");
    assert!(gap < Duration::from_millis(250), "{gap:?} without voice");
    // The others see the best layer all the time.
    for id in [2, 3] {
        assert_eq!(hall.shown(id, came), "f");
        unbroken(&hall.world.client(id).packets(Video));
        let (voices, gap) = hall.voice(id, came);
        assert!(voices > 1_890 && gap < Duration::from_millis(30), "{gap:?}");
    }
}

fn the_picture_grows_back_when_the_line_does(tells: Tells) {
    let mut hall = Hall::new(500_000, tells);
    hall.run_for(20);
    hall.rate(5_000_000);
    // What it takes without transport-wide feedback is a matter of trying.
    let most = if tells == Tells::Arrivals { 4 } else { 15 };
    let took = hall.until(most, "the best layer", |hall| hall.sees(SLOW) == Some('f'));

    let since = hall.world.now;
    hall.run_for(10);
    assert_eq!(hall.shown(SLOW, since), "f", "it stays, after {took:?}");
    let (voices, gap) = hall.voice(SLOW, since);
    assert!(voices > 490 && gap < Duration::from_millis(40), "{gap:?}");
}

#[test]
fn a_capacity_that_is_assumed_holds_whatever_the_line_carries() {
    let mut hall = Hall::new(5_000_000, Tells::Arrivals);
    hall.until(5, "the best layer", |hall| hall.sees(SLOW) == Some('f'));
    hall.assume(300_000);
    hall.until(2, "a small picture", |hall| hall.sees(SLOW) == Some('q'));
    let since = hall.world.now;
    hall.run_for(20);
    assert_eq!(hall.shown(SLOW, since), "q");

    hall.assume(1_000);
    hall.until(1, "being told", |hall| hall.told(true) == 1);
    hall.run_for(1);
    let since = hall.world.now;
    hall.run_for(10);
    assert_eq!(hall.shown(SLOW, since), "");
    let (voices, _) = hall.voice(SLOW, since);
    assert!(voices > 490, "{voices} of 500 voice packets");

    hall.assume(0);
    hall.until(5, "the best layer", |hall| hall.sees(SLOW) == Some('f'));
    assert_eq!(hall.told(false), 1);
}

fn a_fast_line_that_becomes_slow_is_relieved_at_once(tells: Tells) {
    let mut hall = Hall::new(5_000_000, tells);
    hall.until(5, "the best layer", |hall| hall.sees(SLOW) == Some('f'));
    hall.run_for(15);
    hall.rate(500_000);
    let dropped = hall.world.now;
    hall.until(2, "a small picture", |hall| hall.sees(SLOW) == Some('q'));
    hall.run_for(1);
    let (_, gap) = hall.voice(SLOW, dropped);
    assert!(gap < Duration::from_millis(500), "{gap:?} without voice");
}

fn where_no_picture_fits_the_voice_goes_on_and_the_pause_is_told(tells: Tells) {
    let mut hall = Hall::new(100_000, tells);
    hall.until(5, "a pause", |hall| hall.told(true) > 0);
    hall.run_for(5);
    let since = hall.world.now;
    hall.run_for(20);
    let (voices, _) = hall.voice(SLOW, since);
    assert!(voices > 960, "{voices} of 1000 voice packets");
    hall.rate(2_000_000);
    hall.until(25, "pictures again", |hall| hall.sees(SLOW).is_some());
    assert!(hall.told(false) > 0);
    hall.until(15, "the best layer", |hall| hall.sees(SLOW) == Some('f'));
}

fn who_has_no_picture_paused_keeps_the_smallest(tells: Tells) {
    let mut hall = Hall::with(100_000, tells, true);
    hall.run_for(15);
    let since = hall.world.now;
    hall.run_for(20);
    assert_eq!(hall.shown(SLOW, since), "q");
    assert_eq!(hall.told(true), 0);
    assert_eq!(hall.shown(2, since), "f", "others have theirs");
    let (voices, _) = hall.voice(SLOW, since);
    assert!(voices > 450, "{voices} of 1000 voice packets");
    hall.rate(2_000_000);
    hall.until(25, "the best layer", |hall| hall.sees(SLOW) == Some('f'));
    let since = hall.world.now;
    hall.run_for(10);
    assert_eq!(hall.shown(SLOW, since), "f");
    let (voices, _) = hall.voice(SLOW, since);
    assert!(voices > 490, "{voices} of 500 voice packets");
}

#[test]
fn a_capacity_that_is_assumed_leaves_the_smallest_to_who_has_no_picture_paused() {
    let mut hall = Hall::with(5_000_000, Tells::Arrivals, true);
    hall.until(5, "the best layer", |hall| hall.sees(SLOW) == Some('f'));
    hall.assume(1_000);
    hall.until(2, "a small picture", |hall| hall.sees(SLOW) == Some('q'));
    let since = hall.world.now;
    hall.run_for(10);
    assert_eq!(hall.shown(SLOW, since), "q");
    assert_eq!(hall.told(true), 0);
}

mod told_by_arrivals {
    use super::*;

    #[test]
    fn who_has_no_picture_paused_keeps_the_smallest() {
        super::who_has_no_picture_paused_keeps_the_smallest(Tells::Arrivals);
    }

    #[test]
    fn a_slow_line_has_a_voice_and_a_small_picture_and_disturbs_nobody() {
        super::a_slow_line_has_a_voice_and_a_small_picture_and_disturbs_nobody(Tells::Arrivals);
    }

    #[test]
    fn the_picture_grows_back_when_the_line_does() {
        super::the_picture_grows_back_when_the_line_does(Tells::Arrivals);
    }

    #[test]
    fn a_fast_line_that_becomes_slow_is_relieved_at_once() {
        super::a_fast_line_that_becomes_slow_is_relieved_at_once(Tells::Arrivals);
    }

    #[test]
    fn where_no_picture_fits_the_voice_goes_on_and_the_pause_is_told() {
        super::where_no_picture_fits_the_voice_goes_on_and_the_pause_is_told(Tells::Arrivals);
    }
}

mod told_by_estimates {
    use super::*;

    #[test]
    fn who_has_no_picture_paused_keeps_the_smallest() {
        super::who_has_no_picture_paused_keeps_the_smallest(Tells::Estimates);
    }

    #[test]
    fn a_slow_line_has_a_voice_and_a_small_picture_and_disturbs_nobody() {
        super::a_slow_line_has_a_voice_and_a_small_picture_and_disturbs_nobody(Tells::Estimates);
    }

    #[test]
    fn the_picture_grows_back_when_the_line_does() {
        super::the_picture_grows_back_when_the_line_does(Tells::Estimates);
    }

    #[test]
    fn a_fast_line_that_becomes_slow_is_relieved_at_once() {
        super::a_fast_line_that_becomes_slow_is_relieved_at_once(Tells::Estimates);
    }

    #[test]
    fn where_no_picture_fits_the_voice_goes_on_and_the_pause_is_told() {
        super::where_no_picture_fits_the_voice_goes_on_and_the_pause_is_told(Tells::Estimates);
    }
}
