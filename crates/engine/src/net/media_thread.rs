//! A thread that carries media: one engine, one socket, and rings to the other threads.

use super::handle::Shared;
use super::ring::Rings;
use super::socket::Socket;
use crate::engine::{Config, Engine};
use crate::event::{Event, LogLevel};
use crate::metrics::Metrics;
use crate::panics;
use crate::sdp_job::{SdpJob, SdpResult};
use crate::shard::{Post, ShardId};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant, SystemTime};

const METRICS_INTERVAL: Duration = Duration::from_millis(100);
const SMOOTHING: Duration = Duration::from_millis(750);
/// Commands that are worked on before datagrams get their turn.
const COMMANDS_A_TURN: usize = 64;
/// Packets of TCP streams likewise.
const PACKETS_A_TURN: usize = 256;
/// Panics outside of any transport within a minute, after which the thread gives up: more tries would mend nothing.
const RESTART_LIMIT: usize = 3;
const RESTART_MEMORY: Duration = Duration::from_secs(60);

pub(super) struct MediaThread {
    config: Config,
    engine: Engine,
    socket: Socket,
    rings: Rings,
    shared: Arc<Shared>,
    jobs: Sender<(ShardId, SdpJob)>,
    parsed: Receiver<SdpResult>,
    figures: Figures,
    restarts: Vec<Instant>,
}

/// When figures were published last, and what they were.
struct Figures {
    at: Instant,
    packets: u64,
    cpu: Duration,
    /// Packets a second, smoothed.
    rate: f64,
    /// Share of a processor, likewise.
    load: f64,
}

impl MediaThread {
    pub fn new(
        config: Config,
        socket: Socket,
        rings: Rings,
        shared: Arc<Shared>,
        jobs: Sender<(ShardId, SdpJob)>,
        parsed: Receiver<SdpResult>,
    ) -> Self {
        MediaThread {
            engine: engine(&config),
            config,
            socket,
            rings,
            shared,
            jobs,
            parsed,
            figures: Figures {
                at: Instant::now(),
                packets: 0,
                cpu: Duration::ZERO,
                rate: 0.0,
                load: 0.0,
            },
            restarts: Vec::new(),
        }
    }

    /// Until the engine is shut down, or until there is no way to go on, which is told.
    pub fn live(mut self) {
        let reason = loop {
            match panics::catch(|| self.run()) {
                Ok(Ok(())) => return,
                Ok(Err(error)) => break error.to_string(),
                Err(panic) if !self.restart(&panic) => break panic,
                Err(_) => {}
            }
        };
        self.shared
            .events
            .push(vec![Event::EngineFailed { reason }]);
    }

    fn run(&mut self) -> io::Result<()> {
        let mut more = false;
        loop {
            let wait = if more { Duration::ZERO } else { self.rest() };
            let behind = self.engine.is_behind(Instant::now());
            if !behind {
                self.receive(wait)?;
            }
            if self.shared.stop.load(Ordering::Acquire) {
                self.engine.close_all(Instant::now());
                self.flush();
                return Ok(());
            }
            if let Some(desk) = self.shared.desks.get(usize::from(self.config.shard)) {
                desk.answer();
            }
            more = !behind && self.take_posts();
            more |= !behind && self.take_arrivals();
            self.flush();
            more |= self.commands();
            self.engine.tick(Instant::now());
            self.flush();
            self.publish_figures();
        }
    }

    /// How long there is nothing to do, unless something comes.
    fn rest(&mut self) -> Duration {
        let now = Instant::now();
        let mut deadline = self.engine.deadline();
        if deadline > now && self.engine.rest(now) {
            self.flush();
            deadline = self.engine.deadline();
        }
        deadline.saturating_duration_since(now)
    }

    /// Datagrams from the network, and what waits for it.
    fn receive(&mut self, wait: Duration) -> io::Result<()> {
        let engine = &mut self.engine;
        let mut now = None;
        self.socket.receive(wait, &mut |from, to, bytes| {
            let now = *now.get_or_insert_with(Instant::now);
            engine.datagram(now, from, to, bytes);
        })
    }

    /// What other threads have sent. True when there may be more.
    fn take_posts(&mut self) -> bool {
        let now = Instant::now();
        let engine = &mut self.engine;
        self.rings
            .receive(|from, posts| engine.post(now, from, posts))
    }

    /// Packets of TCP streams. True when there may be more.
    fn take_arrivals(&mut self) -> bool {
        let Some(desk) = self.shared.desks.get(usize::from(self.config.shard)) else {
            return false;
        };
        let now = Instant::now();
        let packets = desk.arrivals.take(PACKETS_A_TURN);
        for packet in &packets {
            self.engine
                .datagram(now, packet.remote, packet.local, &packet.bytes);
        }
        packets.len() == PACKETS_A_TURN
    }

