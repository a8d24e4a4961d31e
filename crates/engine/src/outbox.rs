//! Datagrams on their way to the socket: one arena, so that a packet costs no allocation.

use std::net::SocketAddr;

#[derive(Debug, Clone, Copy)]
pub struct Route {
    pub to: SocketAddr,
    /// The local address the peer talks to, where it is known.
    pub from: Option<SocketAddr>,
}

#[derive(Debug, Clone, Copy)]
pub struct Datagram {
    pub route: Route,
    pub start: usize,
    pub len: usize,
}

#[derive(Debug, Default)]
pub struct Outbox {
    arena: Vec<u8>,
    datagrams: Vec<Datagram>,
    dropped: u64,
}

impl Outbox {
    /// The driver flushes after every batch it received, so this is met only when it cannot send.
    const LIMIT: usize = 64 << 20;

    pub fn push(&mut self, route: Route, bytes: &[u8]) {
        self.build(route, |arena| {
            arena.extend_from_slice(bytes);
            true
        });
    }

    /// Lets `write` append one datagram to the arena; false takes it back.
    pub fn build(&mut self, route: Route, write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
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
        self.datagrams.push(Datagram { route, start, len });
        true
    }

    pub fn datagrams(&self) -> &[Datagram] {
        &self.datagrams
    }

    pub fn bytes(&self, datagram: &Datagram) -> &[u8] {
        &self.arena[datagram.start..datagram.start + datagram.len]
    }

    pub fn byte_count(&self) -> usize {
        self.arena.len()
    }

    pub fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }

    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Forgets what was sent and keeps the memory, up to a size that a usual call needs.
    pub fn clear(&mut self) {
        self.datagrams.clear();
        self.arena.clear();
        self.arena.shrink_to(4 << 20);
    }
}
