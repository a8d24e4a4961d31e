//! Clients that send and receive on one transport, for which they make all offers.

use crate::media::unbroken;
use crate::world::{Client, Feed, Setup, World, opening, wanted};
use engine::command::{Command, TransportRole};
use engine::event::Event;
use std::time::Duration;
use str0m::media::MediaKind::{Audio, Video};

/// Two clients with a microphone and a camera each, who see and hear each other.
fn pair() -> World {
    let mut world = World::new();
    for id in [1, 2] {
        let feeds = vec![Feed::audio(world.now), Feed::video(world.now)];
        let other = 3 - id;
        let tracks = [format!("TR_a{other}"), format!("TR_v{other}")];
        world.single(id, feeds, &[&tracks[0], &tracks[1]]);
        world.publish(&format!("TR_a{id}"), id, 0);
        world.publish(&format!("TR_v{id}"), id, 1);
    }
    world.until("both see and hear", |w| {
        let sees = |id| {
            let client = w.client(id);
            client.packets(Audio).len() > 30 && client.packets(Video).len() > 60
        };
        sees(1) && sees(2)
    });
    world
}

fn asked(world: &World, id: u32) -> Vec<(u32, u32)> {
    let events = world.events.iter().filter_map(|event| match event {
        Event::SectionsRequired {
            transport,
            audio,
            video,
        } if *transport == id => Some((*audio, *video)),
        _ => None,
    });
    events.collect()
}

#[test]
fn media_goes_both_ways_on_one_transport() {
    let mut world = pair();
    world.run_for(Duration::from_secs(6));
    for id in [1, 2] {
        let client = world.client(id);
        for kind in [Audio, Video] {
            unbroken(&client.packets(kind));
        }
        assert_eq!(client.packets(Video)[0].payload[4] & 1, 0, "a key frame");
        assert!(client.reports >= 5, "{} sender reports", client.reports);
        assert!(client.reported.contains_key(""), "no receiver report");
        assert_eq!(world.closed(id), None);
        let other = 3 - id;
        assert_eq!(
            client.of_track(&format!("TR_a{other}")).len(),
            client.packets(Audio).len()
        );
        assert_eq!(
            client.of_track(&format!("TR_v{other}")).len(),
            client.packets(Video).len()
        );
    }
    // One for each kind was wanted and comes with one beside it; nothing more was ever asked for.
    for id in [1, 2] {
        let sum = asked(&world, id)
            .into_iter()
            .fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        assert_eq!(sum, (2, 2));
    }
    assert_eq!(world.engine.metrics().subscriptions, 4);
}

#[test]
fn what_is_lost_either_way_comes_again() {
    let mut world = pair();
    let rtp = |bytes: &[u8]| bytes[0] >> 6 == 2 && bytes.len() > 500;
    let (mut up, mut down) = (0, 0);
    world.loss_up = Box::new(move |_, bytes| {
        up += 1;
        rtp(bytes) && up % 25 == 0
    });
    world.loss = Box::new(move |_, bytes| {
        down += 1;
        rtp(bytes) && down % 25 == 0
    });
    world.run_for(Duration::from_secs(6));
    world.loss = Box::new(|_, _| false);
    world.loss_up = Box::new(|_, _| false);
    world.run_for(Duration::from_secs(1));
    for id in [1, 2] {
        let mut packets = world.client(id).packets(Video);
        packets.sort_by_key(|packet| *packet.seq_no);
        unbroken(&packets);
    }
    assert!(world.engine.metrics().retransmitted > 20);
    let told = world.events.iter().rev().find_map(|event| match event {
        Event::Quality { loss_percent, .. } => Some(*loss_percent),
        _ => None,
    });
    let loss = told.expect("quality");
    assert!((1.0..8.0).contains(&loss), "{loss} %");
}

#[test]
fn the_first_answer_carries_what_is_there_already() {
    let mut world = pair();
    let mut client = Client::new(3, world.now, Setup::default());
    world.command(opening(3, TransportRole::Single));
    world.subscribe(3, &["TR_a1", "TR_v1", "TR_v2"]);
    let (offer, pending) = client.offer_sections(3, 3);
    let (answer, _) = world.negotiate(3, &offer);
    client.accept(pending, &answer);
    world.clients.push(client);
    assert_eq!(asked(&world, 3), []);
    assert!(answer.contains("a=msid:PA_x|TR_v2 TR_v2"), "{answer}");
    // The three tracks, and an m-line for sound beside the one.
    assert_eq!(answer.matches("a=sendonly").count(), 4, "{answer}");
    assert_eq!(answer.matches("a=msid:").count(), 3, "{answer}");
    assert_eq!(answer.matches("a=inactive").count(), 2, "{answer}");
    world.until("pictures come", |w| w.client(3).packets(Video).len() > 100);
}

