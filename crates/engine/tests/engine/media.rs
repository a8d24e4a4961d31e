//! Packets from publishers to subscribers.

use crate::world::{Feed, Setup, World, call, wanted};
use engine::command::Command;
use engine::event::Event;
use std::time::Duration;
use str0m::media::MediaKind::{Audio, Video};
use str0m::rtp::RtpPacket;

pub fn unbroken(packets: &[&RtpPacket]) {
    for pair in packets.windows(2) {
        assert_eq!(
            *pair[1].seq_no,
            *pair[0].seq_no + 1,
            "a hole in the numbers"
        );
        let step = pair[1]
            .header
            .timestamp
            .wrapping_sub(pair[0].header.timestamp);
        assert!(step < 900_000, "time goes back by {}", step.wrapping_neg());
    }
}

#[test]
fn media_goes_from_a_publisher_to_a_subscriber() {
    let mut world = call();
    world.subscriber(2, &["TR_a", "TR_v"]);
    world.until("the subscriber connects", |w| w.connected(2));
    world.run_for(Duration::from_secs(3));
    let client = world.client(2);
    let (audio, video) = (client.packets(Audio), client.packets(Video));
    assert!(audio.len() > 140, "{} audio packets", audio.len());
    assert!(video.len() > 260, "{} video packets", video.len());
    assert_eq!(&*audio[0].payload, b"opus");
    assert_eq!(audio[0].header.ext_vals.audio_level, Some(-20));
    assert_eq!(
        video[0].payload[4] & 1,
        0,
        "a picture begins with a key frame"
    );
    unbroken(&audio);
    unbroken(&video);
    assert!(client.reports >= 2, "{} sender reports", client.reports);
    assert_eq!(world.engine.metrics().subscriptions, 2);
    for track in ["TR_a", "TR_v"] {
        let track = track.to_owned();
        assert!(world.events.contains(&Event::SubscriptionStarted {
            transport: 2,
            track
        }));
    }
}

#[test]
fn a_newcomer_sees_a_picture_at_once() {
    let mut world = call();
    world.run_for(Duration::from_secs(3));
    let asked = world.client(1).keyframe_requests;
    world.subscriber(2, &["TR_a", "TR_v"]);
    // The key frame is asked for at the answer, while ICE and DTLS are still on their way.
    world.until("the publisher is asked", |w| {
        w.client(1).keyframe_requests > asked
    });
    assert!(!world.connected(2));
    world.until("the engine is connected", |w| {
        w.events
            .contains(&Event::TransportConnected { transport: 2 })
    });
    let connected = world.now;
    world.until("a picture comes", |w| {
        !w.client(2).packets(Video).is_empty()
    });
    let waited = world.now - connected;
    assert!(waited <= Duration::from_millis(15), "{waited:?}");
    assert_eq!(world.client(2).packets(Video)[0].payload[4] & 1, 0);
    world.run_for(Duration::from_secs(1));
    unbroken(&world.client(2).packets(Video));
}

#[test]
fn red_passes_where_spoken_and_is_unwrapped_where_not() {
    let mut world = World::new();
    let mut feed = Feed::audio(world.now);
    feed.red = true;
    world.publisher(1, vec![feed]);
    world.publish("TR_a", 1, 0);
    world.subscriber(2, &["TR_a"]);
    let plain = Setup {
        red: false,
        ..Setup::default()
    };
    world.subscriber_with(3, &["TR_a"], plain);
    world.until("sound comes to both", |w| {
        let heard = |id| w.client(id).packets(Audio).len() > 20;
        heard(2) && heard(3)
    });
    let red = &world.client(2).packets(Audio)[5];
    assert_eq!((*red.header.payload_type, red.payload.len()), (63, 12));
    let plain = &world.client(3).packets(Audio)[5];
    assert_eq!(
        (*plain.header.payload_type, &*plain.payload),
        (111, b"opus".as_slice())
    );
    unbroken(&world.client(3).packets(Audio));
}

#[test]
fn a_codec_that_is_not_spoken_is_told_and_sends_nothing() {
    let mut world = call();
    world.run_for(Duration::from_secs(1));
    let other = Setup {
        vp8: false,
        ..Setup::default()
    };
    world.subscriber_with(2, &["TR_a", "TR_v"], other);
    world.until("sound comes", |w| w.client(2).packets(Audio).len() > 10);
    let failed = |event: &Event| matches!(event, Event::SubscriptionFailed { transport: 2, track, .. } if track == "TR_v");
    assert_eq!(world.events.iter().filter(|event| failed(event)).count(), 1);
    world.run_for(Duration::from_secs(1));
    assert!(world.client(2).packets(Video).is_empty());
}

fn simulcast() -> World {
    let mut world = World::new();
    let now = world.now;
    let layers = ["q", "h", "f"].map(|rid| Feed::layer(now, rid));
    world.publisher(1, layers.into());
    world.publish("TR_v", 1, 0);
    world.subscriber(2, &["TR_v"]);
    world.until("the best layer comes", |w| shown(w) == Some(b'f'));
    world
}

/// The layer that the subscriber sees now.
fn shown(world: &World) -> Option<u8> {
    Some(world.client(2).packets(Video).last()?.payload[5])
}

