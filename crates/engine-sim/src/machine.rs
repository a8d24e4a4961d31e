//! The engines of one machine, as the media threads drive them: commands go through the router, datagrams arrive at any engine, posts go
//! between them.

use crate::random::Random;
use engine::command::{Command, TransportId};
use engine::engine::{Config, Engine};
use engine::event::Event;
use engine::internals::{KeySlot, dropped, keys};
use engine::metrics::Metrics;
use engine::net::Streams;
use engine::remote::{Remote, StreamId};
use engine::router::Router;
use engine::sdp_job::{SdpJob, SdpResult};
use engine::shard::{Post, ShardId};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

pub struct Machine {
    engines: Vec<Place>,
    router: Router,
    here: SocketAddr,
    /// Posts on their way: sender, receiver.
    posts: Vec<(ShardId, ShardId, Vec<Post>)>,
    random: Random,
    /// Those of all engines.
    pub streams: Streams,
}

struct Place {
    engine: Engine,
    /// When its `tick` is due.
    due: Instant,
    /// Something has happened to it since it was listened to last.
    stirred: bool,
    /// It is being listened to.
    heard: bool,
}

/// Where what an engine said came from.
pub type Said<T> = (usize, T);

impl Machine {
    pub fn new(shards: ShardId, here: SocketAddr, random: Random, now: Instant) -> Self {
        let config = |shard| Config {
            candidates: vec![here],
            streams: true,
            seed: random.fork(u64::from(shard)).number(),
            shard,
            shards,
        };
        Machine {
            engines: (0..shards)
                .map(|shard| Place {
                    engine: Engine::new(config(shard), now),
                    due: now,
                    stirred: false,
                    heard: false,
                })
                .collect(),
            // Every room is big enough to spread.
            router: Router::new(usize::from(shards), 0),
            here,
            posts: Vec::new(),
            random,
            streams: Streams::new(shards, Arc::new(|| {})),
        }
    }

    pub fn command(&mut self, now: Instant, command: Command) {
        // Load moves about, so that placement does too.
        let rates: Vec<u64> = self
            .engines
            .iter()
            .map(|_| self.random.below(100))
            .collect();
        for (shard, command) in self.router.route(command, &rates) {
            self.command_shard(now, shard, command);
        }
    }

    fn command_shard(&mut self, now: Instant, shard: ShardId, command: Command) {
        if let Some(place) = self.engines.get_mut(usize::from(shard)) {
            place.stir().command(now, command);
        }
    }

    /// A datagram at the engine that the system chooses by address. False when it was of no use.
    pub fn datagram(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) -> bool {
        let index = match self.engines.len() {
            1 => 0,
            count => {
                let mut hasher = DefaultHasher::new();
                from.hash(&mut hasher);
                hasher.finish() as usize % count
            }
        };
        let Some(place) = self.engines.get_mut(index) else {
            return false;
        };
        let engine = place.stir();
        let before = dropped(engine);
        engine.datagram(now, from, self.here, bytes);
        dropped(engine) == before
    }

    /// Bytes of a stream. The packets that they complete and that were of use; None when the stream has to be closed.
    pub fn receive_stream(
        &mut self,
        now: Instant,
        id: StreamId,
        bytes: &[u8],
    ) -> Option<Vec<Vec<u8>>> {
        let (shard, packets) = self.streams.receive(id, bytes)?;
        let engine = self.engines.get_mut(usize::from(shard))?.stir();
        let taken = packets.into_iter().filter_map(|packet| {
            let before = dropped(engine);
            engine.datagram(now, packet.remote, packet.local, &packet.bytes);
            (dropped(engine) == before).then_some(packet.bytes)
        });
        Some(taken.collect())
    }

    pub fn parsed(&mut self, now: Instant, shard: usize, result: SdpResult) {
        if let Some(place) = self.engines.get_mut(shard) {
            place.stir().parsed(now, result);
        }
    }

    /// When `tick` is due. At once while there is work.
    pub fn deadline(&self) -> Option<Instant> {
        self.engines.iter().map(|place| place.due).min()
    }

