//! A whole call in one thread on a virtual clock: the engine, str0m clients, and a wire between them.

mod client;
mod feed;
mod link;
mod shards;

pub use client::{Client, Setup};
pub use feed::{FRAME_PACKETS, Feed};
pub use link::Link;
pub use shards::Shards;

use crate::allocations;
use engine::command::{Command, TransportId, TransportRole, WantedTrack};
use engine::event::{Event, MidTrack, OfferedMedia};
use engine::outbox::Route;
use engine::remote::Remote;
use engine::shard::ShardId;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::net::Protocol;

pub const LATENCY: Duration = Duration::from_millis(5);

pub fn engine_address() -> SocketAddr {
    "192.0.2.1:7880".parse().unwrap()
}

/// Set for the run in which every story is told with so many shards.
pub const SHARDS: &str = "ENGINE_TEST_SHARDS";

type Wire = VecDeque<(Instant, Remote, Vec<u8>)>;
/// Takes a datagram of, or for, a client off the wire when it says true.
pub type Loss = Box<dyn FnMut(TransportId, &[u8]) -> bool>;

pub struct World {
    pub now: Instant,
    pub engine: Shards,
    pub clients: Vec<Client>,
    pub events: Vec<Event>,
    pub loss: Loss,
    /// The same for datagrams of a client.
    pub loss_up: Loss,
    /// Clients whose datagrams vanish on both ways.
    pub without_udp: Vec<TransportId>,
    /// Slow lines towards clients.
    pub links: HashMap<TransportId, Link>,
    /// What left together: when, to whom, and the sizes of the datagrams.
    pub trains: Vec<(Instant, SocketAddr, Vec<usize>)>,
    /// Datagrams that the engine left in one tick, and the allocations it made for them.
    pub ticks: Vec<(usize, u64)>,
    /// Bytes for nobody that lie in the outbox before each tick and take their part of its slice.
    pub clutter: usize,
    to_engine: Wire,
    to_clients: Wire,
    next_offer: u32,
    /// Offers of single clients that wait for their answer.
    pending: HashMap<u32, SdpPendingOffer>,
}

impl World {
    pub fn new() -> Self {
        let shards = std::env::var(SHARDS).map_or(1, |count| count.parse().expect("a number"));
        World::of_shards(shards)
    }

    pub fn of_shards(count: ShardId) -> Self {
        let now = Instant::now();
        World {
            now,
            engine: Shards::new(count, engine_address(), now),
            clients: Vec::new(),
            events: Vec::new(),
            loss: Box::new(|_, _| false),
            loss_up: Box::new(|_, _| false),
            without_udp: Vec::new(),
            links: HashMap::new(),
            trains: Vec::new(),
            ticks: Vec::new(),
            clutter: 0,
            to_engine: VecDeque::new(),
            to_clients: VecDeque::new(),
            next_offer: 0,
            pending: HashMap::new(),
        }
    }

    pub fn command(&mut self, command: Command) {
        self.engine.command(self.now, command);
        self.settle();
    }

    /// A publisher with one m-line for each feed, connected.
    pub fn publisher(&mut self, transport: TransportId, feeds: Vec<Feed>) {
        self.publisher_with(transport, feeds, Setup::default());
    }

    pub fn publisher_with(&mut self, transport: TransportId, feeds: Vec<Feed>, setup: Setup) {
        let mut client = Client::new(transport, self.now, setup);
        let role = TransportRole::Publisher;
        self.command(opening(transport, role));
        let (offer, pending) = client.offer(feeds);
        let answer = self.negotiate(transport, &offer).0;
        client.accept(pending, &answer);
        self.clients.push(client);
        self.until("the publisher connects", |w| w.connected(transport));
    }

    /// A client that sends and receives on one transport. It offers m-lines to receive on whenever the engine asks.
    pub fn single(&mut self, transport: TransportId, feeds: Vec<Feed>, wanted: &[&str]) {
        let client = Client::new(transport, self.now, Setup::default());
        self.command(opening(transport, TransportRole::Single));
        self.subscribe(transport, wanted);
        self.clients.push(client);
        let (offer, pending) = self.client_mut(transport).offer(feeds);
        self.agree(transport, &offer, pending);
        self.until("the client connects", |w| w.connected(transport));
    }

    fn agree(&mut self, transport: TransportId, offer: &str, pending: SdpPendingOffer) {
        self.next_offer += 1;
        let id = self.next_offer;
        self.pending.insert(id, pending);
        self.command(Command::AcceptOffer {
            transport,
            offer: id,
            sdp: offer.to_owned(),
        });
    }

