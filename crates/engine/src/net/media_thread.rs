//! The thread that carries all media, and the handle that other threads hold.

use super::queue::{Commands, Events, QueueFull};
use super::socket::Socket;
use super::wake::Waker;
use crate::command::Command;
use crate::engine::{Config, Engine};
use crate::event::Event;
use crate::metrics::Metrics;
use crate::panics;
use crate::sdp_job::{SdpJob, SdpResult};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

const METRICS_INTERVAL: Duration = Duration::from_millis(100);
/// Share of a processor above which packets wait for others to leave with.
const BUSY_LOAD: f64 = 0.3;
/// Commands that are worked on before datagrams get their turn.
const COMMANDS_A_TURN: usize = 64;

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// UDP; 0 takes any free one.
    pub port: u16,
    /// None: both families on every interface, IPv4 alone where there is no IPv6.
    pub bind: Option<IpAddr>,
    /// Where clients can reach this machine, best first.
    pub addresses: Vec<IpAddr>,
    /// Uses no system call that only some systems have.
    pub portable: bool,
}

pub struct EngineHandle {
    shared: Arc<Shared>,
    waker: Waker,
    port: u16,
    path: &'static str,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    commands: Commands,
    events: Events,
    stop: AtomicBool,
}

impl EngineHandle {
    /// `wake` is called from the media thread when events wait after there were none.
    pub fn start(options: &Options, wake: Box<dyn Fn() + Send + Sync>) -> io::Result<Self> {
        let (socket, waker, port) = Socket::bind(options.bind, options.port, options.portable)?;
        let path = socket.path();
        let shared = Arc::new(Shared {
            commands: Commands::default(),
            events: Events::new(wake),
            stop: AtomicBool::new(false),
        });
        let candidates = options
            .addresses
            .iter()
            .map(|ip| SocketAddr::new(*ip, port))
            .collect();
        let (jobs, waiting_jobs) = channel();
        let (results, parsed) = channel();
        let parser = {
            let waker = waker.clone();
            thread::Builder::new()
                .name("maru-sdp".to_owned())
                .spawn(move || parse(&waiting_jobs, &results, &waker))?
        };
        let media = {
            let shared = shared.clone();
            thread::Builder::new()
                .name("maru-media".to_owned())
                .spawn(move || {
                    let seed = SystemTime::now()
                        .duration_since(SystemTime::UNIX_EPOCH)
                        .map_or(1, |d| d.as_nanos() as u64);
                    let config = Config {
                        candidates,
                        seed,
                        shard: 0,
                        shards: 1,
                    };
                    let media = MediaThread {
                        socket,
                        shared: shared.clone(),
                        jobs,
                        parsed,
                        engine: Engine::new(config, Instant::now()),
                        metrics_at: Instant::now(),
                        cpu_before: Duration::ZERO,
                    };
                    let ended = panics::catch(|| media.run());
                    let reason = match ended {
                        Ok(Ok(())) => return,
                        Ok(Err(error)) => error.to_string(),
                        Err(panic) => panic,
                    };
                    shared.events.push(vec![Event::EngineFailed { reason }]);
                })?
        };
        Ok(EngineHandle {
            shared,
            waker,
            port,
            path,
            threads: vec![media, parser],
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
        self.shared.commands.push(commands)?;
        self.waker.wake();
        Ok(())
    }

    /// The oldest events, at most `max`; `wake` is called again when more are there.
    pub fn drain(&self, max: usize) -> Vec<Event> {
        self.shared.events.take(max)
    }

    /// At most a tenth of a second old.
    pub fn metrics(&self) -> Metrics {
        self.shared.events.metrics()
    }

    /// Says good-bye to every client and ends the threads.
    pub fn shutdown(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.waker.wake();
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

/// SDP costs milliseconds, which media cannot wait for.
fn parse(jobs: &Receiver<SdpJob>, results: &Sender<SdpResult>, waker: &Waker) {
    for job in jobs {
        if results.send(job.run()).is_err() {
            return;
        }
        waker.wake();
    }
}

struct MediaThread {
    socket: Socket,
    shared: Arc<Shared>,
    jobs: Sender<SdpJob>,
    parsed: Receiver<SdpResult>,
    engine: Engine,
    metrics_at: Instant,
    /// Processor time of the thread when metrics were published last.
    cpu_before: Duration,
}

impl MediaThread {
    fn run(mut self) -> io::Result<()> {
        let mut more_commands = false;
        loop {
            let wait = match more_commands {
                true => Duration::ZERO,
                false => self
                    .engine
                    .deadline()
                    .saturating_duration_since(Instant::now()),
            };
            let engine = &mut self.engine;
            let mut now = None;
            self.socket.receive(wait, &mut |from, to, bytes| {
                let now = *now.get_or_insert_with(Instant::now);
                engine.datagram(now, from, to, bytes);
            })?;
            if self.shared.stop.load(Ordering::Acquire) {
                self.engine.close_all(Instant::now());
                self.flush();
                return Ok(());
            }
            self.flush();
            more_commands = self.commands();
            self.engine.tick(Instant::now());
            self.flush();
            self.publish_metrics();
        }
    }

    /// True when more of them wait.
    fn commands(&mut self) -> bool {
        let now = Instant::now();
        while let Ok(result) = self.parsed.try_recv() {
            self.engine.parsed(now, result);
        }
        let mut more = true;
        for _ in 0..COMMANDS_A_TURN {
            let Some(command) = self.shared.commands.pop() else {
                more = false;
                break;
            };
            self.engine.command(now, command);
        }
        for job in self.engine.take_jobs() {
            // The other end lives as long as this thread.
            let _ = self.jobs.send(job);
        }
        more
    }

    fn flush(&mut self) {
        if !self.engine.outbox().is_empty() {
            self.socket.send(self.engine.outbox());
        }
        self.shared.events.push(self.engine.take_events());
    }

    fn publish_metrics(&mut self) {
        let now = Instant::now();
        if now < self.metrics_at {
            return;
        }
        #[cfg(target_os = "linux")]
        let cpu = super::linux::thread_cpu();
        #[cfg(not(target_os = "linux"))]
        let cpu = Duration::ZERO;
        let load = cpu.saturating_sub(self.cpu_before).as_secs_f64();
        let since = now.saturating_duration_since(self.metrics_at) + METRICS_INTERVAL;
        self.engine.set_busy(load > BUSY_LOAD * since.as_secs_f64());
        self.cpu_before = cpu;
        self.metrics_at = now + METRICS_INTERVAL;
        self.shared.events.publish(Metrics {
            send_errors: self.socket.failed(),
            thread_cpu_micros: cpu.as_micros() as u64,
            ..self.engine.metrics()
        });
    }
}
