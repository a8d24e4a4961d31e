//! A whole call in one thread on a virtual clock: the engine, str0m clients, wires between them, and the observer.

use crate::client::Client;
use crate::feed::{Feed, Kind, TrackPlan};
use crate::machine::Machine;
use crate::observer::Observer;
use crate::random::Random;
use crate::rules::Rule;
use crate::truth::{TrackTruth, Truth};
use crate::wire::{Conditions, Wire};
use engine::command::{Command, TransportId, TransportRole, WantedTrack};
use engine::event::Event;
use engine::media::demux::{Class, classify};
use engine::metrics::Metrics;
use engine::sdp_job::SdpResult;
use engine::shard::ShardId;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::change::SdpPendingOffer;

/// Everything happens on the ticks of this clock.
const GRID: Duration = Duration::from_millis(1);
/// The way of an offer or answer through the server.
const SIGNALLING: Duration = Duration::from_millis(15);
/// The parser works beside the media thread.
const PARSING: Duration = Duration::from_millis(2);
/// What comes from a wanted track in this time at the latest, once all is well.
const PATIENCE: Duration = Duration::from_secs(4);
/// After this time a picture is back that was paused because the path did not carry it.
const PAUSE_PATIENCE: Duration = Duration::from_secs(9);

pub type Tap = Box<dyn FnMut(bool, TransportId, &[u8])>;

/// Descriptions kept.
const DESCRIPTIONS: usize = 16;

