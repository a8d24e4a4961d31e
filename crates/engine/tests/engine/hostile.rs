//! Bytes that nobody of ours would send. Every run is the same: the randomness is seeded.

use crate::world::{World, call};
use engine::event::{Event, LogLevel};
use std::net::SocketAddr;
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
