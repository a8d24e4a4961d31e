//! Carries what engines and clients say to whom they say it.

use super::{Bytes, Content, PARSING, Parcel, World, engine_address};
use crate::observer::Opened;
use crate::rules::Rule;
use engine::command::TransportId;
use engine::media::demux::{Class, classify};
use std::cmp::Reverse;
use std::rc::Rc;
use std::time::Instant;

impl World {
    pub(super) fn deliver(&mut self, content: Content) {
        match content {
            Content::ToEngine(transport, from, bytes) => {
                if self.machine.datagram(self.now, from, &bytes) {
                    self.came(transport, &bytes);
                }
            }
            Content::ToClient(transport, to, bytes) => {
                // What is on its way to an address that was left is lost.
                let client = self.clients.get(&transport);
                if client.is_some_and(|client| client.public == to) {
                    self.hand_over(transport, bytes);
                }
            }
            Content::ToStream(id, piece) => self.arrive_at_engine(id, &piece),
            Content::FromStream(id, piece) => self.arrive_at_client(id, &piece),
            Content::Left(id, bytes) => self.machine.streams.written(id, bytes),
            Content::Command(command) => self.machine.command(self.now, *command),
            Content::Parsed(shard, result) => self.machine.parsed(self.now, shard, *result),
        }
    }

    /// The engine has taken a packet.
    pub(super) fn came(&mut self, transport: TransportId, bytes: &[u8]) {
        if classify(bytes) == Class::Rtp
            && let (Some(ssrc), Some(seq)) = (bytes.get(8..12), bytes.get(2..4))
        {
            let ssrc = ssrc
                .iter()
                .fold(0, |ssrc, byte| ssrc << 8 | u32::from(*byte));
            let seq = seq.iter().fold(0, |seq, byte| seq << 8 | u16::from(*byte));
            self.truth.delivered(transport, ssrc, seq, self.now);
        }
    }

    /// A client gets a packet.
    pub(super) fn hand_over(&mut self, transport: TransportId, bytes: Bytes) {
        let Some(client) = self.clients.get_mut(&transport) else {
            return;
        };
        match bytes {
            Bytes::Plain(bytes) => client.receive(self.now, engine_address(), &bytes),
            Bytes::Opened(opened) => match &*opened {
                Opened::Media(arrival) => client.receive_media(self.now, arrival),
                Opened::Report(plain) => client.receive_report(self.now, plain),
            },
        }
    }

    pub(super) fn post(&mut self, at: Instant, content: Content) {
        self.posted += 1;
        let order = self.posted;
        self.parcels.push(Reverse(Parcel { at, order, content }));
    }

    /// Puts on the wires what has been said.
    pub(super) fn collect(&mut self) {
        if self.machine.listen() {
            for (shard, job) in self.machine.take_jobs() {
                self.post(
                    self.now + PARSING,
                    Content::Parsed(shard, Box::new(job.run())),
                );
            }
            // Before the media: an answer of a single transport announces what leaves with it.
            for event in self.machine.take_events(self.now) {
                self.note(event);
            }
            self.collect_engine();
        }
        self.collect_clients();
        self.collect_streams();
    }

    fn collect_engine(&mut self) {
        let mut leaving = Vec::new();
        let now = self.now;
        self.machine.take_datagrams(now, |to, bytes| {
            let found = match to.stream {
                Some(stream) => self.by_stream.get(&stream),
                None => self.addresses.get(&to.address),
            };
            let Some(&transport) = found else {
                return;
            };
            if let Some(tap) = &mut self.tap {
                tap(false, transport, bytes);
            }
            let opened = match classify(bytes) {
                Class::Rtp | Class::Rtcp => {
                    let opened = self.observer.leaves(now, transport, bytes, &self.truth);
                    opened.map(|opened| Bytes::Opened(Rc::new(opened)))
                }
                _ => Some(Bytes::Plain(bytes.into())),
            };
            if let Some(id) = to.stream {
                let stream = self.streams.get_mut(&transport);
                if let Some(stream) = stream.filter(|stream| stream.id == id) {
                    stream.note(bytes, opened);
                }
                return;
            }
            let to = to.address;
            let Some([_, wire]) = self.wires.get_mut(&transport) else {
                return;
            };
            let arrivals = wire.pass(now, bytes).into_iter().flatten();
            // What the client could not open is lost, after it has taken its place on the wire.
            for (at, opened) in arrivals.filter_map(|at| Some((at, opened.clone()?))) {
                leaving.push((at, Content::ToClient(transport, to, opened)));
            }
        });
        for (at, content) in leaving {
            self.post(at, content);
        }
    }

    fn collect_clients(&mut self) {
        let mut leaving = Vec::new();
        self.clients.visit(|id, client| {
            for packet in client.produced.drain(..) {
                self.truth.produced(id, &packet, self.now);
            }
            let sent = client.sent.drain(..);
            leaving.extend(sent.map(|bytes| (id, client.public, bytes)));
            if let Some(error) = client.broken.take() {
                let what = format!("the client gave up: {error}");
                self.observer.rules.add(self.now, id, Rule::Client, what);
                client.closed = true;
            }
        });
        for (transport, from, bytes) in leaving {
            if self.clients.get(&transport).is_some_and(|c| c.streamed) {
                self.say_by_stream(transport, &bytes);
                continue;
            }
            let Some([wire, _]) = self.wires.get_mut(&transport) else {
                continue;
            };
            if let Some(tap) = &mut self.tap {
                tap(true, transport, &bytes);
            }
            let [first, again] = wire.pass(self.now, &bytes);
            if let Some(at) = again {
                self.post(at, Content::ToEngine(transport, from, bytes.clone()));
            }
            if let Some(at) = first {
                self.post(at, Content::ToEngine(transport, from, bytes));
            }
        }
    }
}
