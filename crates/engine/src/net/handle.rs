//! The handle that other threads hold: starts the media threads, sends each command where it belongs, and gathers events and
//! figures.

use super::desk::Desk;
use super::media_thread::MediaThread;
use super::queue::{Events, QueueFull, lock};
use super::ring::Rings;
use super::socket::{Socket, plain};
use super::streams::{StreamOutput, Streams};
use crate::command::Command;
use crate::engine::Config;
use crate::event::Event;
use crate::metrics::Metrics;
use crate::placement::SPREAD_ABOVE;
use crate::remote::StreamId;
use crate::router::{Routed, Router};
use crate::sdp_job::{SdpJob, SdpResult};
use crate::shard::{SHARD_LIMIT, ShardId};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

#[derive(Debug, Clone)]
pub struct Options {
    /// UDP; 0 takes any free one.
    pub port: u16,
    /// None: both families on every interface, IPv4 alone where there is no IPv6.
    pub bind: Option<IpAddr>,
    /// Where clients can reach this machine, best first.
    pub addresses: Vec<IpAddr>,
    /// TCP connections to the same port that carry media are brought here: see [`EngineHandle::open_stream`].
    pub streams: bool,
    /// Uses no system call that only some systems have.
    pub portable: bool,
    /// Media threads, 1 to 32. Where several sockets cannot share a port, one runs whatever this says.
    pub threads: usize,
    /// Subscribers of one room above which further ones are spread over all threads.
    pub spread_above: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            port: 0,
            bind: None,
            addresses: Vec::new(),
            streams: false,
            portable: false,
            threads: 1,
            spread_above: SPREAD_ABOVE,
        }
    }
}

pub struct EngineHandle {
    shared: Arc<Shared>,
    router: Mutex<Router>,
    port: u16,
    path: &'static str,
    threads: Vec<JoinHandle<()>>,
}

/// What all threads see.
pub(super) struct Shared {
    pub desks: Vec<Desk>,
    pub events: Events,
    pub streams: Streams,
    pub stop: AtomicBool,
    #[cfg(target_os = "linux")]
    pub steering: super::steering::Steering,
}

