//! The engines of one machine without its threads: the same calls as one engine has, and posts carried between them.

use engine::command::{Command, TransportId};
use engine::engine::{Config, Engine};
use engine::event::Event;
use engine::metrics::Metrics;
use engine::outbox::Outbox;
use engine::remote::{Remote, StreamId};
use engine::router::Router;
use engine::shard::{Post, ShardId};
use std::net::SocketAddr;
use std::time::Instant;

pub struct Shards {
    engines: Vec<Engine>,
    router: Router,
    /// Rings are full: what may be lost is.
    pub overflowing: bool,
}

impl Shards {
    /// Every room is big enough to be spread.
    pub fn new(count: ShardId, candidate: SocketAddr, now: Instant) -> Self {
        let engines = (0..count).map(|shard| Shards::engine(shard, count, candidate, now));
        Shards {
            engines: engines.collect(),
            router: Router::new(count.into(), 0),
            overflowing: false,
        }
    }

    fn engine(shard: ShardId, shards: ShardId, candidate: SocketAddr, now: Instant) -> Engine {
        let config = Config {
            candidates: vec![candidate],
            streams: true,
            seed: 7,
            shard,
            shards,
        };
        Engine::new(config, now)
    }

    pub fn shard(&self, transport: TransportId) -> usize {
        usize::from(self.router.shard(transport).expect("an open transport"))
    }

    pub fn command(&mut self, now: Instant, command: Command) {
        let routed = self.router.route(command, &[]);
        self.deliver(now, routed);
    }

    fn deliver(&mut self, now: Instant, routed: Vec<(ShardId, Command)>) {
        for (shard, command) in routed {
            self.engines[usize::from(shard)].command(now, command);
        }
    }

    /// The engine that the system chooses for a sender: any, but always the same.
    pub fn arrives(&self, from: SocketAddr) -> usize {
        usize::from(from.port()) / 2 % self.engines.len()
    }

    /// Streams come to the shard that their first message names, datagrams to any.
    pub fn datagram(
        &mut self,
        now: Instant,
        from: impl Into<Remote>,
        to: SocketAddr,
        bytes: &[u8],
    ) {
        let from = from.into();
        let arrives = match from.stream {
            Some(stream) => self.router.shard(stream.get()).map_or(0, usize::from),
            None => self.arrives(from.address),
        };
        self.engines[arrives].datagram(now, from, to, bytes);
    }

    /// Streams that nobody needs any longer.
    pub fn take_ended_streams(&mut self) -> Vec<StreamId> {
        let engines = self.engines.iter_mut();
        engines.flat_map(Engine::take_ended_streams).collect()
    }

    pub fn deadline(&self) -> Instant {
        let deadlines = self.engines.iter().map(Engine::deadline);
        deadlines.min().expect("an engine")
    }

    pub fn tick(&mut self, now: Instant) {
        for engine in &mut self.engines {
            engine.tick(now);
        }
    }

    /// Parses descriptions and carries posts until there are none.
    pub fn work(&mut self, now: Instant) {
        loop {
            let mut posts = Vec::new();
            for (from, engine) in self.engines.iter_mut().enumerate() {
                for job in engine.take_jobs() {
                    engine.parsed(now, job.run());
                }
                let taken = engine.take_posts().into_iter();
                posts.extend(taken.map(|(to, posts)| (from as ShardId, to, posts)));
            }
            if posts.is_empty() {
                return;
            }
            for (from, to, mut posts) in posts {
                posts.retain(|post| !(self.overflowing && post.may_be_lost()));
                self.engines[usize::from(to)].post(now, from, posts);
            }
        }
    }

    pub fn outboxes(&mut self) -> impl Iterator<Item = &mut Outbox> {
        self.engines.iter_mut().map(Engine::outbox)
    }

    /// Datagrams that are still to be sent.
    pub fn waiting(&mut self) -> usize {
        self.outboxes()
            .map(|outbox| outbox.datagrams().count())
            .sum()
    }

    pub fn set_busy(&mut self, busy: bool) {
        for engine in &mut self.engines {
            engine.set_load(f64::from(u8::from(busy)));
        }
    }

    pub fn take_events(&mut self, now: Instant) -> Vec<Event> {
        let events: Vec<Event> = self
            .engines
            .iter_mut()
            .flat_map(Engine::take_events)
            .collect();
        for event in &events {
            let routed = self.router.note(event);
            self.deliver(now, routed);
        }
        events
    }

    pub fn metrics(&self) -> Metrics {
        self.engines.iter().map(Engine::metrics).sum()
    }

    pub fn metrics_of(&self, shard: usize) -> Metrics {
        self.engines[shard].metrics()
    }

    /// One engine has lost everything.
    pub fn restart(&mut self, now: Instant, shard: ShardId, candidate: SocketAddr) {
        let count = self.engines.len() as ShardId;
        let place = &mut self.engines[usize::from(shard)];
        let lost = std::mem::replace(place, Shards::engine(shard, count, candidate, now));
        for transport in lost.open_transports() {
            let reason = "its thread failed".to_owned();
            let event = Event::TransportClosed { transport, reason };
            let routed = self.router.note(&event);
            self.deliver(now, routed);
        }
        for (other, engine) in self.engines.iter_mut().enumerate() {
            if other != usize::from(shard) {
                engine.post(now, shard, vec![Post::Restarted]);
            }
        }
    }

    pub fn close_all(&mut self, now: Instant) {
        for engine in &mut self.engines {
            engine.close_all(now);
        }
    }
}
