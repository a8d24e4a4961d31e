//! Calls that go over several engines of one machine.

use crate::media::unbroken;
use crate::world::{Feed, SHARDS, World, engine_address};
use engine::command::{Command, TransportRole};
use engine::event::Event;
use std::net::SocketAddr;
use std::time::Duration;
use str0m::media::MediaKind::{Audio, Video};

const SECOND: Duration = Duration::from_secs(1);

/// All other stories of this binary, told once more with three shards where they have one.
#[test]
fn every_story_is_the_same_over_three_shards() {
    let program = std::env::current_exe().expect("this program");
    let mut stories = std::process::Command::new(program);
    // Sockets have threads of their own, and this is not told twice.
    let stories = stories.args(["--skip", "shards::", "--skip", "sockets::"]);
    let output = stories.env(SHARDS, "3").output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("test result: ok. "), "{text}");
}

/// Publisher 1 with `TR_a` and `TR_v`, and subscribers 2 to 4; with three shards each of them is on another one.
fn call(shards: u8) -> World {
    let mut world = World::of_shards(shards);
    let now = world.now;
    world.publisher(1, vec![Feed::audio(now), Feed::video(now)]);
    world.publish("TR_a", 1, 0);
    world.publish("TR_v", 1, 1);
    for id in 2..=4 {
        world.subscriber(id, &["TR_a", "TR_v"]);
        world.until("it hears and sees", |w| received(w, id) == (true, true));
    }
    world
}

fn received(world: &World, id: u32) -> (bool, bool) {
    let client = world.client(id);
    (
        client.packets(Audio).len() > 10,
        client.packets(Video).len() > 10,
    )
}

fn mute(world: &mut World, muted: bool) {
    let track = "TR_v".to_owned();
    world.command(Command::SetTrackMuted { track, muted });
}

fn close(world: &mut World, transport: u32) {
    world.command(Command::CloseTransport { transport });
}

/// What a subscriber got in the last time: payloads, and the numbers counted from the first.
fn since(world: &World, id: u32, from: usize) -> Vec<(u64, u32, Vec<u8>)> {
    let packets = world.client(id).packets(Video);
    let packets = &packets[from..];
    let first = packets[0];
    let relative = packets.iter().map(|packet| {
        (
            *packet.seq_no - *first.seq_no,
            packet.header.timestamp.wrapping_sub(first.header.timestamp),
            // Picture ids begin anywhere.
            packet.payload[4..].to_vec(),
        )
    });
    relative.collect()
}

#[test]
fn one_shard_and_three_give_the_same_packets() {
    let told = [1, 3].map(|shards| {
        let mut world = call(shards);
        world.run_for(SECOND);
        let asked = world.client(1).keyframe_requests;
        let from = [2, 3, 4].map(|id| world.client(id).packets(Video).len());
        world.run_for(SECOND);
        mute(&mut world, true);
        world.run_for(SECOND / 2);
        mute(&mut world, false);
        world.run_for(SECOND);
        world.subscribe(3, &["TR_a"]);
        world.run_for(SECOND);
        for id in 2..=4 {
            unbroken(&world.client(id).packets(Audio));
            unbroken(&world.client(id).packets(Video));
        }
        let packets = [(2, from[0]), (3, from[1]), (4, from[2])].map(|(id, from)| {
            let mut packets = since(&world, id, from);
            // Where the window opens and closes inside of a frame differs by the time that connecting took.
            packets.truncate(packets.len() - 3);
            packets
        });
        (packets, world.client(1).keyframe_requests - asked)
    });
    for (one, three) in told[0].0.iter().zip(&told[1].0) {
        let key_frames = |packets: &[(u64, u32, Vec<u8>)]| {
            packets.iter().filter(|(_, _, p)| p[0] & 1 == 0).count()
        };
        assert!(
            one.len().abs_diff(three.len()) <= 6,
            "{} {}",
            one.len(),
            three.len()
        );
        assert_eq!(key_frames(one), key_frames(three));
        let both = one.iter().zip(three);
        let same = both.clone().take_while(|(a, b)| a == b).count();
        // The silence ends with a frame that came a little earlier or later.
        assert!(same > 80, "{same} of {}", one.len());
        for (a, b) in both.skip(same) {
            assert_eq!(a.0, b.0);
        }
    }
    assert_eq!(told[0].1, told[1].1, "as many key frames are asked for");
}

