//! Bytes that nobody of ours would send. Every run is the same: the randomness is seeded.

use crate::media::unbroken;
use crate::world::{World, call};
use engine::event::{Event, LogLevel};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use str0m::media::MediaKind::{Audio, Video};

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, first: u8) -> Vec<u8> {
        let length = 1 + self.next() as usize % 1400;
        let mut bytes: Vec<u8> = (0..length).map(|_| self.next() as u8).collect();
        bytes[0] = first;
        bytes
    }
}

fn binding_request(ufrag: &str) -> Vec<u8> {
    let mut user = format!("{ufrag}:abcd").into_bytes();
    let length = user.len() as u16;
    user.resize(user.len().next_multiple_of(4), 0);
    let total = 4 + user.len() as u16 + 24;
    let mut bytes = vec![0, 1];
    bytes.extend(total.to_be_bytes());
    bytes.extend([0x21, 0x12, 0xa4, 0x42]);
    bytes.extend([9; 12]);
    bytes.extend([0, 6]);
    bytes.extend(length.to_be_bytes());
    bytes.extend(user);
    bytes.extend([0, 8, 0, 20]);
    bytes.extend([1; 20]);
    bytes
}

fn watched() -> World {
    let mut world = call();
    world.subscriber(2, &["TR_a", "TR_v"]);
    world.until("pictures come", |w| w.client(2).packets(Video).len() > 30);
    world
}

fn undisturbed(world: &mut World) {
    let before = world.client(2).packets(Audio).len();
    world.run_for(Duration::from_secs(1));
    assert!(world.client(2).packets(Audio).len() > before + 40);
    assert_eq!(world.closed(1), None);
    assert_eq!(world.closed(2), None);
    let loud =
        |event: &Event| matches!(event, Event::Log { level, .. } if *level != LogLevel::Debug);
    assert!(!world.events.iter().any(loud));
}

#[test]
fn junk_from_strangers_does_nothing() {
    let mut world = watched();
    let mut random = Random(11);
    let count = world.events.len();
    for i in 0..20_000u32 {
        let from: SocketAddr = format!("203.0.113.{}:{}", i % 250, 1000 + i % 5000)
            .parse()
            .unwrap();
        let first = random.next() as u8;
        let bytes = random.bytes(first);
        world.inject(from, &bytes);
    }
    assert_eq!(world.events.len(), count);
    assert!(world.engine.metrics().strays_dropped >= 20_000);
    undisturbed(&mut world);
}

#[test]
fn junk_from_the_address_of_a_client_does_nothing() {
    let mut world = watched();
    let mut random = Random(12);
    for transport in [1, 2] {
        let from = world.client(transport).address;
        for _ in 0..10_000 {
            let first = random.next() as u8;
            let bytes = random.bytes(first);
            world.inject(from, &bytes);
        }
    }
    undisturbed(&mut world);
}

#[test]
fn a_known_name_without_the_password_moves_nothing() {
    let mut world = watched();
    let offer = world.offers(2)[0].0.clone();
    let ufrag = offer
        .lines()
        .find_map(|line| line.strip_prefix("a=ice-ufrag:"))
        .unwrap();
    let stranger: SocketAddr = "203.0.113.9:9".parse().unwrap();
    for _ in 0..1000 {
        world.inject(stranger, &binding_request(ufrag));
    }
    let sent = world.engine.metrics().strays_dropped;
    world.inject(stranger, &[0x80, 96, 0, 0]);
    assert_eq!(
        world.engine.metrics().strays_dropped,
        sent + 1,
        "still a stranger"
    );
    undisturbed(&mut world);
}

/// SRTP that nobody sealed, with the `mid` in the clear as a publisher's first packets have it.
fn forged_media(random: &mut Random, payload_type: u8, mid: &str) -> Vec<u8> {
    let mut bytes = vec![0x90, payload_type];
    bytes.extend(random.next().to_be_bytes());
    bytes.extend([random.next() as u8, 0]);
    bytes.extend([0xBE, 0xDE]);
    let mut elements = vec![4 << 4 | (mid.len() as u8 - 1)];
    elements.extend(mid.as_bytes());
    elements.resize(elements.len().next_multiple_of(4), 0);
    bytes.extend((elements.len() as u16 / 4).to_be_bytes());
    bytes.extend(elements);
    bytes.extend([5; 200]);
    bytes
}

/// Records in the clear, as before a handshake: a fatal alert, a close_notify, a greeting.
fn forged_records(random: &mut Random) -> Vec<u8> {
    let (kind, body): (u8, &[u8]) = match random.next() % 4 {
        0 => (21, &[2, 40]),
        1 => (21, &[1, 0]),
        2 => (20, &[1]),
        _ => (22, &[1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 0xfe, 0xfd, 0, 0]),
    };
    let mut bytes = vec![kind, 0xfe, 0xfd, 0, 0, 0, 0];
    bytes.extend((random.next() as u32).to_be_bytes());
    bytes.extend((body.len() as u16).to_be_bytes());
    bytes.extend(body);
    bytes
}