#[test]
fn the_best_layer_that_arrives_is_shown() {
    let mut world = simulcast();
    let started =
        |event: &&Event| matches!(event, Event::LayerStarted { track, .. } if track == "TR_v");
    assert_eq!(world.events.iter().filter(started).count(), 3);
    for (feed, next) in [(2, b'h'), (1, b'q')] {
        world.client_mut(1).feeds[feed].running = false;
        let stopped = world.now;
        world.until("the next layer takes over", |w| shown(w) == Some(next));
        assert!(world.now - stopped < Duration::from_millis(1500));
    }
    let now = world.now;
    let top = &mut world.client_mut(1).feeds[2];
    (top.running, top.next, top.key_wanted) = (true, now, true);
    world.until("the best layer is back", |w| shown(w) == Some(b'f'));
    world.run_for(Duration::from_secs(1));
    let packets = world.client(2).packets(Video);
    unbroken(&packets);
    for pair in packets.windows(2) {
        let ids =
            [pair[0], pair[1]].map(|p| u16::from_be_bytes([p.payload[2] & 0x7f, p.payload[3]]));
        let step = ids[1].wrapping_sub(ids[0]) & 0x7fff;
        assert!(step <= 1, "picture ids jump by {step}");
        if pair[0].payload[5] != pair[1].payload[5] {
            assert_eq!(pair[1].payload[4] & 1, 0, "layers change on key frames");
        }
    }
}

#[test]
fn muted_tracks_are_silent_and_come_back() {
    let mut world = call();
    world.subscriber(2, &["TR_a", "TR_v"]);
    world.until("pictures come", |w| w.client(2).packets(Video).len() > 30);
    let mute = |world: &mut World, muted| {
        for track in ["TR_a", "TR_v"] {
            let track = track.to_owned();
            world.command(Command::SetTrackMuted { track, muted });
        }
    };
    mute(&mut world, true);
    world.run_for(Duration::from_millis(50));
    let before = world.client(2).received.len();
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.client(2).received.len(), before);
    mute(&mut world, false);
    world.run_for(Duration::from_millis(500));
    let client = world.client(2);
    assert!(client.received.len() > before + 30);
    unbroken(&client.packets(Audio));
    unbroken(&client.packets(Video));
}

#[test]
fn a_disabled_track_keeps_its_m_line_and_sends_nothing() {
    let mut world = call();
    world.subscriber(2, &["TR_v"]);
    world.until("pictures come", |w| w.client(2).packets(Video).len() > 30);
    let set = |world: &mut World, enabled| {
        let wanted = vec![wanted("TR_v", enabled)];
        world.command(Command::Subscribe {
            transport: 2,
            wanted,
        });
    };
    set(&mut world, false);
    world.run_for(Duration::from_millis(50));
    let before = world.client(2).received.len();
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.client(2).received.len(), before);
    set(&mut world, true);
    world.run_for(Duration::from_millis(100));
    assert!(world.client(2).received.len() > before);
    unbroken(&world.client(2).packets(Video));
    assert_eq!(world.offers(2).len(), 1);
}

#[test]
fn speakers_are_told_when_they_change() {
    let mut world = call();
    world.run_for(Duration::from_secs(2));
    let levels = |world: &World| -> Vec<f64> {
        let told = world.events.iter().filter_map(|event| match event {
            Event::AudioLevels { levels } => Some(levels.iter().map(|l| l.level)),
            _ => None,
        });
        told.flatten().collect()
    };
    assert_eq!(levels(&world), [0.125]);
    let track = "TR_a".to_owned();
    world.command(Command::SetTrackMuted { track, muted: true });
    world.run_for(Duration::from_secs(1));
    assert_eq!(levels(&world), [0.125, 0.0]);
}

#[test]
fn quality_is_told_for_both_sides() {
    let mut world = call();
    world.subscriber(2, &["TR_a", "TR_v"]);
    let mut count = 0;
    world.loss = Box::new(move |transport, bytes| {
        count += 1;
        transport == 2 && bytes[0] >> 6 == 2 && count % 10 == 0
    });
    world.run_for(Duration::from_secs(16));
    let told = |id: u32| {
        let events = world.events.iter().rev();
        let mut quality = events.filter_map(move |event| match event {
            Event::Quality {
                transport,
                loss_percent,
                rtt_ms,
            } if *transport == id => Some((*loss_percent, *rtt_ms)),
            _ => None,
        });
        quality.next().expect("quality of both")
    };
    let (loss, rtt) = told(2);
    assert!((2.0..20.0).contains(&loss), "{loss} % of ten");
    assert!((9.0..13.0).contains(&rtt), "{rtt} ms of ten");
    assert_eq!(told(1).0, 0.0);
}

#[test]
fn who_comes_after_a_silence_is_not_shown_what_was_before_it() {
    let mut world = call();
    world.subscriber(2, &["TR_v"]);
    world.until("pictures come", |w| w.client(2).packets(Video).len() > 30);
    world.client_mut(1).feeds[1].running = false;
    let mute = |muted| Command::SetTrackMuted {
        track: "TR_v".to_owned(),
        muted,
    };
    world.command(mute(true));
    world.run_for(Duration::from_secs(1));
    world.command(mute(false));
    world.subscriber(3, &["TR_v"]);
    world.until("it connects", |w| w.connected(3));
    world.run_for(Duration::from_millis(300));
    assert!(world.client(3).packets(Video).is_empty());
    world.client_mut(1).feeds[1].running = true;
    world.until("pictures come again", |w| {
        w.client(3).packets(Video).len() > 30
    });
}