#[test]
fn every_shard_that_somebody_subscribes_on_has_one_copy() {
    let mut world = call(3);
    let shards = [1, 2, 3, 4].map(|id| world.engine.shard(id));
    assert_eq!(shards, [0, 1, 2, 0]);
    let sum = world.engine.metrics();
    assert_eq!((sum.tracks, sum.subscriptions, sum.transports), (2, 6, 4));
    // Who leaves last turns the light off: nothing more is sent there.
    close(&mut world, 2);
    world.run_for(SECOND);
    let before = world.engine.metrics_of(1).packets_out;
    world.run_for(SECOND);
    assert_eq!(world.engine.metrics_of(1).packets_out, before);
    assert_eq!(world.engine.metrics_of(1).subscriptions, 0);
    // The next one there sees the picture of now.
    world.subscriber(5, &["TR_v"]);
    assert_eq!(world.engine.shard(5), 1);
    world.until("a picture comes", |w| w.client(5).packets(Video).len() > 60);
    assert_eq!(world.client(5).packets(Video)[0].payload[4] & 1, 0);
    unbroken(&world.client(5).packets(Video));
    let layers = |event: &&Event| matches!(event, Event::LayerStarted { .. });
    assert_eq!(
        world.events.iter().filter(layers).count(),
        2,
        "told once each"
    );
    let levels = |event: &&Event| matches!(event, Event::AudioLevels { .. });
    assert_eq!(world.events.iter().filter(levels).count(), 1);
}

#[test]
fn a_publisher_comes_again_on_another_shard() {
    let mut world = call(3);
    for (id, shard) in [(11, 0), (12, 0)] {
        // Publishers are at home, whatever is there already; their tracks may still change places.
        world.command(crate::world::opening(id, TransportRole::Publisher));
        assert_eq!(world.engine.shard(id), shard);
        close(&mut world, id);
    }
    close(&mut world, 1);
    world.run_for(SECOND);
    let counts = [2, 3, 4].map(|id| world.client(id).received.len());
    world.run_for(SECOND);
    assert_eq!(counts, [2, 3, 4].map(|id| world.client(id).received.len()));
    let now = world.now;
    world.publisher(6, vec![Feed::audio(now), Feed::video(now)]);
    world.publish("TR_a", 6, 0);
    world.publish("TR_v", 6, 1);
    for (id, count) in [2, 3, 4].into_iter().zip(counts) {
        world.until("it comes again", |w| {
            w.client(id).received.len() > count + 100
        });
    }
    let track = "TR_v".to_owned();
    world.command(Command::UnpublishTrack { track });
    world.run_for(SECOND / 10);
    let counts = [2, 3, 4].map(|id| world.client(id).packets(Video).len());
    world.run_for(SECOND);
    assert_eq!(
        counts,
        [2, 3, 4].map(|id| world.client(id).packets(Video).len())
    );
    assert_eq!(world.engine.metrics().tracks, 1);
}

#[test]
fn a_full_ring_loses_media_and_no_states() {
    let mut world = call(3);
    world.engine.overflowing = true;
    world.run_for(SECOND);
    let counts = [2, 3, 4].map(|id| world.client(id).received.len());
    world.run_for(SECOND);
    let after = [2, 3, 4].map(|id| world.client(id).received.len());
    // The publisher's datagrams arrive at another shard than its own, so that nobody gets any.
    assert_eq!(counts, after, "nothing passes");
    mute(&mut world, true);
    world.engine.overflowing = false;
    world.run_for(SECOND / 10);
    let seen = [2, 3].map(|id| world.client(id).packets(Video).len());
    world.run_for(SECOND);
    let muted = [2, 3].map(|id| world.client(id).packets(Video).len());
    assert_eq!(muted, seen, "muted meanwhile");
    mute(&mut world, false);
    for (id, seen) in [2, 3].into_iter().zip(seen) {
        world.until("pictures come again", |w| {
            w.client(id).packets(Video).len() > seen + 60
        });
        let packets = world.client(id).packets(Video);
        let mut soon = packets[seen..].iter().take(12);
        assert!(soon.any(|packet| packet.payload[4] & 1 == 0), "a key frame");
    }
}