    /// True when more of them wait.
    fn commands(&mut self) -> bool {
        let now = Instant::now();
        while let Ok(result) = self.parsed.try_recv() {
            self.engine.parsed(now, result);
        }
        let Some(desk) = self.shared.desks.get(usize::from(self.config.shard)) else {
            return false;
        };
        let mut more = true;
        for _ in 0..COMMANDS_A_TURN {
            let Some(command) = desk.commands.pop() else {
                more = false;
                break;
            };
            self.engine.command(now, command);
        }
        more
    }

    /// To the other threads first, which can begin while this one is busy with sending.
    fn flush(&mut self) {
        let posts = self.engine.take_posts();
        self.send_posts(posts);
        for job in self.engine.take_jobs() {
            // The other end lives as long as this thread.
            let _ = self.jobs.send((self.config.shard, job));
        }
        let outbox = self.engine.outbox();
        if outbox.has_streamed() {
            self.shared.streams.send(Instant::now(), outbox);
            if outbox.is_empty() {
                outbox.clear();
            }
        }
        if !outbox.is_empty() {
            self.socket.send(outbox);
        }
        let ended = self.engine.take_ended_streams();
        if !ended.is_empty() {
            self.shared.streams.end(&ended);
        }
        self.shared.events.push(self.engine.take_events());
    }

    fn send_posts(&mut self, posts: Vec<(ShardId, Vec<Post>)>) {
        let desks = &self.shared.desks;
        self.rings.send(posts, |shard| {
            if let Some(desk) = desks.get(usize::from(shard)) {
                desk.ring();
            }
        });
    }

    /// Begins anew after a panic that no transport can be blamed for. The transports of this thread are lost, which is told, so
    /// that their clients come again. False when it happens too often.
    fn restart(&mut self, panic: &str) -> bool {
        let now = Instant::now();
        self.restarts.retain(|at| *at + RESTART_MEMORY > now);
        self.restarts.push(now);
        let fresh = engine(&self.config);
        let broken = std::mem::replace(&mut self.engine, fresh);
        let reason = format!("its media thread failed: {panic}");
        let lost = broken.open_transports().into_iter();
        let mut events: Vec<Event> = lost
            .map(|transport| Event::TransportClosed {
                transport,
                reason: reason.clone(),
            })
            .collect();
        events.push(Event::Log {
            level: LogLevel::Error,
            message: format!("media thread {} failed: {panic}", self.config.shard),
            transport: 0,
        });
        // It may be in any state.
        let _ = panics::catch(|| drop(broken));
        #[cfg(target_os = "linux")]
        {
            let (shared, socket) = (&self.shared, &self.socket);
            shared
                .steering
                .forget(self.config.shard, |steps| socket.steer(steps));
        }
        self.shared.events.push(events);
        let others: Vec<ShardId> = self.rings.others().collect();
        let restarted = others.iter().map(|to| (*to, vec![Post::Restarted]));
        self.send_posts(restarted.collect());
        self.restarts.len() <= RESTART_LIMIT
    }

    fn publish_figures(&mut self) {
        let elapsed = self.figures.at.elapsed();
        let desk = self.shared.desks.get(usize::from(self.config.shard));
        let Some(desk) = desk.filter(|_| elapsed >= METRICS_INTERVAL) else {
            return;
        };
        #[cfg(target_os = "linux")]
        let cpu = super::linux::thread_cpu();
        #[cfg(not(target_os = "linux"))]
        let cpu = Duration::ZERO;
        let metrics = Metrics {
            send_errors: self.socket.failed(),
            posts_dropped: self.rings.dropped(),
            thread_cpu_micros: cpu.as_micros() as u64,
            ..self.engine.metrics()
        };
        let packets = metrics.packets_in + metrics.packets_out;
        self.figures.note(packets, cpu, elapsed);
        desk.publish(metrics, self.figures.rate as u64);
        self.engine.set_load(self.figures.load);
        self.steer();
    }

    /// Datagrams that go on arriving at the wrong thread are to come here no longer.
    fn steer(&mut self) {
        let turns = self.engine.take_turns();
        #[cfg(target_os = "linux")]
        if !turns.is_empty() {
            let (shared, socket) = (&self.shared, &self.socket);
            shared
                .steering
                .follow(self.config.shard, turns, |steps| socket.steer(steps));
        }
        #[cfg(not(target_os = "linux"))]
        drop(turns);
    }
}

impl Figures {
    fn note(&mut self, packets: u64, cpu: Duration, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        // The longer ago the last one, the less it tells: with nobody here a second passes between them.
        let weight = 1.0 - (-seconds / SMOOTHING.as_secs_f64()).exp();
        let rate = packets.saturating_sub(self.packets) as f64 / seconds;
        self.rate += (rate - self.rate) * weight;
        let load = cpu.saturating_sub(self.cpu).as_secs_f64() / seconds;
        // A key frame to many fills a tenth of a second and is no crowd.
        self.load += (load - self.load) * weight;
        self.packets = packets;
        self.cpu = cpu;
        self.at += elapsed;
    }
}

fn engine(config: &Config) -> Engine {
    let seed = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(1, |d| d.as_nanos() as u64);
    let config = Config {
        seed: seed.wrapping_add(config.shard.into()),
        ..config.clone()
    };
    Engine::new(config, Instant::now())
}
