//! What comes from publishers: layers, losses, repetitions, and what they are told of it.

use crate::media::unbroken;
use crate::world::{Client, Feed, Setup, World, call, opening};
use engine::command::TransportRole;
use engine::event::Event;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use str0m::media::MediaKind::{Audio, Video};
use str0m::rtp::RtpPacket;

fn watched() -> World {
    let mut world = call();
    world.subscriber(2, &["TR_a", "TR_v"]);
    world.until("pictures come", |w| w.client(2).packets(Video).len() > 60);
    world
}

fn is_rtp(bytes: &[u8]) -> bool {
    bytes[0] >> 6 == 2 && !(192..=223).contains(&bytes[1])
}

/// Every packet once, none missing, in whatever order they came.
fn complete(mut packets: Vec<&RtpPacket>) {
    packets.sort_by_key(|packet| *packet.seq_no);
    unbroken(&packets);
}

fn quality(world: &World, id: u32) -> Vec<f64> {
    let told = world.events.iter().filter_map(|event| match event {
        Event::Quality {
            transport,
            loss_percent,
            ..
        } if *transport == id => Some(*loss_percent),
        _ => None,
    });
    told.collect()
}

#[test]
fn what_a_publisher_loses_is_asked_for_and_comes_again() {
    let mut world = watched();
    let asked = world.client(1).keyframe_requests;
    let mut count = 0;
    world.loss_up = Box::new(move |transport, bytes| {
        count += 1;
        transport == 1 && is_rtp(bytes) && bytes.len() > 500 && count % 20 == 0
    });
    world.run_for(Duration::from_secs(10));
    world.loss_up = Box::new(|_, _| false);
    world.run_for(Duration::from_secs(1));
    complete(world.client(2).packets(Video));
    assert_eq!(world.client(1).keyframe_requests, asked, "nothing to mend");
    // Lost is what the path lost, though all of it came in the end.
    let told = quality(&world, 1);
    let last = told.last().expect("quality of the publisher");
    assert!((2.0..7.0).contains(last), "{told:?} %");
}

#[test]
fn what_never_comes_is_mended_by_a_key_frame() {
    let mut world = watched();
    let asked = world.client(1).keyframe_requests;
    // One packet of the camera is lost with all its retransmissions, and the subscriber's complaints are lost too.
    let mut media = None;
    let mut lost = false;
    world.loss_up = Box::new(move |transport, bytes| {
        if transport != 1 || !is_rtp(bytes) || bytes.len() < 500 {
            return transport == 2 && bytes[0] >> 6 == 2;
        }
        let ssrc = &bytes[8..12];
        let first = media.get_or_insert_with(|| ssrc.to_vec());
        ssrc != first || !std::mem::replace(&mut lost, true)
    });
    let start = world.now;
    world.until("the publisher is asked", |w| {
        w.client(1).keyframe_requests > asked
    });
    let waited = world.now - start;
    assert!(
        waited > Duration::from_millis(500),
        "gave up early: {waited:?}"
    );
    assert!(waited < Duration::from_secs(2), "gave up late: {waited:?}");
}

#[test]
fn every_layer_has_its_own_report() {
    let mut world = World::new();
    let now = world.now;
    let layers = ["q", "h", "f"].map(|rid| Feed::layer(now, rid));
    world.publisher(1, layers.into());
    world.publish("TR_v", 1, 0);
    world.run_for(Duration::from_secs(4));
    for rid in ["q", "h", "f"] {
        let report = &world.client(1).reported[rid];
        let highest = *report.maximum_sequence_number;
        assert!((300..470).contains(&highest), "{rid}: {report:?}");
        assert_eq!(report.packets_lost, 0);
        assert!(report.jitter < 90, "{rid}: {report:?}");
    }
}