    /// Offers as a client and returns what the engine answers.
    pub fn negotiate(&mut self, transport: TransportId, sdp: &str) -> (String, Vec<OfferedMedia>) {
        self.next_offer += 1;
        let offer = self.next_offer;
        let sdp = sdp.to_owned();
        self.command(Command::AcceptOffer {
            transport,
            offer,
            sdp,
        });
        let answered = self.events.iter().rev().find_map(|event| match event {
            Event::Answered {
                offer: id,
                sdp,
                media,
                ..
            } if *id == offer => Some((sdp.clone(), media.clone())),
            _ => None,
        });
        answered.unwrap_or_else(|| panic!("no answer: {:?}", self.events.last()))
    }

    pub fn publish(&mut self, track: &str, transport: TransportId, index: usize) {
        let mid = self.client(transport).feeds[index].mid.to_string();
        let track = track.to_owned();
        self.command(Command::PublishTrack {
            track,
            transport,
            mid,
        });
    }

    pub fn subscriber(&mut self, transport: TransportId, tracks: &[&str]) {
        self.subscriber_with(transport, tracks, Setup::default());
    }

    /// A subscriber that answers every offer, not yet connected.
    pub fn subscriber_with(&mut self, transport: TransportId, tracks: &[&str], setup: Setup) {
        self.clients.push(Client::new(transport, self.now, setup));
        let mut open = opening(transport, TransportRole::Subscriber);
        if let Command::OpenTransport { keep_pictures, .. } = &mut open {
            *keep_pictures = setup.keep_pictures;
        }
        self.command(open);
        self.subscribe(transport, tracks);
    }

    pub fn subscribe(&mut self, transport: TransportId, tracks: &[&str]) {
        let wanted = tracks.iter().map(|track| wanted(track, true)).collect();
        self.command(Command::Subscribe { transport, wanted });
    }

    pub fn connected(&self, transport: TransportId) -> bool {
        let engine = self
            .events
            .contains(&Event::TransportConnected { transport });
        engine && self.client(transport).connected
    }

    pub fn client(&self, transport: TransportId) -> &Client {
        let found = self.clients.iter().find(|c| c.transport == transport);
        found.expect("a client of that transport")
    }

    pub fn client_mut(&mut self, transport: TransportId) -> &mut Client {
        let found = self.clients.iter_mut().find(|c| c.transport == transport);
        found.expect("a client of that transport")
    }

    pub fn closed(&self, transport: TransportId) -> Option<&str> {
        self.events.iter().find_map(|event| match event {
            Event::TransportClosed {
                transport: id,
                reason,
            } if *id == transport => Some(reason.as_str()),
            _ => None,
        })
    }

    /// The offers made to a subscriber: text and what is on which m-line.
    pub fn offers(&self, transport: TransportId) -> Vec<(String, Vec<MidTrack>)> {
        let offers = self.events.iter().filter_map(|event| match event {
            Event::Offered {
                transport: id,
                sdp,
                tracks,
                ..
            } if *id == transport => Some((sdp.clone(), tracks.clone())),
            _ => None,
        });
        offers.collect()
    }