fn ufrag(sdp: &str) -> String {
    let mut lines = sdp.lines();
    let found = lines.find_map(|line| line.strip_prefix("a=ice-ufrag:"));
    found.expect("a name").to_owned()
}

#[test]
fn forged_media_from_the_address_of_a_publisher_takes_no_stream_away() {
    let mut world = watched();
    let mut random = Random(13);
    let from = world.client(1).address;
    for index in [0, 1] {
        let mid = world.client(1).feeds[index].mid.to_string();
        for _ in 0..200 {
            let payload_type = [111, 96][index];
            let bytes = forged_media(&mut random, payload_type, &mid);
            world.inject(from, &bytes);
        }
    }
    let before = world.client(2).packets(Video).len();
    undisturbed(&mut world);
    assert!(world.client(2).packets(Video).len() > before + 80);
}

#[test]
fn forged_records_from_the_address_of_a_client_end_nothing() {
    let mut world = watched();
    let mut random = Random(14);
    for transport in [1, 2] {
        let from = world.client(transport).address;
        for _ in 0..1000 {
            let bytes = forged_records(&mut random);
            world.inject(from, &bytes);
        }
    }
    undisturbed(&mut world);
}

/// Strangers, strangers who know a name, and somebody who writes the addresses of the clients on his datagrams.
#[test]
fn junk_at_20_000_packets_a_second_does_not_disturb_a_call() {
    let mut world = watched();
    let mut random = Random(15);
    let name = ufrag(&world.offers(2)[0].0);
    let mids: Vec<String> = world
        .client(1)
        .feeds
        .iter()
        .map(|feed| feed.mid.to_string())
        .collect();
    let before = [Audio, Video].map(|kind| world.client(2).packets(kind).len());
    for _ in 0..1000 {
        for i in 0..20 {
            let stranger: SocketAddr = format!(
                "203.0.113.{}:{}",
                random.next() % 250,
                1000 + random.next() % 50_000
            )
            .parse()
            .unwrap();
            let client = world.client(1 + i % 2).address;
            let (from, bytes) = match random.next() % 8 {
                0 => (stranger, binding_request(&name)),
                1 => (client, binding_request(&name)),
                2 => (client, forged_records(&mut random)),
                3 => (client, forged_media(&mut random, 111, &mids[0])),
                4 => (client, forged_media(&mut random, 96, &mids[1])),
                5 => (client, random.bytes(128)),
                6 => {
                    let first = random.next() as u8;
                    (client, random.bytes(first))
                }
                _ => {
                    let first = random.next() as u8;
                    (stranger, random.bytes(first))
                }
            };
            world.inject(from, &bytes);
        }
        world.run_for(Duration::from_millis(1));
    }
    // All of it, in order, and nothing had to be asked for again.
    for (kind, before) in [Audio, Video].into_iter().zip(before) {
        let packets = world.client(2).packets(kind);
        unbroken(&packets);
        let expected = if kind == Audio { 49 } else { 87 };
        assert!(
            packets.len() >= before + expected,
            "{kind:?}: {} of {before}",
            packets.len()
        );
    }
    assert_eq!(world.engine.metrics().retransmitted, 0);
    undisturbed(&mut world);
}

#[test]
fn a_subscriber_that_asks_for_everything_again_gets_what_its_budget_allows() {
    let mut world = watched();
    let mut count = 0;
    // Its NACKs are real: it loses whatever comes, retransmissions too.
    world.loss = Box::new(move |transport, bytes| {
        count += 1;
        transport == 2 && bytes[0] >> 6 == 2 && bytes.len() > 500 && count % 8 != 0
    });
    world.run_for(Duration::from_secs(5));
    let metrics = world.engine.metrics();
    assert!(metrics.retransmitted <= 300 + 5 * 400, "{metrics:?}");
    world.loss = Box::new(|_, _| false);
    undisturbed(&mut world);
}

/// Client 3 is a guest like the others, and writes the address of client 1 on its own proofs.
#[test]
fn a_client_cannot_take_the_address_of_another() {
    let mut world = watched();
    world.subscriber(3, &[]);
    let proofs = Rc::new(RefCell::new(Vec::new()));
    let heard = proofs.clone();
    world.loss_up = Box::new(move |id, bytes| {
        if id == 3 && bytes.starts_with(&[0, 1]) {
            heard.borrow_mut().push(bytes.to_vec());
        }
        false
    });
    world.until("it proves its own", |_| !proofs.borrow().is_empty());
    let theirs = world.client(1).address;
    let reports = |world: &World| {
        world
            .trains
            .iter()
            .filter(|train| train.1 == theirs)
            .count()
    };
    let (voices, told) = (world.client(2).packets(Audio).len(), reports(&world));
    for _ in 0..20 {
        for proof in proofs.borrow().iter() {
            world.inject(theirs, proof);
        }
        world.run_for(Duration::from_millis(50));
    }
    assert!(world.client(2).packets(Audio).len() > voices + 40);
    assert!(reports(&world) > told);
    undisturbed(&mut world);
}