#[test]
fn names_are_sent_until_they_are_known_and_then_no_more() {
    let mut world = call();
    world.run_for(Duration::from_secs(1));
    let named = Arc::new(Mutex::new(0));
    let found = named.clone();
    world.loss_up = Box::new(move |_, bytes| {
        // str0m goes on for streams with retransmissions.
        if is_rtp(bytes) && bytes[1] & 0x7f == 111 {
            let header = engine::media::rtp::Header::parse(bytes).expect("a header");
            *found.lock().unwrap() += u32::from(header.extension(4).is_some());
        }
        false
    });
    world.subscriber(2, &["TR_a"]);
    world.until("sound comes", |w| w.client(2).packets(Audio).len() > 50);
    assert_eq!(*named.lock().unwrap(), 0);
}

/// A camera whose layers are a group of SSRCs, as clients without rids have it.
fn grouped() -> World {
    let mut world = World::new();
    let mut client = Client::new(1, world.now, Setup::default());
    world.command(opening(1, TransportRole::Publisher));
    let (offer, pending) = client.offer(vec![Feed::video(world.now)]);
    let mut groups = String::new();
    for i in 1..=3 {
        groups += &format!("a=ssrc-group:FID {i}000 {i}001\r\na=ssrc:{i}000 cname:x\r\n");
        groups += &format!("a=ssrc:{i}001 cname:x\r\n");
    }
    groups += "a=ssrc-group:SIM 1000 2000 3000\r\n";
    let named = |line: &&str| line.starts_with("a=ssrc") || line.contains("rtp-stream-id");
    let kept = offer.lines().filter(|line| !named(line));
    let mut offer: String = kept.flat_map(|line| [line, "\r\n"]).collect();
    let at = offer.find("m=video").expect("a camera");
    let end = offer[at + 1..]
        .find("m=")
        .map_or(offer.len(), |i| at + 1 + i);
    offer.insert_str(end, &groups);
    let (answer, media) = world.negotiate(1, &offer);
    let camera = media.iter().find(|media| media.sending).expect("a camera");
    assert_eq!(camera.rids, ["q", "h", "f"]);
    client.accept(pending, &answer);
    let mid = client.feeds[0].mid;
    client.feeds.clear();
    for (i, rid) in ["q", "h", "f"].into_iter().enumerate() {
        // The names are for the client alone: they were not agreed on, so it does not write them.
        let mut feed = Feed::layer(world.now, rid);
        feed.mid = mid;
        client.feeds.push(feed);
        client.restart(i, 1000 * (i as u32 + 1));
    }
    world.clients.push(client);
    world.until("the publisher connects", |w| w.connected(1));
    world.publish("TR_v", 1, 0);
    world.subscriber(2, &["TR_v"]);
    world
}

#[test]
fn layers_may_be_a_group_of_ssrcs() {
    let mut world = grouped();
    let shown = |w: &World| Some(w.client(2).packets(Video).last()?.payload[5]);
    world.until("the best layer comes", |w| shown(w) == Some(b'f'));
    let started = world.events.iter().filter_map(|event| match event {
        Event::LayerStarted { ssrc, rid, .. } => Some((*ssrc, rid.as_str())),
        _ => None,
    });
    let mut started: Vec<_> = started.collect();
    started.sort_unstable();
    assert_eq!(started, [(1000, "q"), (2000, "h"), (3000, "f")]);
    world.client_mut(1).feeds[2].running = false;
    world.until("the next layer takes over", |w| shown(w) == Some(b'h'));
    // Each layer has its own repairs.
    let mut left = 5;
    world.loss_up = Box::new(move |_, bytes| {
        let lost = is_rtp(bytes) && bytes[8..12] == 2000u32.to_be_bytes() && left > 0;
        left -= i32::from(lost);
        lost
    });
    world.run_for(Duration::from_secs(1));
    complete(world.client(2).packets(Video));
}

