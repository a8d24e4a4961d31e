//! A track in another codec takes over the m-line of the former.

use crate::media::unbroken;
use crate::world::{Feed, Setup, World, wanted};
use engine::command::{Command, WantedTrack};
use engine::event::Event;
use std::time::Duration;
use str0m::media::MediaKind::Video;

const TRACK: &str = "TR_v";
const BACKUP: &str = "TR_v.b";

/// The same stream as `TRACK` to the client.
fn backup() -> WantedTrack {
    WantedTrack {
        stream_id: wanted(TRACK, true).stream_id,
        ..wanted(BACKUP, true)
    }
}

/// A publisher that sends its camera twice, marked `a` and `b`.
fn publisher() -> World {
    let mut world = World::new();
    let now = world.now;
    let feeds = [("one", b'a'), ("two", b'b')].map(|(name, mark)| {
        let mut feed = Feed::video(now);
        (feed.name, feed.mark) = (name.to_owned(), mark);
        feed
    });
    world.publisher(1, feeds.into());
    world.publish(TRACK, 1, 0);
    world
}

fn shown(world: &World, id: u32) -> Vec<u8> {
    let packets = world.client(id).packets(Video);
    packets.iter().map(|packet| packet.payload[5]).collect()
}

fn subscribe(world: &mut World, transport: u32, wanted: WantedTrack) {
    let wanted = vec![wanted];
    world.command(Command::Subscribe { transport, wanted });
}

/// Offers, and requests for them.
fn negotiations(world: &World, id: u32) -> usize {
    let events = world.events.iter();
    let of = events.filter(|event| match event {
        Event::Offered { transport, .. } | Event::SectionsRequired { transport, .. } => {
            *transport == id
        }
        _ => false,
    });
    of.count()
}

fn started(world: &World, id: u32) -> bool {
    let track = BACKUP.to_owned();
    let event = Event::SubscriptionStarted {
        transport: id,
        track,
    };
    world.events.contains(&event)
}

fn goes_on(world: &mut World, id: u32) {
    world.until("the first codec is shown", |w| shown(w, id).len() > 60);
    let before = negotiations(world, id);
    world.publish(BACKUP, 1, 1);
    world.run_for(Duration::from_secs(1));
    subscribe(world, id, backup());
    let (asked, at) = (world.now, shown(world, id).len());
    world.until("the other is shown", |w| shown(w, id).last() == Some(&b'b'));
    assert!(world.now - asked < Duration::from_millis(100));
    world.run_for(Duration::from_secs(1));
    let packets = world.client(id).packets(Video);
    unbroken(&packets);
    assert!(
        packets
            .iter()
            .all(|packet| packet.header.ssrc == packets[0].header.ssrc)
    );
    let first = shown(world, id).iter().position(|mark| *mark == b'b');
    let first = first.expect("a packet of the other");
    assert!(first >= at);
    assert_eq!(
        packets[first].payload[4] & 1,
        0,
        "it begins with a key frame"
    );
    assert!(shown(world, id)[first..].iter().all(|mark| *mark == b'b'));
    assert!(started(world, id));
    assert_eq!(negotiations(world, id), before);
}

#[test]
fn the_stream_goes_on_in_another_codec_without_negotiation() {
    let mut world = publisher();
    world.subscriber(2, &[TRACK]);
    goes_on(&mut world, 2);
    // And back.
    subscribe(&mut world, 2, wanted(TRACK, true));
    world.until("the first again", |w| shown(w, 2).last() == Some(&b'a'));
    unbroken(&world.client(2).packets(Video));
}

#[test]
fn on_a_single_transport_too() {
    let mut world = publisher();
    world.single(2, Vec::new(), &[TRACK]);
    goes_on(&mut world, 2);
}

#[test]
fn another_stream_gets_a_place_and_numbers_of_its_own() {
    let mut world = publisher();
    world.subscriber(2, &[TRACK]);
    world.until("the first is shown", |w| shown(w, 2).len() > 60);
    world.publish(BACKUP, 1, 1);
    let before = negotiations(&world, 2);
    world.subscribe(2, &[BACKUP]);
    world.until("the other is shown", |w| shown(w, 2).last() == Some(&b'b'));
    assert!(negotiations(&world, 2) > before);
    let packets = world.client(2).packets(Video);
    assert_ne!(
        packets[0].header.ssrc,
        packets[packets.len() - 1].header.ssrc
    );
}

#[test]
fn where_the_codec_is_not_spoken_the_m_line_waits_for_another_as_long_as_the_track_is_wanted() {
    let mut world = publisher();
    let setup = Setup {
        vp8: false,
        ..Setup::default()
    };
    world.run_for(Duration::from_secs(1));
    world.subscriber_with(2, &[TRACK], setup);
    let failed = |world: &World, name: &str| {
        let failures = world.events.iter().filter(|event| {
            matches!(event, Event::SubscriptionFailed { track, codec: true, .. } if track == name)
        });
        failures.count()
    };
    world.until("it is told", |w| failed(w, TRACK) == 1);
    world.run_for(Duration::from_secs(1));
    assert_eq!(negotiations(&world, 2), 1);
    subscribe(&mut world, 2, wanted(TRACK, false));
    world.publish(BACKUP, 1, 1);
    world.run_for(Duration::from_secs(1));
    subscribe(&mut world, 2, backup());
    // This one is not spoken either.
    assert_eq!((failed(&world, TRACK), failed(&world, BACKUP)), (1, 1));
    assert_eq!(negotiations(&world, 2), 1);
    world.subscribe(2, &[]);
    world.run_for(Duration::from_secs(1));
    assert_eq!(negotiations(&world, 2), 2);
    assert!(world.client(2).packets(Video).is_empty());
}

#[test]
fn what_is_exchanged_before_the_answer_flows_with_it() {
    let mut world = publisher();
    world.publish(BACKUP, 1, 1);
    let setup = Setup {
        answers: false,
        ..Setup::default()
    };
    world.subscriber_with(2, &[TRACK], setup);
    subscribe(&mut world, 2, backup());
    assert!(!started(&world, 2));
    let Some(Event::Offered { offer, sdp, .. }) = world
        .events
        .iter()
        .rev()
        .find(|event| matches!(event, Event::Offered { .. }))
        .cloned()
    else {
        panic!("no offer");
    };
    let sdp = world.client_mut(2).answer(&sdp);
    world.command(Command::AcceptAnswer {
        transport: 2,
        offer,
        sdp,
    });
    world.until("the other is shown", |w| shown(w, 2).last() == Some(&b'b'));
    assert!(!shown(&world, 2).contains(&b'a'));
}
