//! TCP streams that carry media (ICE over TCP, RFC 6544). Their sockets belong to somebody else, who brings what arrives and takes what
//! is to leave; here are the frames, the bounds, and the way to the media threads and back.
//!
//! A stream is for the shard that the first message on it names, for as long as it lasts. Until the engine has answered on it, and so
//! found a message with right integrity there, nothing but STUN passes.

use super::queue::lock;
use super::stream_queue::StreamQueue;
use crate::media::framing::FrameReader;
use crate::media::stun::Stun;
use crate::outbox::Outbox;
use crate::remote::{Remote, StreamId};
use crate::shard::{ShardId, named_by};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Bytes that are handed out before the owner of the socket says that some have gone. More would wait in its memory, where nothing
/// gives up what is too old.
const WINDOW: usize = 64 << 10;

/// What the owner of a socket is to do.
#[derive(Debug, PartialEq, Eq)]
pub struct StreamOutput {
    pub stream: StreamId,
    pub bytes: Vec<u8>,
    /// Nobody needs the stream any longer: it ends after these bytes.
    pub ended: bool,
}

/// A packet on its way to a media thread.
pub struct Arrived {
    /// The stream and where it comes from.
    pub remote: Remote,
    /// Our address.
    pub local: SocketAddr,
    /// One packet, out of its frame.
    pub bytes: Vec<u8>,
}

/// All streams of an engine.
pub struct Streams {
    table: Mutex<Table>,
    wake: Arc<dyn Fn() + Send + Sync>,
    shards: ShardId,
}

#[derive(Default)]
struct Table {
    streams: HashMap<StreamId, Stream>,
    last: u32,
    /// Streams with something to take.
    ready: Vec<StreamId>,
    dropped: u64,
}

struct Stream {
    address: SocketAddr,
    local: SocketAddr,
    reader: FrameReader,
    /// Known since the first message.
    shard: Option<ShardId>,
    /// The engine has answered.
    proven: bool,
    queue: StreamQueue,
    /// Bytes handed out that have not gone yet.
    in_flight: usize,
    ready: bool,
    ended: bool,
}

impl Streams {
    /// `wake` is called when there is something to take after there was nothing.
    pub fn new(shards: ShardId, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Streams {
            table: Mutex::default(),
            wake,
            shards,
        }
    }

    /// A client has come from `address` to our address `local`.
    pub fn open(&self, address: SocketAddr, local: SocketAddr) -> Option<StreamId> {
        let mut table = lock(&self.table);
        let last = table.last.checked_add(1)?;
        table.last = last;
        let id = StreamId::new(last)?;
        let stream = Stream {
            address,
            local,
            reader: FrameReader::default(),
            shard: None,
            proven: false,
            queue: StreamQueue::default(),
            in_flight: 0,
            ready: false,
            ended: false,
        };
        table.streams.insert(id, stream);
        Some(id)
    }

    /// The client has closed it.
    pub fn close(&self, id: StreamId) {
        lock(&self.table).streams.remove(&id);
    }

    /// The packets that these bytes complete, and for which shard they are. None when the stream is not what it should be and has
    /// to be closed.
    pub fn receive(&self, id: StreamId, bytes: &[u8]) -> Option<(ShardId, Vec<Arrived>)> {
        let mut table = lock(&self.table);
        let stream = table.streams.get_mut(&id)?;
        let remote = Remote {
            address: stream.address,
            stream: Some(id),
        };
        let (local, proven) = (stream.local, stream.proven);
        let (mut shard, mut sound, mut packets) = (stream.shard, true, Vec::new());
        let read = stream.reader.read(bytes, |packet| {
            let stun = if proven { None } else { Stun::parse(packet) };
            if shard.is_none() {
                let named = stun.and_then(|s| s.local_ufrag()).and_then(named_by);
                shard = named.filter(|named| *named < self.shards);
            }
            sound &= shard.is_some() && (proven || stun.is_some());
            packets.push(Arrived {
                remote,
                local,
                bytes: packet.to_vec(),
            });
        });
        stream.shard = shard;
        match read {
            Ok(()) if sound => Some((shard.unwrap_or_default(), packets)),
            _ => None,
        }
    }

    /// Takes what is for streams out of the outbox.
    pub fn send(&self, now: Instant, outbox: &mut Outbox) {
        let mut table = lock(&self.table);
        let was_empty = table.ready.is_empty();
        for train in outbox.take_streamed() {
            let Some(id) = train.route.to.stream else {
                continue;
            };
            let table = &mut *table;
            let Some(stream) = table.streams.get_mut(&id) else {
                continue;
            };
            stream.proven = true;
            for datagram in outbox.datagrams_of(&train) {
                if !stream.queue.push(now, train.class, outbox.bytes(datagram)) {
                    table.dropped += 1;
                }
            }
            stream.note_ready(id, &mut table.ready);
        }
        self.tell(table, was_empty);
    }

    /// Nobody needs these any longer.
    pub fn end(&self, ids: &[StreamId]) {
        let mut table = lock(&self.table);
        let was_empty = table.ready.is_empty();
        for id in ids {
            let table = &mut *table;
            if let Some(stream) = table.streams.get_mut(id) {
                stream.ended = true;
                stream.note_ready(*id, &mut table.ready);
            }
        }
        self.tell(table, was_empty);
    }

    /// So many bytes of what was handed out have gone.
    pub fn written(&self, id: StreamId, bytes: usize) {
        let mut table = lock(&self.table);
        let was_empty = table.ready.is_empty();
        let Table { streams, ready, .. } = &mut *table;
        if let Some(stream) = streams.get_mut(&id) {
            stream.in_flight = stream.in_flight.saturating_sub(bytes);
            stream.note_ready(id, ready);
        }
        self.tell(table, was_empty);
    }

    /// What is to leave now.
    pub fn take(&self, now: Instant) -> Vec<StreamOutput> {
        let mut table = lock(&self.table);
        let mut outputs = Vec::new();
        for id in std::mem::take(&mut table.ready) {
            let Some(stream) = table.streams.get_mut(&id) else {
                continue;
            };
            stream.ready = false;
            let room = WINDOW.saturating_sub(stream.in_flight);
            let (bytes, late) = stream.queue.take(now, room);
            stream.in_flight += bytes.len();
            let ended = stream.ended;
            table.dropped += late;
            if ended {
                table.streams.remove(&id);
            }
            if ended || !bytes.is_empty() {
                outputs.push(StreamOutput {
                    stream: id,
                    bytes,
                    ended,
                });
            }
        }
        outputs
    }

    /// Packets that found no room or waited too long, since the start.
    pub fn dropped(&self) -> u64 {
        lock(&self.table).dropped
    }

    fn tell(&self, table: std::sync::MutexGuard<Table>, was_empty: bool) {
        let wakes = was_empty && !table.ready.is_empty();
        drop(table);
        if wakes {
            (self.wake)();
        }
    }
}

impl Stream {
    fn note_ready(&mut self, id: StreamId, ready: &mut Vec<StreamId>) {
        let has_work = self.ended || !self.queue.is_empty() && self.in_flight < WINDOW;
        if has_work && !self.ready {
            self.ready = true;
            ready.push(id);
        }
    }
}

#[cfg(test)]
#[path = "streams_tests.rs"]
mod tests;
