//! Subscribers of one track that see different layers of it.

use crate::media::unbroken;
use crate::world::{FRAME_PACKETS, Feed, World, wanted};
use engine::command::{Command, LayerSize};
use std::time::Duration;
use str0m::media::MediaKind::Video;

/// What a subscriber wants to see of the camera.
#[derive(Clone, Copy)]
enum Aim {
    Best,
    Paused,
    Size(u32, u32),
    Fps(u32),
}

const LOW: Aim = Aim::Size(320, 180);
const MIDDLE: Aim = Aim::Size(640, 360);

/// A camera in three layers and two subscribers that see the best one.
fn simulcast() -> World {
    let mut world = World::new();
    let now = world.now;
    let layers = ["q", "h", "f"].map(|rid| Feed::layer(now, rid));
    world.publisher(1, layers.into());
    world.publish("TR_v", 1, 0);
    let sizes = [(320, 180), (640, 360), (1280, 720)];
    let layers = sizes.map(|(width, height)| LayerSize { width, height });
    world.command(Command::DescribeTrack {
        track: "TR_v".to_owned(),
        screen: false,
        layers: layers.into(),
    });
    for id in [2, 3] {
        world.subscriber(id, &["TR_v"]);
        world.until("the best layer comes", |w| shown(w, id) == Some(b'f'));
    }
    world
}

/// The layer that a subscriber sees now.
fn shown(world: &World, id: u32) -> Option<u8> {
    Some(world.client(id).packets(Video).last()?.payload[5])
}

fn aim(world: &mut World, id: u32, aim: Aim) {
    let mut wish = wanted("TR_v", true);
    match aim {
        Aim::Best => {}
        Aim::Paused => wish.enabled = false,
        Aim::Size(width, height) => (wish.width, wish.height) = (width, height),
        Aim::Fps(fps) => wish.fps = fps,
    }
    world.command(Command::Subscribe {
        transport: id,
        wanted: vec![wish],
    });
}

/// Numbers and picture ids go on without a seam, and layers change on key frames.
fn continuous(world: &World, id: u32) {
    let packets = world.client(id).packets(Video);
    unbroken(&packets);
    for pair in packets.windows(2) {
        let ids =
            [pair[0], pair[1]].map(|p| u16::from_be_bytes([p.payload[2] & 0x7f, p.payload[3]]));
        assert!(ids[1].wrapping_sub(ids[0]) & 0x7fff <= 1, "{ids:?}");
        if pair[0].payload[5] != pair[1].payload[5] {
            assert_eq!(pair[1].payload[4] & 1, 0, "layers change on key frames");
        }
    }
}

#[test]
fn two_subscribers_see_different_layers_of_one_track() {
    let mut world = simulcast();
    let before = world.client(1).keyframe_requests;
    aim(&mut world, 2, LOW);
    let asked = world.now;
    world.until("the lowest layer comes", |w| shown(w, 2) == Some(b'q'));
    assert!(world.now - asked < Duration::from_millis(60));
    assert_eq!(world.client(1).keyframe_requests, before + 1);
    aim(&mut world, 3, MIDDLE);
    world.until("the middle layer comes", |w| shown(w, 3) == Some(b'h'));
    world.run_for(Duration::from_secs(3));
    assert_eq!(
        (shown(&world, 2), shown(&world, 3)),
        (Some(b'q'), Some(b'h'))
    );
    aim(&mut world, 2, Aim::Best);
    world.until("the best layer comes", |w| shown(w, 2) == Some(b'f'));
    world.run_for(Duration::from_millis(500));
    assert_eq!(shown(&world, 3), Some(b'h'));
    continuous(&world, 2);
    continuous(&world, 3);
}

#[test]
fn a_switch_goes_on_with_the_old_layer_until_the_key_frame() {
    let mut world = simulcast();
    // Nobody hears that a key frame is wanted.
    world.loss = Box::new(|transport, bytes| {
        transport == 1 && bytes[0] >> 6 == 2 && (192..=223).contains(&bytes[1])
    });
    aim(&mut world, 2, LOW);
    let before = world.client(2).packets(Video).len();
    world.run_for(Duration::from_millis(700));
    let after = world.client(2).packets(Video).len();
    assert!(after - before > 55, "{} packets", after - before);
    assert_eq!(shown(&world, 2), Some(b'f'));
    // The request is repeated until it is heard.
    world.loss = Box::new(|_, _| false);
    let heard = world.now;
    world.until("the lowest layer comes", |w| shown(w, 2) == Some(b'q'));
    assert!(world.now - heard < Duration::from_millis(500));
    world.run_for(Duration::from_millis(500));
    continuous(&world, 2);
}