#[test]
fn a_shard_that_begins_anew_is_served_again() {
    let mut world = call(3);
    world.engine.restart(world.now, 1, engine_address());
    world.run_for(SECOND);
    assert_eq!(world.engine.metrics_of(1).transports, 0);
    // Its subscriber comes again, and the others have noticed nothing.
    world.subscriber(5, &["TR_a", "TR_v"]);
    assert_eq!(world.engine.shard(5), 1);
    world.until("it hears and sees", |w| received(w, 5) == (true, true));
    unbroken(&world.client(3).packets(Video));
    unbroken(&world.client(4).packets(Video));
    // The publisher's shard: who subscribed elsewhere stays connected and gets the next track of that name.
    world.engine.restart(world.now, 0, engine_address());
    world.run_for(SECOND);
    let count = world.client(3).received.len();
    world.run_for(SECOND);
    assert_eq!(world.client(3).received.len(), count);
    let now = world.now;
    world.publisher(6, vec![Feed::audio(now), Feed::video(now)]);
    world.publish("TR_v", 6, 1);
    world.until("pictures come again", |w| {
        w.client(3).received.len() > count + 60
    });
    assert!(world.closed(3).is_none());
}

/// The address of a client whose datagrams arrive at another shard than its own.
fn stray(world: &World) -> (u32, SocketAddr, usize) {
    let clients = world.clients.iter().map(|c| (c.transport, c.address));
    let arrives = |address: &SocketAddr| world.engine.arrives(*address);
    let mut strays = clients.filter(|(id, at)| world.engine.shard(*id) != arrives(at));
    let (id, address) = strays.next().expect("a client that strays");
    (id, address, arrives(&address))
}

#[test]
fn an_address_is_another_shards_as_long_as_its_transport_lives() {
    let mut world = call(3);
    let (id, address, at) = stray(&world);
    let handed = world.engine.metrics_of(at).handed_over;
    let strays = world.engine.metrics().strays_dropped;
    world.inject(address, &[0x80; 40]);
    assert_eq!(world.engine.metrics_of(at).handed_over, handed + 1);
    assert_eq!(world.engine.metrics().strays_dropped, strays);
    close(&mut world, id);
    let handed = world.engine.metrics_of(at).handed_over;
    world.inject(address, &[0x80; 40]);
    assert_eq!(world.engine.metrics_of(at).handed_over, handed);
    assert_eq!(world.engine.metrics().strays_dropped, strays + 1);
}

/// A binding request for a ufrag, with no integrity.
fn binding_request(ufrag: &str) -> Vec<u8> {
    let name = format!("{ufrag}:x");
    let padded = name.len().next_multiple_of(4);
    let mut bytes = vec![0, 1];
    bytes.extend((4 + padded as u16).to_be_bytes());
    bytes.extend([0x21, 0x12, 0xA4, 0x42]);
    bytes.extend([9; 12]);
    bytes.extend([0, 6]);
    bytes.extend((name.len() as u16).to_be_bytes());
    bytes.extend(name.as_bytes());
    bytes.resize(20 + 4 + padded, 0);
    bytes
}

#[test]
fn strangers_who_name_a_shard_are_handed_over_once_and_never_remembered() {
    let mut world = call(3);
    let strays = world.engine.metrics().strays_dropped;
    for ufrag in ["0nobody", "1nobody", "2nobody", "3nobody", "vnobody"] {
        for port in [9000u16, 9001, 9002] {
            let from = SocketAddr::new([203, 0, 113, 9].into(), port);
            world.inject(from, &binding_request(ufrag));
            world.inject(from, &[0x80; 40]);
        }
    }
    assert_eq!(world.engine.metrics().strays_dropped, strays + 30);
    // Without the password the ufrag of a client is worth nothing either.
    let (id, _, _) = stray(&world);
    let sdp = world.offers(if id == 1 { 2 } else { id })[0].0.clone();
    let ufrag = sdp.lines().find_map(|l| l.strip_prefix("a=ice-ufrag:"));
    for port in [9000u16, 9001, 9002] {
        let from = SocketAddr::new([203, 0, 113, 9].into(), port);
        world.inject(from, &binding_request(ufrag.expect("a ufrag")));
        world.inject(from, &[0x80; 40]);
    }
    assert_eq!(world.engine.metrics().strays_dropped, strays + 33);
}

#[test]
fn a_flood_that_names_another_shard_takes_bounded_memory() {
    let mut world = call(3);
    let from = SocketAddr::new([203, 0, 113, 9].into(), 9000);
    let before = world.engine.metrics_of(0);
    let request = binding_request("1nobody");
    // Without the turn that carries posts away.
    for _ in 0..10_000 {
        world
            .engine
            .datagram(world.now, from, engine_address(), &request);
    }
    let after = world.engine.metrics_of(0);
    assert_eq!(after.handed_over - before.handed_over, 512);
    assert_eq!(after.strays_dropped - before.strays_dropped, 10_000 - 512);
}
