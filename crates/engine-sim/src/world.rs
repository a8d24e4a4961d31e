//! A whole call in one thread on a virtual clock: the engine, its clients, wires between them, and the observer.

mod budgets;
mod carriage;
mod events;
mod people;
mod settling;
mod streams;

pub use people::{Leave, Shown};

use crate::crowd::Crowd;
use crate::machine::Machine;
use crate::observer::{Observer, Opened};
use crate::random::Random;
use crate::truth::Truth;
use crate::wire::{Conditions, Wire};
use engine::command::{Command, TransportId};
use engine::ids::IdMap;
use engine::internals::simulate_handshakes;
use engine::media::Codec;
use engine::metrics::Metrics;
use engine::remote::StreamId;
use engine::sdp_job::SdpResult;
use engine::shard::ShardId;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use str0m::change::SdpPendingOffer;
use streams::Stream;

/// Everything happens on the ticks of this clock.
const GRID: Duration = Duration::from_millis(1);
/// So far ahead of the system's clock a world begins. SCTP's first timer goes by that clock (`Endpoint::connect` of sctp-proto): here it is
/// over at once for everybody, and not when the system has come so far.
const AHEAD: Duration = Duration::from_secs(86_400);
/// The way of an offer or answer through the server.
const SIGNALLING: Duration = Duration::from_millis(15);
/// The parser works beside the media thread.
const PARSING: Duration = Duration::from_millis(2);
/// Descriptions kept.
const DESCRIPTIONS: usize = 16;

pub type Tap = Box<dyn FnMut(bool, TransportId, &[u8])>;

pub struct World {
    pub now: Instant,
    pub start: Instant,
    pub machine: Machine,
    pub clients: Crowd,
    pub truth: Truth,
    pub observer: Observer,
    pub random: Random,
    /// Conditions of wires to come.
    pub usual: Conditions,
    /// Ends of transports that the engine told by itself.
    pub ended: Vec<(TransportId, String)>,
    /// What the engine told that a path does not carry.
    pub paused: BTreeSet<(TransportId, u16)>,
    /// When it last told that such a picture comes again.
    resumed: BTreeMap<(TransportId, u16), Instant>,
    /// Hears every datagram as it is put on a wire: whether it is a client's, whose wire, and its bytes.
    pub tap: Option<Tap>,
    /// The first offers and answers, for whoever collects them.
    pub descriptions: Vec<String>,
    /// What was last told of a path: percent that are lost, and the round trip in ms.
    pub qualities: BTreeMap<TransportId, (f64, f64)>,
    /// The time that all transports together have been there.
    pub transports: Duration,
    /// How often each kind of event was told.
    pub told: BTreeMap<&'static str, u64>,
    /// Publishers make no more layers than they are told that somebody wants.
    pub dynacast: bool,
    /// What clients speak that are to come.
    pub codecs: Vec<Codec>,
    /// Whether they come by TCP.
    pub streamed: bool,
    streams: IdMap<TransportId, Stream>,
    by_stream: IdMap<StreamId, TransportId>,
    /// Where networks cut streams, each time anew: signatures vary by a byte or two from run to run, which must not move other cuts.
    cuts: Random,
    cut_count: u64,
    wires: IdMap<TransportId, [Wire; 2]>,
    /// Those that clients have, and those they had.
    addresses: IdMap<SocketAddr, TransportId>,
    wishes: BTreeMap<TransportId, BTreeMap<u16, bool>>,
    /// How videos are shown, where it is not as well as can be.
    shown: BTreeMap<(TransportId, u16), Shown>,
    /// The highest layer that publishers were told is wanted.
    wanted_layers: BTreeMap<u16, u8>,
    /// M-lines that single transports are to offer once their last offer was answered.
    required: BTreeMap<TransportId, (u32, u32)>,
    offers: IdMap<u32, (TransportId, SdpPendingOffer)>,
    generations: IdMap<u16, u16>,
    parcels: BinaryHeap<Reverse<Parcel>>,
    posted: u64,
    next_offer: u32,
    next_transport: TransportId,
}

struct Parcel {
    at: Instant,
    order: u64,
    content: Content,
}