#[test]
fn a_paused_track_comes_back_at_another_layer() {
    let mut world = simulcast();
    aim(&mut world, 2, Aim::Paused);
    world.run_for(Duration::from_millis(50));
    let before = world.client(2).packets(Video).len();
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.client(2).packets(Video).len(), before);
    assert_eq!(shown(&world, 3), Some(b'f'), "the other one goes on");
    aim(&mut world, 2, LOW);
    let resumed = world.now;
    world.until("pictures come again", |w| {
        w.client(2).packets(Video).len() > before
    });
    assert!(world.now - resumed < Duration::from_millis(60));
    world.run_for(Duration::from_millis(500));
    assert_eq!(shown(&world, 2), Some(b'q'));
    continuous(&world, 2);
}

#[test]
fn the_nearest_layer_stands_in_for_one_that_falls_silent() {
    let mut world = simulcast();
    aim(&mut world, 2, MIDDLE);
    world.until("the middle layer comes", |w| shown(w, 2) == Some(b'h'));
    world.client_mut(1).feeds[1].running = false;
    world.until("a lower one stands in", |w| shown(w, 2) == Some(b'q'));
    world.client_mut(1).feeds[0].running = false;
    world.until("a higher one stands in", |w| shown(w, 2) == Some(b'f'));
    let now = world.now;
    let middle = &mut world.client_mut(1).feeds[1];
    (middle.running, middle.next) = (true, now);
    world.until("the aim is reached again", |w| shown(w, 2) == Some(b'h'));
    continuous(&world, 2);
}

#[test]
fn many_newcomers_cost_one_key_frame() {
    let mut world = simulcast();
    world.run_for(Duration::from_secs(1));
    let before = world.client(1).keyframe_requests;
    for id in 4..12 {
        world.subscriber(id, &["TR_v"]);
    }
    world.until("all see a picture", |w| {
        (4..12).all(|id| shown(w, id) == Some(b'f'))
    });
    let asked = world.client(1).keyframe_requests - before;
    assert!(asked <= 2, "{asked} requests");
}

#[test]
fn a_slower_picture_is_given_to_who_wants_it_and_nobody_is_asked_for_more() {
    let mut world = World::new();
    let mut camera = Feed::video(world.now);
    camera.temporal = true;
    world.publisher(1, vec![camera]);
    world.publish("TR_v", 1, 0);
    for id in [2, 3] {
        world.subscriber(id, &["TR_v"]);
        world.until("pictures come", |w| !w.client(id).packets(Video).is_empty());
    }
    let asked = world.client(1).keyframe_requests;
    let rate = |world: &mut World, id| {
        let before = world.client(id).packets(Video).len() as u64;
        world.run_for(Duration::from_millis(3_300));
        (world.client(id).packets(Video).len() as u64 - before) / FRAME_PACKETS
    };
    // Until the layers are measured nothing is known of their frame rates.
    world.run_for(Duration::from_secs(1));
    for (fps, expected) in [(7, 25), (15, 50), (30, 100)] {
        aim(&mut world, 2, Aim::Fps(fps));
        world.run_for(Duration::from_millis(600));
        let pictures = rate(&mut world, 2);
        assert!(pictures.abs_diff(expected) <= 2, "{pictures} pictures");
        assert!(rate(&mut world, 3).abs_diff(100) <= 2);
    }
    assert_eq!(world.client(1).keyframe_requests, asked);
    for id in [2, 3] {
        let packets = world.client(id).packets(Video);
        unbroken(&packets);
        for pair in packets.windows(2) {
            let [one, two] = [pair[0], pair[1]];
            let id =
                |p: &str0m::rtp::RtpPacket| u16::from_be_bytes([p.payload[2] & 0x7f, p.payload[3]]);
            let step = id(two).wrapping_sub(id(one)) & 0x7fff;
            assert_eq!(
                step,
                u16::from(one.header.timestamp != two.header.timestamp)
            );
        }
    }
}
