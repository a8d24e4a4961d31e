//! Datagrams on their way to the socket: one arena, so that a packet costs no allocation, and trains of them that may
//! leave as one send.

use crate::remote::Remote;
use std::borrow::Borrow;
use std::iter::successors;
use std::net::SocketAddr;
use std::time::Instant;

/// Datagrams of one train; more no system takes in one send (`UDP_MAX_SEGMENTS`).
const COUNT_LIMIT: u16 = 64;
/// Bytes of one train: what an IP packet holds, and room for its headers.
const TRAIN_LIMIT: usize = 64_000;
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    pub to: Remote,
    /// The local address the peer talks to, where it is known.
    pub from: Option<SocketAddr>,
}

/// How long a datagram is worth sending when the network takes no more. Later ones wait longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Video,
    Voice,
    /// ICE, DTLS, RTCP, data.
    Control,
}

#[derive(Debug, Clone, Copy)]
pub struct Datagram {
    pub route: Route,
    pub start: usize,
    pub len: usize,
}

/// Datagrams for one address that may leave as one send: all of one size, the last one may be shorter.
#[derive(Debug, Clone, Copy)]
pub struct Train {
    pub route: Route,
    /// The most patient class in it.
    pub class: Class,
    /// Bytes of each datagram but the last.
    pub segment: usize,
    /// Datagrams.
    pub count: u16,
    /// Bytes of all.
    pub bytes: usize,
    /// When it is worth nothing any more; set while it waits for the network.
    pub until: Option<Instant>,
    first: u32,
    last: u32,
}

/// Whole datagrams that lie together in the arena.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: usize,
    len: usize,
    next: u32,
}

/// Where the newest train of a path is, for datagrams that may ride on it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tail {
    turn: u64,
    train: u32,
}

#[derive(Debug)]
pub struct Outbox {
    arena: Vec<u8>,
    pieces: Vec<Piece>,
    trains: Vec<Train>,
    /// Tells tails of this turn from older ones.
    turn: u64,
    coupling: bool,
    /// Whether a train for a TCP stream is among them.
    streamed: bool,
    dropped: u64,
}

impl Default for Outbox {
    fn default() -> Self {
        Outbox {
            arena: Vec::new(),
            pieces: Vec::new(),
            trains: Vec::new(),
            turn: 1,
            coupling: true,
            streamed: false,
            dropped: 0,
        }
    }
}

impl Outbox {
    /// The driver flushes after every batch it received, so this is met only when it cannot send.
    const LIMIT: usize = 64 << 20;

    /// Fan-out pauses here for what is there to be sent: as much as stays in the second-level cache from being written to being
    /// read by the system.
    pub const SLICE: usize = 128 << 10;
    /// It pauses as well after so many trains, however short: they take a third of a millisecond, for which others have to wait.
    const SLICE_TRAINS: usize = 128;

    /// One datagram of control that leaves by itself.
    pub fn push(&mut self, route: Route, bytes: &[u8]) {
        self.build(route, |arena| {
            arena.extend_from_slice(bytes);
            true
        });
    }

    /// Lets `write` append one datagram of control to the arena; false takes it back.
    pub fn build(&mut self, route: Route, write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        self.couple(&mut Tail::default(), route, Class::Control, write)
    }

    /// As [`Outbox::build`] for a datagram that rides on the path's newest train if it fits there: no longer than the
    /// others, and nothing shorter before it.
    pub fn couple(
        &mut self,
        tail: &mut Tail,
        route: Route,
        class: Class,
        write: impl FnOnce(&mut Vec<u8>) -> bool,
    ) -> bool {
        let start = self.arena.len();
        if start >= Self::LIMIT {
            self.dropped += 1;
            return false;
        }
        if !write(&mut self.arena) {
            self.arena.truncate(start);
            return false;
        }
        let len = self.arena.len() - start;
        if self.room(tail, route).is_none_or(|segment| len > segment) {
            self.start_train(tail, route, class, start, len);
        } else {
            self.ride(tail, class, start, len);
        }
        true
    }

    /// The size that datagrams of the path's newest train have, when more may ride on it.
    pub fn room(&self, tail: &Tail, route: Route) -> Option<usize> {
        let train = self.trains.get(tail.train as usize)?;
        let open = tail.turn == self.turn
            && self.coupling
            && train.count < COUNT_LIMIT
            && train.bytes + train.segment <= TRAIN_LIMIT
            // A shorter one ends a train.
            && train.bytes == train.segment * usize::from(train.count)
            && train.route == route;
        open.then_some(train.segment)
    }

    fn start_train(
        &mut self,
        tail: &mut Tail,
        route: Route,
        class: Class,
        start: usize,
        len: usize,
    ) {
        let piece = self.pieces.len() as u32;
        let next = NONE;
        self.pieces.push(Piece { start, len, next });
        *tail = Tail {
            turn: self.turn,
            train: self.trains.len() as u32,
        };
        self.streamed |= route.to.stream.is_some();
        self.trains.push(Train {
            route,
            class,
            segment: len,
            count: 1,
            bytes: len,
            until: None,
            first: piece,
            last: piece,
        });
    }