    pub fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step(end);
        }
    }

    /// Lets time pass until something holds; ten virtual seconds are for ever.
    pub fn until(&mut self, what: &str, mut holds: impl FnMut(&mut World) -> bool) {
        let end = self.now + Duration::from_secs(10);
        while !holds(self) {
            assert!(self.now < end, "not within ten seconds: {what}");
            self.step(end);
        }
    }

    /// To the next thing that happens anywhere.
    fn step(&mut self, latest: Instant) {
        let mut next = latest.min(self.engine.deadline());
        for client in &self.clients {
            next = next.min(client.next_due());
        }
        for wire in [&self.to_engine, &self.to_clients] {
            if let Some((at, _, _)) = wire.front() {
                next = next.min(*at);
            }
        }
        // Never stands still, whatever anybody's deadline says.
        self.now = next.max(self.now + Duration::from_micros(100));
        while self
            .to_engine
            .front()
            .is_some_and(|(at, _, _)| *at <= self.now)
        {
            let (_, from, bytes) = self.to_engine.pop_front().expect("just seen");
            self.engine
                .datagram(self.now, from, engine_address(), &bytes);
        }
        while self
            .to_clients
            .front()
            .is_some_and(|(at, _, _)| *at <= self.now)
        {
            let (_, to, bytes) = self.to_clients.pop_front().expect("just seen");
            let client = self.clients.iter_mut().find(|c| c.is_at(to));
            if let Some(client) = client {
                client.receive(self.now, to, &bytes);
            }
        }
        for client in &mut self.clients {
            client.tick(self.now);
        }
        if self.clutter > 0 {
            let to: SocketAddr = "192.0.2.99:9".parse().expect("an address");
            let (route, clutter) = (
                Route {
                    to: Remote::from(to),
                    from: None,
                },
                vec![0; self.clutter],
            );
            for outbox in self.engine.outboxes() {
                outbox.push(route, &clutter);
            }
        }
        let before = self.engine.waiting();
        let (now, engine) = (self.now, &mut self.engine);
        let allocations = allocations::during(|| engine.tick(now));
        let after = self.engine.waiting();
        self.ticks.push((after - before, allocations));
        self.settle();
    }

    /// Moves what has been said to whom it was said.
    fn settle(&mut self) {
        self.engine.work(self.now);
        for outbox in self.engine.outboxes() {
            for train in outbox.trains() {
                let ends =
                    (1..=usize::from(train.count)).map(|n| (n * train.segment).min(train.bytes));
                let sizes = ends.enumerate().map(|(n, end)| end - n * train.segment);
                self.trains
                    .push((self.now, train.route.to.address, sizes.collect()));
            }
            for datagram in outbox.datagrams() {
                let to = datagram.route.to;
                let bytes = outbox.bytes(datagram).to_vec();
                let client = self.clients.iter().find(|client| client.is_at(to));
                let vanishes = |id| to.stream.is_none() && self.without_udp.contains(&id);
                if client.is_some_and(|client| {
                    vanishes(client.transport) || (self.loss)(client.transport, &bytes)
                }) {
                    continue;
                }
                let link = client.and_then(|client| self.links.get_mut(&client.transport));
                let link = link.filter(|_| !is_consent(&bytes));
                let passed = link.map_or(Some(self.now), |link| link.pass(self.now, bytes.len()));
                if let Some(passed) = passed {
                    let at = passed + LATENCY;
                    let place = self
                        .to_clients
                        .partition_point(|(other, _, _)| *other <= at);
                    self.to_clients.insert(place, (at, to, bytes));
                }
            }
            outbox.clear();
        }
        for client in &mut self.clients {
            for (protocol, bytes) in client.sent.drain(..) {
                let from = match protocol {
                    Protocol::Udp => client.address.into(),
                    _ => client.stream,
                };
                let vanishes =
                    from.stream.is_none() && self.without_udp.contains(&client.transport);
                if vanishes || (self.loss_up)(client.transport, &bytes) {
                    continue;
                }
                self.to_engine.push_back((self.now + LATENCY, from, bytes));
            }
        }
        let events = self.engine.take_events(self.now);
        for event in &events {
            self.answer(event);
        }
        self.events.extend(events);
    }

    fn answer(&mut self, event: &Event) {
        if let Event::Answered {
            transport,
            offer,
            sdp,
            tracks,
            ..
        } = event
            && let Some(pending) = self.pending.remove(offer)
        {
            let client = self.client_mut(*transport);
            client.accept(pending, sdp);
            client.tracks.clone_from(tracks);
        }
        if let Event::SectionsRequired {
            transport,
            audio,
            video,
        } = event
        {
            let client = self.client_mut(*transport);
            let (offer, pending) = client.offer_sections(*audio, *video);
            self.agree(*transport, &offer, pending);
            return;
        }
        let Event::Offered {
            transport,
            offer,
            sdp,
            ..
        } = event
        else {
            return;
        };
        let client = self
            .clients
            .iter_mut()
            .find(|c| c.transport == *transport && c.setup.answers);
        if let Some(client) = client {
            let sdp = client.answer(sdp);
            self.command(Command::AcceptAnswer {
                transport: *transport,
                offer: *offer,
                sdp,
            });
        }
    }

    /// A datagram from anywhere, at once.
    pub fn inject(&mut self, from: impl Into<Remote>, bytes: &[u8]) {
        self.engine
            .datagram(self.now, from, engine_address(), bytes);
        self.settle();
    }
}

/// A publisher with a microphone `TR_a` and a camera `TR_v`.
pub fn call() -> World {
    let mut world = World::new();
    let now = world.now;
    world.publisher(1, vec![Feed::audio(now), Feed::video(now)]);
    world.publish("TR_a", 1, 0);
    world.publish("TR_v", 1, 1);
    world
}

/// A STUN message. Slow lines let it pass: str0m gives its path up for ever when nine answers in a row are lost, whatever else arrives,
/// where browsers ask on and restart ICE.
fn is_consent(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| *first <= 3)
}

/// Everybody is in one room.
pub fn opening(transport: TransportId, role: TransportRole) -> Command {
    Command::OpenTransport {
        transport,
        role,
        room: "hall".to_owned(),
        tcp_only: false,
        keep_pictures: false,
    }
}

pub fn wanted(track: &str, enabled: bool) -> WantedTrack {
    WantedTrack {
        track: track.to_owned(),
        stream_id: format!("PA_x|{track}"),
        enabled,
        ..WantedTrack::default()
    }
}

pub fn parse_offer(sdp: &str) -> SdpOffer {
    SdpOffer::from_sdp_string(sdp).expect("an offer")
}

pub fn parse_answer(sdp: &str) -> SdpAnswer {
    SdpAnswer::from_sdp_string(sdp).expect("an answer")
}