enum Content {
    ToEngine(TransportId, SocketAddr, Vec<u8>),
    ToClient(TransportId, SocketAddr, Bytes),
    /// A piece of a stream, to the engine or from it, and so many bytes of it that have left.
    ToStream(StreamId, Vec<u8>),
    FromStream(StreamId, Vec<u8>),
    Left(StreamId, usize),
    Command(Box<Command>),
    Parsed(usize, Box<SdpResult>),
}

/// A datagram on its way to a client.
#[derive(Clone)]
enum Bytes {
    Plain(Rc<[u8]>),
    /// Media and reports, opened already.
    Opened(Rc<Opened>),
}

pub fn engine_address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 7880))
}

pub fn name(track: u16) -> String {
    format!("TR_{track}")
}

fn number(name: &str) -> Option<u16> {
    name.strip_prefix("TR_")?.parse().ok()
}

impl World {
    pub fn new(seed: u64) -> Self {
        World::of_shards(seed, 1)
    }

    /// A world whose machine has so many media threads.
    pub fn of_shards(seed: u64, shards: ShardId) -> Self {
        let now = Instant::now() + AHEAD;
        let random = Random::new(seed);
        // str0m draws SSRCs and the like from there.
        fastrand::seed(seed);
        simulate_handshakes(seed);
        World {
            now,
            start: now,
            machine: Machine::new(shards, engine_address(), random.fork(2), now),
            clients: Crowd::default(),
            truth: Truth::default(),
            observer: Observer::new(now),
            cuts: random.fork(3),
            cut_count: 0,
            random,
            usual: Conditions::default(),
            ended: Vec::new(),
            paused: BTreeSet::new(),
            resumed: BTreeMap::new(),
            tap: None,
            descriptions: Vec::new(),
            qualities: BTreeMap::new(),
            transports: Duration::ZERO,
            told: BTreeMap::new(),
            dynacast: false,
            codecs: vec![Codec::Opus, Codec::Vp8],
            streamed: false,
            streams: IdMap::default(),
            by_stream: IdMap::default(),
            wires: IdMap::default(),
            addresses: IdMap::default(),
            wishes: BTreeMap::new(),
            shown: BTreeMap::new(),
            wanted_layers: BTreeMap::new(),
            required: BTreeMap::new(),
            offers: IdMap::default(),
            generations: IdMap::default(),
            parcels: BinaryHeap::new(),
            posted: 0,
            next_offer: 0,
            next_transport: 0,
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.now - self.start
    }

    pub fn metrics(&self) -> Metrics {
        self.machine.metrics()
    }

    pub fn command(&mut self, command: Command) {
        self.machine.command(self.now, command);
        self.collect();
    }

    /// A datagram from anywhere, at once and untouched by any wire.
    pub fn inject(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.machine.datagram(self.now, from, bytes);
        self.collect();
    }

    pub fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step(end);
        }
    }

    /// Lets time pass until something holds; false when it does not within `limit`.
    pub fn until(&mut self, limit: Duration, mut holds: impl FnMut(&World) -> bool) -> bool {
        let end = self.now + limit;
        while !holds(self) {
            if self.now >= end {
                return false;
            }
            self.step(end);
        }
        true
    }

    /// Whether every client is connected.
    pub fn all_connected(&self) -> bool {
        self.clients.values().all(|client| client.connected)
    }

    /// To the next thing that happens anywhere.
    fn step(&mut self, latest: Instant) {
        let mut next = self
            .machine
            .deadline()
            .map_or(latest, |due| due.min(latest));
        if self.machine.has_work() {
            next = self.now;
        }
        next = self.clients.due().map_or(next, |due| due.min(next));
        if let Some(Reverse(parcel)) = self.parcels.peek() {
            next = next.min(parcel.at);
        }
        // Never stands still, whatever anybody's deadline says.
        let ticks =
            (next.saturating_duration_since(self.now).as_micros()).div_ceil(GRID.as_micros());
        let step = GRID * (ticks.max(1) as u32);
        self.now += step;
        self.transports += step * self.clients.len() as u32;
        while self
            .parcels
            .peek()
            .is_some_and(|Reverse(parcel)| parcel.at <= self.now)
        {
            if let Some(Reverse(parcel)) = self.parcels.pop() {
                self.deliver(parcel.content);
            }
        }
        self.clients.tick(self.now);
        self.machine.tick(self.now);
        self.collect();
    }
}

impl PartialEq for Parcel {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Parcel {}

impl PartialOrd for Parcel {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Parcel {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}