#[test]
fn a_client_never_receives_on_one_m_line_of_a_kind_alone() {
    let mut world = pair();
    let mut client = Client::new(3, world.now, Setup::default());
    world.command(opening(3, TransportRole::Single));
    let (offer, pending) = client.offer_sections(3, 3);
    let (empty, _) = world.negotiate(3, &offer);
    assert_eq!(empty.matches("a=sendonly").count(), 4, "{empty}");
    assert_eq!(empty.matches("a=msid:").count(), 0, "{empty}");
    assert_eq!(empty.matches("a=ssrc").count(), 0, "{empty}");
    client.accept(pending, &empty);
    world.clients.push(client);
    let received = |w: &World| {
        let answer = w.events.iter().rev().find_map(|event| match event {
            Event::Answered {
                transport: 3, sdp, ..
            } => Some(sdp.clone()),
            _ => None,
        });
        let answer = answer.expect("an answer");
        let sections = answer.split("\r\nm=").skip(1);
        sections
            .filter(|section| section.contains("a=sendonly"))
            .map(|section| (section.starts_with("video"), section.contains("a=msid:")))
            .collect::<Vec<_>>()
    };
    let sound = [(false, false), (false, false)];
    world.subscribe(3, &["TR_v1", "TR_v2"]);
    world.until("both come", |w| w.client(3).tracks.len() == 2);
    assert_eq!(
        received(&world),
        [sound.as_slice(), &[(true, true), (true, true)]].concat()
    );
    world.subscribe(3, &["TR_v2"]);
    world.until("one remains", |w| w.client(3).tracks.len() == 1);
    assert_eq!(
        received(&world),
        [sound.as_slice(), &[(true, false), (true, true)]].concat()
    );
}

#[test]
fn an_m_line_is_used_again_for_another_track() {
    let mut world = pair();
    world.single(3, vec![], &["TR_v1"]);
    world.until("pictures come", |w| w.client(3).packets(Video).len() > 30);
    let (mid, ssrc) = {
        let (mid, packet) = &world.client(3).received[0];
        (*mid, packet.header.ssrc)
    };
    world.subscribe(3, &[]);
    world.run_for(Duration::from_millis(50));
    let stopped = world.client(3).received.len();
    world.run_for(Duration::from_millis(500));
    assert_eq!(world.client(3).received.len(), stopped);
    assert!(world.client(3).tracks.is_empty());
    world.subscribe(3, &["TR_v2"]);
    world.until("the other picture comes", |w| {
        w.client(3).received.len() > stopped + 30
    });
    let (other_mid, packet) = &world.client(3).received[stopped];
    assert_eq!(*other_mid, mid);
    assert_ne!(packet.header.ssrc, ssrc);
    assert_eq!(packet.payload[4] & 1, 0, "a key frame");
    assert_eq!(world.client(3).tracks[0].track, "TR_v2");
    let video: u32 = asked(&world, 3).iter().map(|(_, video)| video).sum();
    assert_eq!(video, 2);
}

#[test]
fn a_track_that_goes_is_taken_off_and_one_that_comes_is_put_on() {
    let mut world = pair();
    let track = "TR_v1".to_owned();
    world.command(Command::UnpublishTrack { track });
    world.run_for(Duration::from_millis(100));
    let on = |w: &World| -> Vec<String> {
        let tracks = w.client(2).tracks.iter();
        tracks.map(|t| t.track.clone()).collect()
    };
    assert_eq!(on(&world), ["TR_a1"]);
    let wanted = vec![wanted("TR_a1", true), wanted("TR_new", true)];
    let transport = 2;
    world.command(Command::Subscribe { transport, wanted });
    let before = world.client(2).received.len();
    world.publish("TR_new", 1, 1);
    world.until("the new picture comes", |w| {
        let packets = &w.client(2).received[before..];
        packets
            .iter()
            .filter(|(_, p)| p.payload.len() > 500)
            .count()
            > 30
    });
    let mut names = on(&world);
    names.sort();
    assert_eq!(names, ["TR_a1", "TR_new"]);
}

#[test]
fn the_channels_of_the_client_carry_data_both_ways() {
    let mut world = pair();
    world.until("the channels open", |w| w.client(1).channels.len() == 2);
    world.client_mut(1).send_data("_reliable", b"up");
    world.run_for(Duration::from_millis(50));
    let heard = |event: &Event| matches!(event, Event::DataReceived { transport: 1, payload, .. } if payload == b"up");
    assert!(world.events.iter().any(heard));
    for reliable in [true, false] {
        world.command(Command::SendData {
            transports: vec![1, 2],
            reliable,
            payload: b"down".as_slice().into(),
        });
    }
    world.run_for(Duration::from_millis(50));
    for id in [1, 2] {
        let mut data = world.client(id).data.clone();
        data.sort();
        let down = |label: &str| (label.to_owned(), b"down".to_vec());
        assert_eq!(data, [down("_lossy"), down("_reliable")]);
    }
}

#[test]
fn leaving_ends_it_for_the_client() {
    let mut world = pair();
    world.command(Command::CloseTransport { transport: 2 });
    world.until("the client hears of it", |w| w.client(2).closed);
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.closed(1), None);
    assert_eq!(world.engine.metrics().subscriptions, 0);
}