#[test]
fn a_publisher_that_starts_its_stream_anew_goes_on() {
    let mut world = watched();
    let started = |w: &World| {
        let events = w.events.iter();
        let of = |e: &&Event| matches!(e, Event::LayerStarted { track, .. } if track == "TR_v");
        events.filter(of).count()
    };
    assert_eq!(started(&world), 1);
    for round in 1..4u32 {
        let client = world.client_mut(1);
        client.restart(1, 7_000 + 10 * round);
        client.feeds[1].key_wanted = false;
        let before = world.client(2).packets(Video).len();
        world.until("pictures of the new stream come", |w| {
            w.client(2).packets(Video).len() > before + 30
        });
        assert_eq!(started(&world), 1 + round as usize);
        let packets = world.client(2).packets(Video);
        let key = |packet: &&RtpPacket| packet.payload[6] == 1;
        assert!(packets[before..].iter().any(key), "begins with a key frame");
    }
    unbroken(&world.client(2).packets(Video));
}

#[test]
fn packets_sent_twice_count_once() {
    let mut world = watched();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = seen.clone();
    world.loss_up = Box::new(move |transport, bytes| {
        if transport == 1 && bytes[0] >> 6 == 2 {
            heard.lock().unwrap().push(bytes.to_vec());
        }
        false
    });
    let from = world.client(1).address;
    for _ in 0..40 {
        world.run_for(Duration::from_millis(50));
        let recorded = seen.lock().unwrap().clone();
        let dropped = world.engine.metrics().packets_dropped;
        let recent = recorded.len().saturating_sub(400);
        // Whatever is still under way would be the first to come.
        let there = recorded.len().saturating_sub(20).max(recent);
        for bytes in &recorded[recent..there] {
            world.inject(from, bytes);
        }
        let after = world.engine.metrics().packets_dropped;
        assert_eq!(after - dropped, (there - recent) as u64);
    }
    let client = world.client(2);
    unbroken(&client.packets(Audio));
    unbroken(&client.packets(Video));
}

#[test]
fn a_publisher_that_invents_streams_disturbs_nobody() {
    let mut world = watched();
    let now = world.now;
    world.publisher(9, vec![Feed::audio(now), Feed::video(now)]);
    world.publish("TR_x", 9, 1);
    world.subscriber(3, &["TR_x"]);
    world.until("its pictures come", |w| {
        w.client(3).packets(Video).len() > 30
    });
    let events = world.events.len();
    for round in 0..600 {
        // Each says a few words.
        let client = world.client_mut(9);
        client.restart(1, 100_000 + 2 * round);
        client.feeds[1].key_wanted = round % 2 == 0;
        world.run_for(Duration::from_millis(34));
    }
    assert!(world.events.len() - events < 400, "endless news");
    let before = world.client(2).packets(Video).len();
    world.run_for(Duration::from_secs(1));
    assert!(world.client(2).packets(Video).len() > before + 80);
    unbroken(&world.client(2).packets(Video));
    assert_eq!(world.closed(1), None);
    assert_eq!(world.closed(9), None);
}

#[test]
fn a_sender_learns_what_its_path_carries() {
    let mut world = World::new();
    let now = world.now;
    let setup = Setup {
        estimates: true,
        ..Setup::default()
    };
    world.publisher_with(1, vec![Feed::audio(now), Feed::video(now)], setup);
    world.publish("TR_a", 1, 0);
    world.publish("TR_v", 1, 1);
    world.subscriber(2, &["TR_a", "TR_v"]);
    let client = world.client_mut(1);
    let mut bwe = client.rtc.bwe();
    let bitrate = str0m::bwe::Bitrate::mbps;
    bwe.set_bitrate(bitrate(1), bitrate(3));
    world.run_for(Duration::from_secs(10));
    let estimates = &world.client(1).estimates;
    let last = estimates.last().copied().unwrap_or_default();
    assert!(last > 600_000, "{estimates:?}");
    // Probing is padding, which is nobody's picture.
    let client = world.client(2);
    assert!(client.packets(Video).iter().all(|p| p.payload.len() > 900));
    complete(client.packets(Video));
    complete(client.packets(Audio));
    let losses = quality(&world, 1);
    assert!(losses.iter().all(|loss| *loss == 0.0), "{losses:?}");
}