    fn ride(&mut self, tail: &Tail, class: Class, start: usize, len: usize) {
        let fresh = self.pieces.len() as u32;
        let Some(train) = self.trains.get_mut(tail.train as usize) else {
            return;
        };
        train.count += 1;
        train.bytes += len;
        train.class = train.class.max(class);
        let Some(last) = self.pieces.get_mut(train.last as usize) else {
            return;
        };
        if last.start + last.len == start {
            last.len += len;
            return;
        }
        last.next = fresh;
        train.last = fresh;
        let next = NONE;
        self.pieces.push(Piece { start, len, next });
    }

    /// Copies a train of another outbox, which is worth something until then.
    pub fn take_over(&mut self, other: &Outbox, train: &Train, until: Instant) {
        let start = self.arena.len();
        for piece in other.pieces(train) {
            self.arena.extend_from_slice(piece);
        }
        let piece = self.pieces.len() as u32;
        self.pieces.push(Piece {
            start,
            len: train.bytes,
            next: NONE,
        });
        self.trains.push(Train {
            until: Some(until),
            first: piece,
            last: piece,
            ..*train
        });
    }

    /// The one train at `at` becomes a train for each of its datagrams, which follow each other in its place.
    pub fn uncouple(&mut self, at: usize) {
        let Some(train) = self.trains.get(at).copied() else {
            return;
        };
        let mut singles = Vec::new();
        for datagram in self.datagrams_of(&train) {
            let piece = (self.pieces.len() + singles.len()) as u32;
            singles.push((piece, datagram));
        }
        self.pieces.extend(singles.iter().map(|(_, one)| Piece {
            start: one.start,
            len: one.len,
            next: NONE,
        }));
        let trains = singles.into_iter().map(|(piece, one)| Train {
            segment: one.len,
            count: 1,
            bytes: one.len,
            first: piece,
            last: piece,
            ..train
        });
        self.trains.splice(at..=at, trains);
    }

    /// Whether datagrams may ride on trains. Without it every one is a train of its own.
    pub fn set_coupling(&mut self, coupling: bool) {
        self.coupling = coupling;
    }

    pub fn trains(&self) -> &[Train] {
        &self.trains
    }

    /// The bytes of a train in order, in as few pieces as they lie in.
    pub fn pieces<'a>(&'a self, train: &Train) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.walk(train)
            .map(|piece| &self.arena[piece.start..piece.start + piece.len])
    }

    fn walk<'a>(&'a self, train: &Train) -> impl Iterator<Item = Piece> + use<'a> {
        let piece = |at: u32| self.pieces.get(at as usize).copied();
        successors(piece(train.first), move |last| piece(last.next))
    }

    /// The datagrams of a train in order.
    pub fn datagrams_of<'a>(&'a self, train: &Train) -> impl Iterator<Item = Datagram> + use<'a> {
        let (route, segment) = (train.route, train.segment);
        self.walk(train).flat_map(move |piece| {
            let end = piece.start + piece.len;
            // An empty datagram is one too.
            let more = move |start: &usize| Some(start + segment).filter(|start| *start < end);
            successors(Some(piece.start), more).map(move |start| Datagram {
                route,
                start,
                len: segment.min(end - start),
            })
        })
    }

    /// Whether something is for TCP streams.
    pub fn has_streamed(&self) -> bool {
        self.streamed
    }

    /// Takes out the trains for TCP streams. Their bytes stay until the outbox is cleared, before which nothing rides on a train.
    pub fn take_streamed(&mut self) -> Vec<Train> {
        self.streamed = false;
        let streamed = |train: &mut Train| train.route.to.stream.is_some();
        self.trains.extract_if(.., streamed).collect()
    }

    /// Every single datagram, train by train.
    pub fn datagrams(&self) -> impl Iterator<Item = Datagram> {
        self.trains
            .iter()
            .flat_map(|train| self.datagrams_of(train))
    }

    pub fn bytes(&self, datagram: impl Borrow<Datagram>) -> &[u8] {
        let datagram = datagram.borrow();
        &self.arena[datagram.start..datagram.start + datagram.len]
    }

    pub fn byte_count(&self) -> usize {
        self.arena.len()
    }

    /// Whether fan-out is to wait until this has left.
    pub fn is_full(&self) -> bool {
        self.arena.len() >= Self::SLICE || self.trains.len() >= Self::SLICE_TRAINS
    }

    pub fn is_empty(&self) -> bool {
        self.trains.is_empty()
    }

    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Forgets what was sent and keeps the memory, up to a size that slices and a crowd of newcomers need.
    pub fn clear(&mut self) {
        self.turn += 1;
        self.streamed = false;
        self.trains.clear();
        self.pieces.clear();
        self.arena.clear();
        self.arena.shrink_to(1 << 20);
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