    /// Whether there are posts, or engines that have something to say still.
    pub fn has_work(&self) -> bool {
        !self.posts.is_empty() || self.engines.iter().any(|place| place.stirred)
    }

    /// Delivers posts and lets the engines do what is due.
    pub fn tick(&mut self, now: Instant) {
        for (from, to, posts) in std::mem::take(&mut self.posts) {
            if let Some(place) = self.engines.get_mut(usize::from(to)) {
                place.stir().post(now, from, posts);
            }
        }
        for place in &mut self.engines {
            if place.stirred || place.due <= now {
                place.stir().tick(now);
            }
        }
    }

    /// Under load packets wait a little for others to leave with.
    pub fn set_busy(&mut self, busy: bool) {
        for place in &mut self.engines {
            place.engine.set_load(f64::from(u8::from(busy)));
        }
    }

    /// Turns to the engines that may have something to say: what is taken from now on is theirs. False when there are none.
    pub fn listen(&mut self) -> bool {
        for place in &mut self.engines {
            place.heard = std::mem::take(&mut place.stirred);
        }
        self.engines.iter().any(|place| place.heard)
    }

    fn heard(&mut self) -> impl Iterator<Item = (usize, &mut Engine)> {
        let places = self.engines.iter_mut().enumerate();
        let places = places.filter(|(_, place)| place.heard);
        places.map(|(at, place)| (at, &mut place.engine))
    }

    pub fn take_jobs(&mut self) -> Vec<Said<SdpJob>> {
        let jobs = |(at, engine): (usize, &mut Engine)| {
            let jobs = engine.take_jobs().into_iter();
            jobs.map(move |job| (at, job))
        };
        self.heard().flat_map(jobs).collect()
    }

    pub fn take_events(&mut self, now: Instant) -> Vec<Event> {
        let (mut events, mut said) = (Vec::new(), Vec::new());
        for (from, engine) in self.heard() {
            events.append(&mut engine.take_events());
            let posts = engine.take_posts().into_iter();
            said.extend(posts.map(|(to, posts)| (from as ShardId, to, posts)));
        }
        self.posts.append(&mut said);
        for event in &events {
            for (shard, command) in self.router.note(event) {
                self.command_shard(now, shard, command);
            }
        }
        events
    }

    /// Hands every datagram that waits to `send` and forgets it. Those of streams go on into their queues.
    pub fn take_datagrams(&mut self, now: Instant, mut send: impl FnMut(Remote, &[u8])) {
        for place in self.engines.iter_mut().filter(|place| place.heard) {
            let outbox = place.engine.outbox();
            for datagram in outbox.datagrams() {
                send(datagram.route.to, outbox.bytes(datagram));
            }
            if outbox.has_streamed() {
                self.streams.send(now, outbox);
            }
            outbox.clear();
            self.streams.end(&place.engine.take_ended_streams());
            place.due = place.engine.deadline();
        }
    }

    pub fn keys(&self, transport: TransportId) -> Option<KeySlot> {
        self.engines
            .iter()
            .find_map(|place| keys(&place.engine, transport))
    }

    /// The sum over all engines.
    pub fn metrics(&self) -> Metrics {
        let mut sum = Metrics::default();
        for metrics in self.engines.iter().map(|place| place.engine.metrics()) {
            sum.packets_in += metrics.packets_in;
            sum.packets_out += metrics.packets_out;
            sum.packets_dropped += metrics.packets_dropped;
            sum.strays_dropped += metrics.strays_dropped;
            sum.retransmitted += metrics.retransmitted;
            sum.nacks += metrics.nacks;
            sum.keyframe_requests += metrics.keyframe_requests;
            sum.transports += metrics.transports;
            sum.tracks += metrics.tracks;
            sum.subscriptions += metrics.subscriptions;
        }
        sum
    }
}

impl Place {
    /// The engine, to which something is to happen.
    fn stir(&mut self) -> &mut Engine {
        self.stirred = true;
        &mut self.engine
    }
}
