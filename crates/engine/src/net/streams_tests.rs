use super::*;
use crate::outbox::{Class, Route};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

struct Table {
    streams: Streams,
    wakes: Arc<AtomicUsize>,
}

fn streams(shards: ShardId) -> Table {
    let wakes = Arc::new(AtomicUsize::new(0));
    let counted = wakes.clone();
    let wake = Arc::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    Table {
        streams: Streams::new(shards, wake),
        wakes,
    }
}

fn address(port: u16) -> SocketAddr {
    ([198, 51, 100, 1], port).into()
}

/// A framed binding request for the owner of a ufrag of eight letters.
fn request(ufrag: &str) -> Vec<u8> {
    let mut bytes = vec![0, 36, 0, 1, 0, 16, 0x21, 0x12, 0xA4, 0x42];
    bytes.extend([7; 12]);
    bytes.extend([0, 6, 0, 12]);
    bytes.extend(ufrag.as_bytes());
    bytes.extend(b":abc");
    bytes
}

impl Table {
    fn open(&self) -> StreamId {
        let id = self.streams.open(address(4_000), address(7_880));
        id.unwrap()
    }

    /// The engine sends packets on a stream.
    fn send(&self, stream: StreamId, class: Class, count: usize, size: usize) {
        let mut outbox = Outbox::default();
        let remote = Remote {
            address: address(4_000),
            stream: Some(stream),
        };
        for to in [remote, address(4_000).into()] {
            let route = Route { to, from: None };
            let mut tail = Default::default();
            for _ in 0..count {
                outbox.couple(&mut tail, route, class, |arena| {
                    arena.resize(arena.len() + size, 9);
                    true
                });
            }
        }
        assert!(outbox.has_streamed());
        self.streams.send(Instant::now(), &mut outbox);
        assert!(!outbox.has_streamed());
        let rest = outbox.trains().iter();
        assert!(rest.map(|train| usize::from(train.count)).sum::<usize>() == count);
    }

    fn take(&self) -> Vec<StreamOutput> {
        self.streams.take(Instant::now())
    }

    fn wakes(&self) -> usize {
        self.wakes.swap(0, Ordering::Relaxed)
    }
}

#[test]
fn the_first_message_says_for_which_shard_a_stream_is() {
    let table = streams(3);
    let id = table.open();
    let bytes = request("2abcdefg");
    let (begin, end) = bytes.split_at(11);
    let (_, none) = table.streams.receive(id, begin).unwrap();
    assert!(none.is_empty());
    let (shard, packets) = table.streams.receive(id, end).unwrap();
    assert_eq!((shard, packets.len()), (2, 1));
    assert_eq!(packets[0].bytes, bytes[2..]);
    assert_eq!(packets[0].remote.stream, Some(id));
    // It stays with that one, whatever later messages name.
    let (shard, _) = table.streams.receive(id, &request("0abcdefg")).unwrap();
    assert_eq!(shard, 2);
}

#[test]
fn what_does_not_begin_with_a_message_to_us_is_closed() {
    let foreign = request("9abcdefg");
    for bytes in [
        &foreign[..],
        &[0, 3, 1, 2, 3],
        &[0xFF, 0xFF],
        b"\0\x10GET / HTTP/1.1..",
    ] {
        let table = streams(3);
        let id = table.open();
        assert!(table.streams.receive(id, bytes).is_none(), "{bytes:?}");
    }
}

#[test]
fn media_passes_after_the_engine_has_answered() {
    let table = streams(1);
    let id = table.open();
    let mut bytes = request("0abcdefg");
    assert!(table.streams.receive(id, &bytes).is_some());
    bytes.extend([0, 2, 0x80, 96]);
    assert!(table.streams.receive(id, &bytes).is_none());
    let id = table.open();
    assert!(table.streams.receive(id, &request("0abcdefg")).is_some());
    table.send(id, Class::Control, 1, 20);
    let (_, packets) = table.streams.receive(id, &bytes).unwrap();
    assert_eq!(packets.len(), 2);
}

#[test]
fn what_is_handed_out_waits_for_what_has_left() {
    let table = streams(1);
    let id = table.open();
    table.send(id, Class::Video, 100, 998);
    assert_eq!(table.wakes(), 1);
    let [first] = &table.take()[..] else {
        panic!("one stream has something");
    };
    assert!(first.bytes.len() >= WINDOW && first.bytes.len() < WINDOW + 1_000);
    assert_eq!(first.bytes[..3], [0x03, 0xE6, 9]);
    table.send(id, Class::Voice, 1, 100);
    assert_eq!((table.wakes(), table.take()), (0, vec![]));
    table.streams.written(id, first.bytes.len());
    assert_eq!(table.wakes(), 1);
    let second = &table.take()[0];
    assert_eq!(first.bytes.len() + second.bytes.len(), 100 * 1_000 + 102);
    table.streams.written(id, second.bytes.len());
    assert_eq!((table.wakes(), table.take()), (0, vec![]));
    assert_eq!(table.streams.dropped(), 0);
}

#[test]
fn a_stream_that_takes_nothing_holds_little() {
    let table = streams(1);
    let id = table.open();
    for _ in 0..100 {
        table.send(id, Class::Video, 10, 1_000);
    }
    table.take();
    assert!(table.streams.dropped() > 500);
    table.send(id, Class::Control, 1, 100);
    let late = Instant::now() + Duration::from_secs(1);
    table.streams.written(id, 2 * WINDOW);
    let [rest] = &table.streams.take(late)[..] else {
        panic!("the control message is left");
    };
    assert_eq!(rest.bytes.len(), 102);
}

#[test]
fn last_words_leave_before_the_end() {
    let table = streams(1);
    let id = table.open();
    table.send(id, Class::Control, 1, 30);
    table.streams.end(&[id]);
    assert_eq!(table.wakes(), 1);
    let outputs = table.take();
    assert_eq!((outputs[0].bytes.len(), outputs[0].ended), (32, true));
    table.streams.written(id, 32);
    table.streams.end(&[id]);
    assert_eq!((table.wakes(), table.take()), (0, vec![]));
    assert!(table.streams.receive(id, &[]).is_none());
}

#[test]
fn a_closed_stream_takes_and_gives_nothing() {
    let table = streams(1);
    let id = table.open();
    table.send(id, Class::Voice, 1, 30);
    table.streams.close(id);
    assert_eq!(table.take(), []);
    table.streams.end(&[id]);
    assert_eq!((table.wakes(), table.take()), (1, vec![]));
}
