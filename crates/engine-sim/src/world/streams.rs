//! Clients that come by TCP (RFC 6544): packets in frames (RFC 4571), on streams that lose nothing, wait for what was lost, and arrive cut
//! anywhere.

use super::{Bytes, Content, World, engine_address};
use crate::rules::Rule;
use engine::command::TransportId;
use engine::media::demux::{Class, classify};
use engine::media::framing::{FrameReader, write_frame};
use engine::remote::StreamId;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Pieces in which streams arrive are at most as long.
const PIECE: u64 = 1_400;

/// The stream of a client.
pub(super) struct Stream {
    pub id: StreamId,
    /// Finds the frames of what comes to the client.
    reader: FrameReader,
    /// Something has come by it: until then a client says nothing but STUN.
    answered: bool,
    /// What the engine has sent, by what it is, with what came of it at the observer. Some of it is given up before it leaves.
    sent: VecDeque<(u64, Option<Bytes>)>,
}

impl Stream {
    pub fn note(&mut self, packet: &[u8], opened: Option<Bytes>) {
        self.sent.push_back((fingerprint(packet), opened));
    }

    /// The packets that a piece completes. None where one was never sent, or not in this order.
    fn read(&mut self, piece: &[u8]) -> Option<Vec<Bytes>> {
        self.answered = true;
        let mut came = Vec::new();
        let read = self
            .reader
            .read(piece, |packet| came.push(fingerprint(packet)));
        read.ok()?;
        let mut packets = Vec::new();
        for packet in came {
            let at = self.sent.iter().position(|(sent, _)| *sent == packet)?;
            // What is passed over was given up.
            let (_, opened) = self.sent.drain(..=at).next_back()?;
            packets.extend(opened);
        }
        Some(packets)
    }
}

fn fingerprint(packet: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    packet.hash(&mut hasher);
    hasher.finish()
}

impl World {
    /// A client comes by a stream, or by a new one instead of the one it had.
    pub(super) fn open_stream(&mut self, transport: TransportId) {
        let Some(client) = self
            .clients
            .get(&transport)
            .filter(|client| client.streamed)
        else {
            return;
        };
        let id = self.machine.streams.open(client.public, engine_address());
        let id = id.expect("fewer than four billion streams");
        self.close_stream(transport);
        self.by_stream.insert(id, transport);
        let stream = Stream {
            id,
            reader: FrameReader::default(),
            answered: false,
            sent: VecDeque::new(),
        };
        self.streams.insert(transport, stream);
    }

    pub(super) fn close_stream(&mut self, transport: TransportId) {
        // What the engine sends before it finds out is looked at all the same.
        if let Some(stream) = self.streams.remove(&transport) {
            self.machine.streams.close(stream.id);
        }
    }

    /// Puts on the wires what the engine's streams have handed out.
    pub(super) fn collect_streams(&mut self) {
        for output in self.machine.streams.take(self.now) {
            let Some(&transport) = self.by_stream.get(&output.stream) else {
                continue;
            };
            for piece in self.cut(&output.bytes) {
                let Some([_, wire]) = self.wires.get_mut(&transport) else {
                    break;
                };
                let (left, arrives) = wire.carry(self.now, piece.len());
                self.post(left, Content::Left(output.stream, piece.len()));
                self.post(arrives, Content::FromStream(output.stream, piece));
            }
        }
    }

    /// What a client says by its stream.
    pub(super) fn say_by_stream(&mut self, transport: TransportId, packet: &[u8]) {
        let stream = self.streams.get(&transport);
        let passes = |stream: &&Stream| stream.answered || classify(packet) == Class::Stun;
        let Some(id) = stream.filter(passes).map(|stream| stream.id) else {
            return;
        };
        let mut frame = Vec::with_capacity(packet.len() + 2);
        if !write_frame(&mut frame, packet) {
            return;
        }
        for piece in self.cut(&frame) {
            let Some([wire, _]) = self.wires.get_mut(&transport) else {
                return;
            };
            let (_, arrives) = wire.carry(self.now, piece.len());
            self.post(arrives, Content::ToStream(id, piece));
        }
    }

    /// Bytes as a network may cut them.
    fn cut(&mut self, mut bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut pieces = Vec::new();
        self.cut_count += 1;
        let mut cuts = self.cuts.fork(self.cut_count);
        while !bytes.is_empty() {
            let most = 1 + cuts.below(PIECE) as usize;
            let (piece, rest) = bytes.split_at(most.min(bytes.len()));
            pieces.push(piece.to_vec());
            bytes = rest;
        }
        pieces
    }

    /// Whose stream it is, while it is open.
    fn open_transport(&self, id: StreamId) -> Option<TransportId> {
        let transport = *self.by_stream.get(&id)?;
        let stream = self.streams.get(&transport)?;
        (stream.id == id).then_some(transport)
    }

    pub(super) fn arrive_at_engine(&mut self, id: StreamId, piece: &[u8]) {
        let Some(transport) = self.open_transport(id) else {
            return;
        };
        match self.machine.receive_stream(self.now, id, piece) {
            Some(taken) => taken.iter().for_each(|packet| self.came(transport, packet)),
            None => {
                let what = "the engine gives up a stream".to_owned();
                self.observer
                    .rules
                    .add(self.now, transport, Rule::Client, what);
                self.close_stream(transport);
            }
        }
    }

    pub(super) fn arrive_at_client(&mut self, id: StreamId, piece: &[u8]) {
        let Some(transport) = self.open_transport(id) else {
            return;
        };
        let read = self
            .streams
            .get_mut(&transport)
            .map(|stream| stream.read(piece));
        match read.flatten() {
            Some(packets) => packets
                .into_iter()
                .for_each(|packet| self.hand_over(transport, packet)),
            None => {
                let what = "a stream brings what the engine has not sent".to_owned();
                self.observer
                    .rules
                    .add(self.now, transport, Rule::Client, what);
                self.close_stream(transport);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(sent: &[&[u8]]) -> Stream {
        let mut stream = Stream {
            id: StreamId::MIN,
            reader: FrameReader::default(),
            answered: false,
            sent: VecDeque::new(),
        };
        let sent = sent.iter().copied();
        sent.for_each(|packet| stream.note(packet, Some(Bytes::Plain(packet.into()))));
        stream
    }

    #[test]
    fn packets_come_in_their_order_but_for_those_given_up() {
        let mut stream = stream(&[b"one", b"two", b"three"]);
        let mut bytes = Vec::new();
        assert!(
            [&b"one"[..], b"three"]
                .iter()
                .all(|packet| write_frame(&mut bytes, packet))
        );
        let (first, second) = bytes.split_at(4);
        assert_eq!(stream.read(first).map(|packets| packets.len()), Some(0));
        assert_eq!(stream.read(second).map(|packets| packets.len()), Some(2));
    }

    #[test]
    fn what_was_never_sent_and_what_comes_again_are_found() {
        for packet in [&b"four"[..], b"one"] {
            let mut stream = stream(&[b"one", b"two"]);
            let mut bytes = Vec::new();
            assert!(
                [b"one", packet]
                    .iter()
                    .all(|packet| write_frame(&mut bytes, packet))
            );
            assert!(stream.read(&bytes).is_none());
        }
    }
}
