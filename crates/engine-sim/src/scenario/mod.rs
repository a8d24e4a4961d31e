//! What happens in a simulated call. A scenario is a story with a seed: it makes people join and things go wrong, and ends in a world that must
//! have settled.

mod churn;
mod hostile;
mod network;
mod people;
mod pictures;

pub use people::{Room, kinds};

use crate::rules::Violation;
use crate::world::World;
use engine::shard::ShardId;
use std::time::{Duration, Instant};

pub struct Scenario {
    pub name: &'static str,
    pub story: &'static str,
    run: fn(&mut World, Duration),
}

/// Every scenario. Each runs about as long as it is told.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "calm",
        story: "four people with voice and video on a good network",
        run: network::calm,
    },
    Scenario {
        name: "loss",
        story: "0 to 30 % of everything is lost, evenly or in bursts, handshakes excepted",
        run: network::loss,
    },
    Scenario {
        name: "disorder",
        story: "packets come late, twice and in the wrong order",
        run: network::disorder,
    },
    Scenario {
        name: "pair",
        story: "two people with voices alone on a network that loses, is slow and late, reorders and doubles",
        run: network::pair,
    },
    Scenario {
        name: "voices",
        story: "the same with four people",
        run: network::voices,
    },
    Scenario {
        name: "faces",
        story: "the same with two people and their pictures",
        run: network::faces,
    },
    Scenario {
        name: "paths",
        story: "addresses of clients change in mid-call",
        run: network::paths,
    },
    Scenario {
        name: "slow",
        story: "one subscriber has a narrow path with a long queue; the others notice nothing",
        run: network::slow,
    },
    Scenario {
        name: "budgets",
        story: "paths carry a part of what is wanted, and pages want pictures of other rates and priorities",
        run: network::budgets,
    },
    Scenario {
        name: "streams",
        story: "some come by TCP, whose streams stall, become narrow and break off",
        run: network::streams,
    },
    Scenario {
        name: "storms",
        story: "many join and leave at once, in every way of leaving, while handshakes are lost too",
        run: churn::storms,
    },
    Scenario {
        name: "restarts",
        story: "publishers go and come back with new streams for the same tracks",
        run: churn::restarts,
    },
    Scenario {
        name: "wishes",
        story: "tracks are wanted, not wanted, switched off and on, muted and unmuted without pause",
        run: churn::wishes,
    },
    Scenario {
        name: "layers",
        story: "layers of simulcast stop and start again under loss",
        run: pictures::layers,
    },
    Scenario {
        name: "svc",
        story: "layers of VP9 and AV1 in one stream come and go, at the publisher and at the subscribers",
        run: pictures::svc,
    },
    Scenario {
        name: "sizes",
        story: "pages change the sizes of what they show, and publishers make no more than is wanted",
        run: pictures::sizes,
    },
    Scenario {
        name: "hostile",
        story: "a publisher floods SSRCs, junk, replays, malformed RTP and RTCP under good keys, and labels",
        run: hostile::hostile,
    },
    Scenario {
        name: "chaos",
        story: "all of it, drawn by the seed",
        run: churn::chaos,
    },
    Scenario {
        name: "singles",
        story: "the same with one transport for both directions",
        run: churn::singles,
    },
    Scenario {
        name: "codecs",
        story: "the same with H264, VP9, AV1 and RED",
        run: churn::codecs,
    },
];

/// What a run came to.
pub struct Outcome {
    pub simulated: Duration,
    /// The time that all transports together were there.
    pub transports: Duration,
    pub wall: Duration,
    pub packets: u64,
    /// The same for the same seed, scenario, shards and time.
    pub digest: u64,
    pub violations: Vec<Violation>,
}

impl Scenario {
    pub fn named(name: &str) -> Option<&'static Scenario> {
        SCENARIOS.iter().find(|scenario| scenario.name == name)
    }

    /// Runs it in a new world of so many media threads.
    pub fn run(&self, seed: u64, shards: ShardId, time: Duration) -> Outcome {
        self.run_in(World::of_shards(seed, shards), time)
    }

    /// Runs it in a world that somebody has prepared.
    pub fn run_in(&self, mut world: World, time: Duration) -> Outcome {
        let began = Instant::now();
        (self.run)(&mut world, time);
        world.must_settle();
        Outcome {
            simulated: world.elapsed(),
            transports: world.transports,
            wall: began.elapsed(),
            packets: world.observer.packets,
            digest: world.digest(),
            violations: world.observer.violations().to_vec(),
        }
    }
}