impl EngineHandle {
    /// `wake` is called when events, or bytes for streams, wait after there were none.
    pub fn start(options: &Options, wake: Box<dyn Fn() + Send + Sync>) -> io::Result<Self> {
        let count = options.threads.clamp(1, SHARD_LIMIT) as ShardId;
        let (sockets, port) = Socket::bind(options.bind, options.port, options.portable, count)?;
        let path = sockets.first().map_or("", |(socket, _)| socket.path());
        let shards = sockets.len() as ShardId;
        let (sockets, wakers): (Vec<_>, Vec<_>) = sockets.into_iter().unzip();
        let wake: Arc<dyn Fn() + Send + Sync> = wake.into();
        let shared = Arc::new(Shared {
            desks: wakers.into_iter().map(Desk::new).collect(),
            events: Events::new(wake.clone()),
            streams: Streams::new(shards, wake),
            stop: AtomicBool::new(false),
            #[cfg(target_os = "linux")]
            steering: Default::default(),
        });
        let addresses = options.addresses.iter();
        let candidates: Vec<SocketAddr> = addresses.map(|ip| SocketAddr::new(*ip, port)).collect();
        let (jobs, waiting_jobs) = channel();
        let (results, parsed): (Vec<_>, Vec<_>) = (0..shards).map(|_| channel()).unzip();
        let mut threads = Vec::new();
        let ends = sockets.into_iter().zip(Rings::connect(shards)).zip(parsed);
        for (shard, ((socket, rings), parsed)) in ends.enumerate() {
            let config = Config {
                candidates: candidates.clone(),
                streams: options.streams,
                seed: 0,
                shard: shard as ShardId,
                shards,
            };
            let (shared, jobs) = (shared.clone(), jobs.clone());
            let thread = thread::Builder::new().name(format!("maru-media-{shard}"));
            threads.push(thread.spawn(move || {
                MediaThread::new(config, socket, rings, shared, jobs, parsed).live();
            })?);
        }
        let parser = thread::Builder::new().name("maru-sdp".to_owned());
        let desks = shared.clone();
        threads.push(parser.spawn(move || parse(&waiting_jobs, &results, &desks))?);
        Ok(EngineHandle {
            shared,
            router: Mutex::new(Router::new(shards.into(), options.spread_above)),
            port,
            path,
            threads,
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// How datagrams come and go here, in words for the log.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// All commands in order, or none when the queue has no room.
    pub fn apply(&self, commands: Vec<Command>) -> Result<(), QueueFull> {
        let mut router = lock(&self.router);
        let desks = &self.shared.desks;
        if !desks.iter().all(|d| d.commands.has_room(commands.len())) {
            return Err(QueueFull);
        }
        let rates: Vec<u64> = desks.iter().map(Desk::rate).collect();
        let routed = commands.into_iter().flat_map(|c| router.route(c, &rates));
        let routed = routed.collect();
        self.deliver(routed);
        Ok(())
    }

    fn deliver(&self, routed: Routed) {
        let mut parts: Vec<Vec<Command>> = vec![Vec::new(); self.shared.desks.len()];
        for (shard, command) in routed {
            if let Some(part) = parts.get_mut(usize::from(shard)) {
                part.push(command);
            }
        }
        for (desk, part) in self.shared.desks.iter().zip(parts) {
            if !part.is_empty() {
                desk.commands.push(part);
                desk.ring();
            }
        }
    }

    /// The oldest events, at most `max`; `wake` is called again when more are there.
    pub fn drain(&self, max: usize) -> Vec<Event> {
        let events = self.shared.events.take(max);
        let mut router = lock(&self.router);
        let routed = events.iter().flat_map(|event| router.note(event));
        let routed = routed.collect();
        self.deliver(routed);
        events
    }

    /// A TCP connection from `from` to our address `to` that shall carry media. None when there were too many of them.
    pub fn open_stream(&self, from: SocketAddr, to: SocketAddr) -> Option<StreamId> {
        self.shared.streams.open(plain(from), plain(to))
    }

    /// What arrived on a stream. False when it is none of ours and is to be closed.
    pub fn receive_stream(&self, stream: StreamId, bytes: &[u8]) -> bool {
        let Some((shard, packets)) = self.shared.streams.receive(stream, bytes) else {
            return false;
        };
        if let Some(desk) = self.shared.desks.get(usize::from(shard))
            && !packets.is_empty()
        {
            desk.arrivals.push(packets);
            desk.ring();
        }
        true
    }

    /// So many bytes that `drain_streams` gave have left.
    pub fn stream_written(&self, stream: StreamId, bytes: usize) {
        self.shared.streams.written(stream, bytes);
    }

    /// The connection has ended. Repeating it does nothing.
    pub fn close_stream(&self, stream: StreamId) {
        self.shared.streams.close(stream);
    }

    /// What is to leave on streams now; `wake` is called again when there is more.
    pub fn drain_streams(&self) -> Vec<StreamOutput> {
        self.shared.streams.take(Instant::now())
    }

    /// The sum over all threads, at most a tenth of a second old.
    pub fn metrics(&self) -> Metrics {
        let sum: Metrics = self.thread_metrics().into_iter().sum();
        Metrics {
            events_dropped: self.shared.events.dropped(),
            send_errors: sum.send_errors + self.shared.streams.dropped(),
            ..sum
        }
    }

    /// The same for each thread.
    pub fn thread_metrics(&self) -> Vec<Metrics> {
        self.shared.desks.iter().map(Desk::metrics).collect()
    }

    /// Says good-bye to every client and ends the threads.
    pub fn shutdown(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        for desk in &self.shared.desks {
            desk.ring();
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Drop for EngineHandle {
    fn drop(&mut self) {
        self.shutdown();
    }
}

/// SDP costs milliseconds, which media cannot wait for. Ends with the last media thread.
fn parse(jobs: &Receiver<(ShardId, SdpJob)>, results: &[Sender<SdpResult>], shared: &Shared) {
    for (shard, job) in jobs {
        let result = job.run();
        let shard = usize::from(shard);
        if let (Some(sender), Some(desk)) = (results.get(shard), shared.desks.get(shard)) {
            // A thread that has ended needs none.
            let _ = sender.send(result);
            desk.ring();
        }
    }
}