pub struct World {
    pub now: Instant,
    pub start: Instant,
    pub machine: Machine,
    pub clients: BTreeMap<TransportId, Client>,
    pub truth: Truth,
    pub observer: Observer,
    pub random: Random,
    /// Conditions of wires to come.
    pub usual: Conditions,
    /// Ends of transports that the engine told by itself.
    pub ended: Vec<(TransportId, String)>,
    /// What the engine told that a path does not carry.
    pub paused: BTreeSet<(TransportId, u16)>,
    /// Hears every datagram as it is put on a wire: whether it is a client's, whose wire, and its bytes.
    pub tap: Option<Tap>,
    /// The first offers and answers, for whoever collects them.
    pub descriptions: Vec<String>,
    /// How often each kind of event was told.
    pub told: BTreeMap<&'static str, u64>,
    wires: HashMap<TransportId, [Wire; 2]>,
    /// Those that clients have, and those they had.
    addresses: HashMap<SocketAddr, TransportId>,
    wishes: BTreeMap<TransportId, BTreeMap<u16, bool>>,
    offers: HashMap<u32, (TransportId, SdpPendingOffer)>,
    generations: HashMap<u16, u16>,
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
    ToClient(TransportId, SocketAddr, Vec<u8>),
    Command(Command),
    Parsed(usize, SdpResult),
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
        let now = Instant::now();
        let random = Random::new(seed);
        World {
            now,
            start: now,
            machine: Machine::new(shards, engine_address(), random.fork(2), now),
            clients: BTreeMap::new(),
            truth: Truth::default(),
            observer: Observer::new(now),
            random,
            usual: Conditions::default(),
            ended: Vec::new(),
            paused: BTreeSet::new(),
            tap: None,
            descriptions: Vec::new(),
            told: BTreeMap::new(),
            wires: HashMap::new(),
            addresses: HashMap::new(),
            wishes: BTreeMap::new(),
            offers: HashMap::new(),
            generations: HashMap::new(),
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

    /// A publisher of these tracks joins. It is connected some time later.
    pub fn publisher(&mut self, plans: &[TrackPlan]) -> TransportId {
        let id = self.join(TransportRole::Publisher);
        let mut random = self.random.fork(u64::from(id) << 8);
        let mut tracks = Vec::new();
        for plan in plans {
            let generation = self.generations.entry(plan.track).or_default();
            *generation += 1;
            self.truth.restarted(plan.track, *generation);
            let track = TrackTruth {
                kind: plan.kind,
                transport: id,
                generation: *generation,
                published: true,
                ended: false,
                muted: false,
                hostile: false,
                changed: self.now,
            };
            self.truth.tracks.insert(plan.track, track);
            tracks.push(Feed::of(*plan, *generation, self.now, &mut random));
        }
        self.next_offer += 1;
        let offer = self.next_offer;
        let client = self.clients.get_mut(&id).expect("just joined");
        let (sdp, pending) = client.offer(tracks);
        self.descriptions.truncate(DESCRIPTIONS - 1);
        self.descriptions.push(sdp.clone());
        let mids: Vec<(u16, String)> = client
            .feeds
            .iter()
            .map(|f| (f.plan.track, f.mid.to_string()))
            .collect();
        self.offers.insert(offer, (id, pending));
        self.command(Command::AcceptOffer {
            transport: id,
            offer,
            sdp,
        });
        for (track, mid) in mids {
            let track = name(track);
            self.command(Command::PublishTrack {
                track,
                transport: id,
                mid,
            });
        }
        id
    }

    /// A subscriber joins and wants these tracks.
    pub fn subscriber(&mut self, tracks: &[u16]) -> TransportId {
        let id = self.join(TransportRole::Subscriber);
        let wishes = tracks.iter().map(|track| (*track, true)).collect();
        self.wish(id, wishes);
        id
    }

    fn join(&mut self, role: TransportRole) -> TransportId {
        self.next_transport += 1;
        let transport = self.next_transport;
        let client = Client::new(transport, role, engine_address(), self.now);
        self.addresses.insert(client.public, transport);
        let random = self.random.fork(u64::from(transport) << 8 | 1);
        let wires = [0, 1].map(|way| Wire::new(self.usual, &random.fork(way), self.now));
        self.wires.insert(transport, wires);
        self.clients.insert(transport, client);
        let room = "hall".to_owned();
        self.command(Command::OpenTransport {
            transport,
            role,
            room,
        });
        let keys = self.machine.keys(transport).expect("just opened");
        self.observer.joined(transport, keys);
        transport
    }

    /// The whole set of what a subscriber wants: track and whether it is switched on.
    pub fn wish(&mut self, transport: TransportId, wishes: BTreeMap<u16, bool>) {
        let before = self
            .wishes
            .insert(transport, wishes.clone())
            .unwrap_or_default();
        for track in before.keys().filter(|track| !wishes.contains_key(track)) {
            self.truth.wish(transport, *track, false, self.now);
        }
        for (track, enabled) in &wishes {
            self.truth.wish(transport, *track, *enabled, self.now);
        }
        let wanted = wishes.iter().map(|(track, enabled)| WantedTrack {
            track: name(*track),
            stream_id: format!("PA|{track}"),
            enabled: *enabled,
            width: 0,
            height: 0,
            fps: 0,
            priority: 0,
        });
        let wanted = wanted.collect();
        self.command(Command::Subscribe { transport, wanted });
    }

    /// What a subscriber wants now.
    pub fn wishes(&self, transport: TransportId) -> BTreeMap<u16, bool> {
        self.wishes.get(&transport).cloned().unwrap_or_default()
    }

    pub fn mute(&mut self, track: u16, muted: bool) {
        if let Some(truth) = self.truth.tracks.get_mut(&track)
            && truth.muted != muted
        {
            truth.muted = muted;
            truth.changed = self.now;
        }
        let track = name(track);
        self.command(Command::SetTrackMuted { track, muted });
    }

    pub fn unpublish(&mut self, track: u16) {
        self.gone(track, true);
        let track = name(track);
        self.command(Command::UnpublishTrack { track });
    }

    fn gone(&mut self, track: u16, told: bool) {
        if let Some(truth) = self.truth.tracks.get_mut(&track)
            && truth.published
        {
            (truth.published, truth.ended) = (false, told);
            truth.changed = self.now;
        }
    }

    /// A client leaves: politely, told by the server, or by falling silent.
    pub fn leave(&mut self, transport: TransportId, how: Leave) {
        let Some(client) = self.clients.get_mut(&transport) else {
            return;
        };
        if how == Leave::Closes {
            client.close();
            self.collect();
        }
        let owned = self
            .truth
            .tracks
            .iter()
            .filter(|(_, t)| t.transport == transport && t.published);
        let owned: Vec<u16> = owned.map(|(track, _)| *track).collect();
        for track in owned {
            self.gone(track, how != Leave::Vanishes);
        }
        if how != Leave::Vanishes {
            self.command(Command::CloseTransport { transport });
        }
        self.clients.remove(&transport);
        self.addresses.retain(|_, id| *id != transport);
        self.wires.remove(&transport);
        self.wishes.remove(&transport);
        self.offers.retain(|_, (id, _)| *id != transport);
        self.truth.left(transport);
        self.observer.left(transport);
    }

    /// Another address from now on, as when a phone changes its network or a router forgets.
    pub fn rebind(&mut self, transport: TransportId) {
        if let Some(client) = self.clients.get_mut(&transport) {
            client.rebind(&mut self.random);
            self.addresses.insert(client.public, transport);
        }
    }

    /// Changes the wires of a client, up and down.
    pub fn conditions(&mut self, transport: TransportId, up: Conditions, down: Conditions) {
        if let Some([to_engine, to_client]) = self.wires.get_mut(&transport) {
            to_engine.conditions = up;
            to_client.conditions = down;
        }
    }

    /// All wires, and those to come.
    pub fn all_conditions(&mut self, conditions: Conditions) {
        self.usual = conditions;
        for wire in self.wires.values_mut().flatten() {
            wire.conditions = conditions;
        }
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
        if self.machine.has_posts() {
            next = self.now;
        }
        for client in self.clients.values() {
            next = client.due().map_or(next, |due| due.min(next));
        }
        if let Some(Reverse(parcel)) = self.parcels.peek() {
            next = next.min(parcel.at);
        }
        // Never stands still, whatever anybody's deadline says.
        let ticks =
            (next.saturating_duration_since(self.now).as_micros()).div_ceil(GRID.as_micros());
        self.now += GRID * (ticks.max(1) as u32);
        while self
            .parcels
            .peek()
            .is_some_and(|Reverse(parcel)| parcel.at <= self.now)
        {
            if let Some(Reverse(parcel)) = self.parcels.pop() {
                self.deliver(parcel.content);
            }
        }
        for client in self.clients.values_mut() {
            client.tick(self.now);
        }
        self.machine.tick(self.now);
        self.collect();
    }

    fn deliver(&mut self, content: Content) {
        match content {
            Content::ToEngine(transport, from, bytes) => {
                let taken = self.machine.datagram(self.now, from, &bytes);
                if classify(&bytes) == Class::Rtp
                    && taken
                    && let (Some(ssrc), Some(seq)) = (bytes.get(8..12), bytes.get(2..4))
                {
                    let ssrc = ssrc
                        .iter()
                        .fold(0, |ssrc, byte| ssrc << 8 | u32::from(*byte));
                    let seq = seq.iter().fold(0, |seq, byte| seq << 8 | u16::from(*byte));
                    self.truth.delivered(transport, ssrc, seq, self.now);
                }
            }
            Content::ToClient(transport, to, bytes) => {
                // What is on its way to an address that was left is lost.
                if let Some(client) = self.clients.get_mut(&transport).filter(|c| c.public == to) {
                    client.receive(self.now, engine_address(), &bytes);
                }
            }
            Content::Command(command) => self.machine.command(self.now, command),
            Content::Parsed(shard, result) => self.machine.parsed(self.now, shard, result),
        }
    }

    fn post(&mut self, at: Instant, content: Content) {
        self.posted += 1;
        let order = self.posted;
        self.parcels.push(Reverse(Parcel { at, order, content }));
    }

    /// Puts on the wires what has been said.
    fn collect(&mut self) {
        for (shard, job) in self.machine.take_jobs() {
            self.post(self.now + PARSING, Content::Parsed(shard, job.run()));
        }
        self.collect_engine();
        self.collect_clients();
        for event in self.machine.take_events(self.now) {
            self.note(event);
        }
    }

    fn collect_engine(&mut self) {
        let mut leaving = Vec::new();
        let (now, truth, observer, addresses) =
            (self.now, &self.truth, &mut self.observer, &self.addresses);
        self.machine.take_datagrams(|to, bytes| {
            if let Some(&transport) = addresses.get(&to) {
                observer.leaves(now, transport, bytes, truth);
                leaving.push((transport, to, bytes.to_vec()));
            }
        });
        for (transport, to, bytes) in leaving {
            let Some([_, wire]) = self.wires.get_mut(&transport) else {
                continue;
            };
            if let Some(tap) = &mut self.tap {
                tap(false, transport, &bytes);
            }
            for at in wire.pass(self.now, &bytes).into_iter().flatten() {
                self.post(at, Content::ToClient(transport, to, bytes.clone()));
            }
        }
    }

    fn collect_clients(&mut self) {
        let mut leaving = Vec::new();
        for (id, client) in &mut self.clients {
            for packet in client.produced.drain(..) {
                self.truth.produced(*id, &packet, self.now);
            }
            leaving.extend(
                client
                    .sent
                    .drain(..)
                    .map(|bytes| (*id, client.public, bytes)),
            );
            if let Some(error) = client.broken.take() {
                let what = format!("the client gave up: {error}");
                self.observer.rules.add(self.now, *id, Rule::Client, what);
                client.closed = true;
            }
        }
        for (transport, from, bytes) in leaving {
            let Some([wire, _]) = self.wires.get_mut(&transport) else {
                continue;
            };
            if let Some(tap) = &mut self.tap {
                tap(true, transport, &bytes);
            }
            for at in wire.pass(self.now, &bytes).into_iter().flatten() {
                self.post(at, Content::ToEngine(transport, from, bytes.clone()));
            }
        }
    }

    fn note(&mut self, event: Event) {
        let kind = match event {
            Event::Offered {
                transport,
                offer,
                sdp,
                tracks,
            } => {
                self.truth.offered(transport, &sdp, &tracks, number);
                self.keep(&sdp);
                let answer = self
                    .clients
                    .get_mut(&transport)
                    .and_then(|client| client.answer(&sdp));
                if let Some(sdp) = answer {
                    let answer = Command::AcceptAnswer {
                        transport,
                        offer,
                        sdp,
                    };
                    self.post(self.now + 2 * SIGNALLING, Content::Command(answer));
                }
                "offered"
            }
            Event::Answered { offer, sdp, .. } => {
                self.keep(&sdp);
                let pending = self.offers.remove(&offer);
                if let Some((transport, pending)) = pending
                    && let Some(client) = self.clients.get_mut(&transport)
                {
                    client.accept(pending, &sdp);
                }
                "answered"
            }
            Event::TransportClosed { transport, reason } => {
                if reason.starts_with("panic") {
                    self.observer
                        .rules
                        .add(self.now, transport, Rule::Panic, reason.clone());
                }
                self.ended.push((transport, reason));
                "transport closed"
            }
            Event::NegotiationFailed {
                transport, message, ..
            } => {
                let what = format!("negotiation failed: {message}");
                self.observer
                    .rules
                    .add(self.now, transport, Rule::Client, what);
                "negotiation failed"
            }
            Event::SubscriptionPaused { transport, track } => {
                self.paused
                    .extend(number(&track).map(|track| (transport, track)));
                "paused"
            }
            Event::SubscriptionResumed { transport, track } => {
                self.paused
                    .retain(|entry| Some(*entry) != number(&track).map(|track| (transport, track)));
                "resumed"
            }
            Event::SubscriptionFailed { .. } => "subscription failed",
            Event::SubscriptionStarted { .. } => "subscription started",
            Event::LayerStarted { .. } => "layer started",
            Event::TransportConnected { .. } => "transport connected",
            Event::DataReceived { .. } => "data",
            _ => "other",
        };
        *self.told.entry(kind).or_default() += 1;
    }

    fn keep(&mut self, description: &str) {
        if self.descriptions.len() < DESCRIPTIONS {
            self.descriptions.push(description.to_owned());
        }
    }

    /// Makes all wires good and waits; whatever should come to a subscriber then must come.
    pub fn must_settle(&mut self) {
        self.all_conditions(Conditions::default());
        self.run_for(PATIENCE);
        self.must_flow_but(true);
        if !self.paused.is_empty() {
            self.run_for(PAUSE_PATIENCE - PATIENCE);
            self.must_flow();
        }
    }

    /// What should come must have come in the last moments.
    pub fn must_flow(&mut self) {
        self.must_flow_but(false);
    }

    /// As `must_flow`; `paused` excuses pictures of which the engine told that the path does not carry them.
    fn must_flow_but(&mut self, paused: bool) {
        let mut silent = Vec::new();
        for (id, wishes) in &self.wishes {
            let Some(client) = self.clients.get(id) else {
                continue;
            };
            for track in wishes.keys().filter(|track| self.truth.flows(*id, **track)) {
                // Voice is never paused.
                if paused && self.paused.contains(&(*id, *track)) && self.is_video(*track) {
                    continue;
                }
                let runs = self.runs(*track);
                let heard = client.heard.get(track).and_then(|heard| heard.last);
                let recent = heard.is_some_and(|at| self.now < at + Duration::from_millis(500));
                if runs && !recent {
                    silent.push((*id, *track, heard.map(|at| at - self.start)));
                }
            }
        }
        for (id, track, last) in silent {
            let sent = self.observer.rules.sent(id, track);
            let what = format!("track {track} does not come: heard at {last:?}, sent at {sent:?}");
            self.observer.rules.add(self.now, id, Rule::Liveness, what);
        }
    }

    fn is_video(&self, track: u16) -> bool {
        self.truth
            .tracks
            .get(&track)
            .is_some_and(|track| track.kind != Kind::Audio)
    }

    /// Whether its publisher is there and sends.
    fn runs(&self, track: u16) -> bool {
        let publisher = self
            .truth
            .tracks
            .get(&track)
            .and_then(|t| self.clients.get(&t.transport));
        publisher.is_some_and(|client| {
            client.alive()
                && client.connected
                && client
                    .feeds
                    .iter()
                    .any(|f| f.plan.track == track && f.running)
        })
    }

    /// What came of it, for comparing runs.
    pub fn digest(&self) -> u64 {
        let mut text = format!("{:?} {:?} {:?}", self.elapsed(), self.told, self.ended);
        for (id, client) in &self.clients {
            text += &format!(
                "\n{id} {} {} {}",
                client.connected, client.keyframe_requests, client.messages
            );
            for (track, heard) in &client.heard {
                let last = heard.last.map(|at| at - self.start);
                text += &format!(
                    " {track}: {} {} {} {} {last:?} {:?}",
                    heard.packets, heard.keys, heard.layer, heard.switches, heard.silence
                );
            }
        }
        crate::observer::hash(text.as_bytes())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Says good-bye itself.
    Closes,
    /// The server closes the transport.
    Told,
    /// Is not heard of again, and the engine finds out.
    Vanishes,
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
