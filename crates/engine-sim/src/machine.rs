//! The engines of one machine, as the media threads drive them: commands go through the router, datagrams arrive at any engine, posts go
//! between them.

use crate::random::Random;
use engine::command::{Command, TransportId};
use engine::engine::{Config, Engine};
use engine::event::Event;
use engine::internals::{KeySlot, dropped, keys};
use engine::metrics::Metrics;
use engine::router::Router;
use engine::sdp_job::{SdpJob, SdpResult};
use engine::shard::{Post, ShardId};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::Instant;

pub struct Machine {
    engines: Vec<Engine>,
    router: Router,
    here: SocketAddr,
    /// Posts on their way: sender, receiver.
    posts: Vec<(ShardId, ShardId, Vec<Post>)>,
    random: Random,
}

/// Where what an engine said came from.
pub type Said<T> = (usize, T);

impl Machine {
    pub fn new(shards: ShardId, here: SocketAddr, random: Random, now: Instant) -> Self {
        let config = |shard| Config {
            candidates: vec![here],
            streams: false,
            seed: random.fork(u64::from(shard)).number(),
            shard,
            shards,
        };
        Machine {
            engines: (0..shards)
                .map(|shard| Engine::new(config(shard), now))
                .collect(),
            // Every room is big enough to spread.
            router: Router::new(usize::from(shards), 0),
            here,
            posts: Vec::new(),
            random,
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
        if let Some(engine) = self.engines.get_mut(usize::from(shard)) {
            engine.command(now, command);
        }
    }

    /// A datagram at the engine that the system chooses by address. False when it was of no use.
    pub fn datagram(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        from.hash(&mut hasher);
        let index = hasher.finish() as usize % self.engines.len();
        let Some(engine) = self.engines.get_mut(index) else {
            return false;
        };
        let before = dropped(engine);
        engine.datagram(now, from, self.here, bytes);
        dropped(engine) == before
    }

    pub fn parsed(&mut self, now: Instant, shard: usize, result: SdpResult) {
        if let Some(engine) = self.engines.get_mut(shard) {
            engine.parsed(now, result);
        }
    }

    /// When `tick` is due. At once while there are posts.
    pub fn deadline(&self) -> Option<Instant> {
        self.engines.iter().map(Engine::deadline).min()
    }

    pub fn has_posts(&self) -> bool {
        !self.posts.is_empty()
    }

    /// Delivers posts and lets the engines do what is due.
    pub fn tick(&mut self, now: Instant) {
        for (from, to, posts) in std::mem::take(&mut self.posts) {
            if let Some(engine) = self.engines.get_mut(usize::from(to)) {
                engine.post(now, from, posts);
            }
        }
        for engine in &mut self.engines {
            engine.tick(now);
        }
    }

    /// Under load packets wait a little for others to leave with.
    pub fn set_busy(&mut self, busy: bool) {
        for engine in &mut self.engines {
            engine.set_load(f64::from(u8::from(busy)));
        }
    }

    pub fn take_jobs(&mut self) -> Vec<Said<SdpJob>> {
        let engines = self.engines.iter_mut().enumerate();
        engines
            .flat_map(|(i, engine)| engine.take_jobs().into_iter().map(move |job| (i, job)))
            .collect()
    }

    pub fn take_events(&mut self, now: Instant) -> Vec<Event> {
        let mut events = Vec::new();
        for (from, engine) in self.engines.iter_mut().enumerate() {
            events.append(&mut engine.take_events());
            let posts = engine.take_posts().into_iter();
            self.posts
                .extend(posts.map(|(to, posts)| (from as ShardId, to, posts)));
        }
        for event in &events {
            for (shard, command) in self.router.note(event) {
                self.command_shard(now, shard, command);
            }
        }
        events
    }

    /// Hands every datagram that waits to `send` and forgets it.
    pub fn take_datagrams(&mut self, mut send: impl FnMut(SocketAddr, &[u8])) {
        for engine in &mut self.engines {
            let outbox = engine.outbox();
            for datagram in outbox.datagrams() {
                send(datagram.route.to.address, outbox.bytes(datagram));
            }
            outbox.clear();
        }
    }

    pub fn keys(&self, transport: TransportId) -> Option<KeySlot> {
        self.engines
            .iter()
            .find_map(|engine| keys(engine, transport))
    }

    /// The sum over all engines.
    pub fn metrics(&self) -> Metrics {
        let mut sum = Metrics::default();
        for metrics in self.engines.iter().map(Engine::metrics) {
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
