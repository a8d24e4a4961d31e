//! Offers, answers and m-lines.

use crate::media::unbroken;
use crate::world::{Feed, Setup, World, call, opening, wanted};
use engine::command::{Command, TransportRole};
use engine::event::{Event, MediaKind as Kind};
use std::collections::HashSet;
use std::time::Duration;
use str0m::media::MediaKind::{Audio, Video};

#[test]
fn the_answer_tells_what_was_offered() {
    let mut world = World::new();
    let now = world.now;
    let mut feeds = vec![Feed::audio(now)];
    feeds.extend(["q", "h", "f"].map(|rid| Feed::layer(now, rid)));
    let mut client = crate::world::Client::new(1, now, Setup::default());
    let role = TransportRole::Publisher;
    world.command(opening(1, role));
    let (offer, _) = client.offer(feeds);
    let (answer, media) = world.negotiate(1, &offer);
    assert_eq!(media.len(), 2);
    let kinds = [Kind::Audio, Kind::Video];
    let mimes = ["audio/red", "video/VP8"];
    for (i, media) in media.iter().enumerate() {
        assert_eq!((media.kind, media.mime_type.as_str()), (kinds[i], mimes[i]));
        assert!(media.sending);
        assert_eq!(media.stream_id, "stream");
    }
    assert_eq!(media[1].track_id, "video");
    assert_eq!(media[1].rids, ["q", "h", "f"]);
    assert!(answer.contains("a=simulcast:recv q;h;f"), "{answer}");
    assert!(answer.contains("a=setup:passive"));
    assert!(answer.contains("a=ice-lite"));
}

#[test]
fn voices_are_asked_for_again_where_the_client_said_so() {
    let mut world = World::new();
    for (transport, asks) in [(1, false), (2, true)] {
        let mut client = crate::world::Client::new(transport, world.now, Setup::default());
        world.command(opening(transport, TransportRole::Publisher));
        let feeds = vec![Feed::audio(world.now), Feed::video(world.now)];
        let (mut offer, _) = client.offer(feeds);
        if asks {
            offer = offer.replace("a=rtpmap:111", "a=rtcp-fb:111 nack\r\na=rtpmap:111");
        }
        let (answer, _) = world.negotiate(transport, &offer);
        assert_eq!(answer.contains("a=rtcp-fb:111 nack\r\n"), asks, "{answer}");
        assert!(answer.contains("a=rtcp-fb:96 nack\r\n"), "{answer}");
    }
}

#[test]
fn the_first_offer_comes_with_the_first_subscribe_and_has_the_channels() {
    let mut world = World::new();
    world.subscriber(2, &[]);
    let offers = world.offers(2);
    assert_eq!(offers.len(), 1);
    assert!(offers[0].0.contains("m=application"));
    world.until("it connects without any track", |w| w.connected(2));
    world.until("the channels open", |w| w.client(2).channels.len() == 2);
}

#[test]
fn offers_to_subscribers_ask_for_transport_feedback_and_for_remb_where_that_is_not_spoken() {
    let mut world = call();
    world.subscriber(2, &["TR_a", "TR_v"]);
    let offer = world.offers(2)[0].0.clone();
    assert!(offer.contains("goog-remb") && offer.contains("ccm fir"));
    // On each m-line: the voice's delay counts too.
    let sections: Vec<&str> = offer.split("m=").collect();
    for kind in ["audio", "video"] {
        let section = sections.iter().find(|section| section.starts_with(kind));
        let section = section.expect("an m-line of each kind");
        assert!(section.contains("transport-cc"), "{offer}");
        assert!(
            section.contains("transport-wide-cc-extensions-01"),
            "{offer}"
        );
    }
    for profile in ["42e01f", "42001f"] {
        assert!(offer.contains(profile));
    }
    assert!(offer.contains("msid:PA_x|TR_v TR_v"));
}

#[test]
fn wishes_wait_for_the_answer_and_are_put_together() {
    let mut world = call();
    let silent = Setup {
        answers: false,
        ..Setup::default()
    };
    world.subscriber_with(2, &[], silent);
    world.subscribe(2, &["TR_a"]);
    world.subscribe(2, &["TR_a", "TR_v"]);
    assert_eq!(world.offers(2).len(), 1);
    let offer = world.offers(2)[0].0.clone();
    let sdp = world.client_mut(2).answer(&offer);
    let stale = Command::AcceptAnswer {
        transport: 2,
        offer: 77,
        sdp: sdp.clone(),
    };
    world.command(stale);
    assert_eq!(world.offers(2).len(), 1);
    world.command(Command::AcceptAnswer {
        transport: 2,
        offer: 1,
        sdp,
    });
    let offers = world.offers(2);
    assert_eq!(offers.len(), 2);
    assert_eq!(offers[1].1.len(), 2);
}

#[test]
fn a_silent_m_line_is_used_again_under_a_new_name() {
    let mut world = call();
    let now = world.now;
    world.publisher(3, vec![Feed::video(now)]);
    world.publish("TR_w", 3, 0);
    world.subscriber(2, &["TR_a", "TR_v"]);
    world.until("pictures come", |w| w.client(2).packets(Video).len() > 30);
    world.subscribe(2, &["TR_a"]);
    world.run_for(Duration::from_millis(200));
    let before = world.client(2).packets(Video).len();
    world.subscribe(2, &["TR_a", "TR_w"]);
    world.until("other pictures come", |w| {
        w.client(2).packets(Video).len() > before + 30
    });
    let offers = world.offers(2);
    let (sdp, tracks) = offers.last().unwrap();
    assert_eq!(sdp.matches("m=video").count(), 1);
    assert!(
        sdp.contains("a=msid:PA_x|TR_w TR_w") && !sdp.contains("|TR_v"),
        "{sdp}"
    );
    assert_eq!(
        tracks.iter().map(|t| t.track.as_str()).collect::<Vec<_>>(),
        ["TR_a", "TR_w"]
    );
}

/// The SSRCs that an offer names in its video m-line: of the media and of its retransmissions.
fn video_ssrcs(sdp: &str) -> HashSet<u32> {
    let video = sdp.split("m=video").nth(1).expect("an m-line");
    let lines = video.lines();
    let sources = lines.filter_map(|line| line.strip_prefix("a=ssrc:")?.split(' ').next());
    let sources: HashSet<&str> = sources.collect();
    for line in video.lines().filter(|l| l.starts_with("a=ssrc-group")) {
        let mut group = line.split(' ').skip(1);
        assert!(group.all(|ssrc| sources.contains(ssrc)), "{line}");
    }
    sources.iter().map(|ssrc| ssrc.parse().unwrap()).collect()
}

#[test]
fn an_m_line_used_again_has_ssrcs_of_its_own() {
    let mut world = call();
    let now = world.now;
    world.publisher(3, ["q", "h", "f"].map(|rid| Feed::layer(now, rid)).into());
    world.publish("TR_w", 3, 0);
    let mut seen: HashSet<u32> = HashSet::new();
    let mut count = 0;
    world.subscriber(2, &["TR_a", "TR_v"]);
    for turn in 0..4 {
        let (track, size) = [("TR_v", 30), ("TR_w", 60)][turn % 2];
        world.subscribe(2, &["TR_a", track]);
        world.until("pictures come", |w| {
            w.client(2).packets(Video).len() > count + size
        });
        let offers = world.offers(2);
        let named = video_ssrcs(&offers.last().unwrap().0);
        assert_eq!(named.len(), 2);
        assert!(seen.is_disjoint(&named), "turn {turn}");
        let packets = world.client(2).packets(Video);
        let packets = &packets[count..];
        unbroken(packets);
        assert!(*packets[0].seq_no < 1 << 15);
        let key = packets[0].payload[6];
        assert_eq!(key, 1, "turn {turn} begins with a key frame");
        let ssrcs: HashSet<u32> = packets.iter().map(|p| *p.header.ssrc).collect();
        assert_eq!(ssrcs.len(), 1);
        assert!(ssrcs.is_subset(&named));
        seen.extend(named);
        // Lost packets come again under the new ones too.
        let before = world.engine.metrics().retransmitted;
        let mut left = 3;
        world.loss = Box::new(move |transport, bytes| {
            let lost = transport == 2 && bytes[0] >> 6 == 2 && bytes.len() > 500 && left > 0;
            left -= i32::from(lost);
            lost
        });
        world.run_for(Duration::from_millis(500));
        assert!(world.engine.metrics().retransmitted >= before + 3);
        world.subscribe(2, &["TR_a"]);
        world.run_for(Duration::from_millis(200));
        count = world.client(2).packets(Video).len();
        world.run_for(Duration::from_millis(500));
        assert_eq!(world.client(2).packets(Video).len(), count);
    }
    assert_eq!(
        world.offers(2).last().unwrap().0.matches("m=video").count(),
        1
    );
}

#[test]
fn an_unpublished_track_leaves_its_m_line() {
    let mut world = call();
    world.subscriber(2, &["TR_a", "TR_v"]);
    world.until("pictures come", |w| w.client(2).packets(Video).len() > 30);
    let track = "TR_v".to_owned();
    world.command(Command::UnpublishTrack { track });
    world.run_for(Duration::from_millis(100));
    let count = world.client(2).packets(Video).len();
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.client(2).packets(Video).len(), count);
    assert!(world.offers(2).last().unwrap().0.contains("a=inactive"));
    assert_eq!(world.engine.metrics().tracks, 1);
}

#[test]
fn a_track_wanted_before_it_is_there_comes_when_it_is() {
    let mut world = World::new();
    world.subscriber(2, &["TR_a"]);
    world.until("it connects", |w| w.connected(2));
    let now = world.now;
    world.publisher(1, vec![Feed::audio(now)]);
    world.publish("TR_a", 1, 0);
    world.until("sound comes", |w| w.client(2).packets(Audio).len() > 10);
    assert_eq!(world.offers(2).len(), 2);
}

#[test]
fn the_client_may_insist_on_being_the_dtls_server() {
    let mut world = call();
    let passive = Setup {
        active: false,
        ..Setup::default()
    };
    world.subscriber_with(2, &["TR_a", "TR_v"], passive);
    world.until("media comes", |w| {
        let client = w.client(2);
        client.packets(Audio).len() > 20 && client.packets(Video).len() > 20
    });
    let received = &world.client(2).received;
    let mid = received
        .iter()
        .find(|(_, packet)| packet.payload.len() > 500)
        .unwrap()
        .0;
    // Its reports can be read with the other half of the keys.
    let dropped = world.engine.metrics().packets_dropped;
    let now = world.now;
    world.client_mut(2).request_keyframe(now, mid);
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.engine.metrics().packets_dropped, dropped);
}

#[test]
fn a_publisher_survives_its_ice_restart() {
    let mut world = call();
    world.subscriber(2, &["TR_a"]);
    world.until("sound comes", |w| w.client(2).packets(Audio).len() > 10);
    let client = world.client_mut(1);
    let mut api = client.rtc.sdp_api();
    api.ice_restart(true);
    let (offer, pending) = api.apply().unwrap();
    let (answer, media) = world.negotiate(1, &offer.to_sdp_string());
    assert!(media.iter().all(|media| media.sending));
    world.client_mut(1).accept(pending, &answer);
    world.run_for(Duration::from_secs(20));
    let before = world.client(2).packets(Audio).len();
    world.run_for(Duration::from_secs(1));
    assert!(world.client(2).packets(Audio).len() > before + 40);
    assert_eq!(world.closed(1), None);
}

fn ufrag(sdp: &str) -> &str {
    let line = sdp
        .lines()
        .find_map(|line| line.strip_prefix("a=ice-ufrag:"));
    line.expect("an ufrag")
}

fn restart_ice(world: &mut World, transport: u32) {
    world.command(Command::RestartIce { transport });
}

#[test]
fn a_subscriber_goes_on_after_a_restart_of_ice() {
    let mut world = call();
    world.subscriber(2, &["TR_a", "TR_v"]);
    world.until("media comes", |w| w.client(2).packets(Video).len() > 20);
    restart_ice(&mut world, 2);
    world.run_for(Duration::from_millis(100));
    let offers = world.offers(2);
    let [.., (before, _), (after, tracks)] = offers.as_slice() else {
        panic!("no new offer");
    };
    assert_ne!(ufrag(before), ufrag(after));
    assert!(after.matches(ufrag(after)).count() > 1);
    assert!(!after.contains(ufrag(before)));
    assert_eq!(tracks.len(), 2);
    // Long enough for the old path to be given up if the new one did not work.
    world.run_for(Duration::from_secs(20));
    let seen = world.client(2).packets(Video).len();
    world.run_for(Duration::from_secs(1));
    assert!(world.client(2).packets(Video).len() > seen + 20);
    assert_eq!(world.closed(2), None);
    crate::media::unbroken(&world.client(2).packets(Audio));
    // What is wanted later is offered under the new name.
    world.subscribe(2, &["TR_a"]);
    world.run_for(Duration::from_millis(100));
    let offers = world.offers(2);
    assert_eq!(ufrag(&offers[offers.len() - 1].0), ufrag(after));
}

#[test]
fn an_offer_that_never_arrived_is_made_again_with_the_restart() {
    let mut world = call();
    world.subscriber(2, &["TR_a"]);
    world.until("sound comes", |w| w.client(2).packets(Audio).len() > 10);
    world.client_mut(2).setup.answers = false;
    world.subscribe(2, &["TR_a", "TR_v"]);
    world.run_for(Duration::from_secs(1));
    assert!(world.client(2).packets(Video).is_empty());
    world.client_mut(2).setup.answers = true;
    restart_ice(&mut world, 2);
    world.until("pictures come", |w| w.client(2).packets(Video).len() > 20);
    crate::media::unbroken(&world.client(2).packets(Audio));
}

#[test]
fn a_restart_before_anything_is_wanted_or_of_a_client_that_offers_itself_does_nothing() {
    let mut world = call();
    world.command(opening(2, TransportRole::Subscriber));
    restart_ice(&mut world, 1);
    restart_ice(&mut world, 2);
    restart_ice(&mut world, 99);
    world.run_for(Duration::from_millis(100));
    assert!(world.offers(2).is_empty());
    assert!(world.offers(1).is_empty());
}

#[test]
fn a_bad_answer_is_told_and_the_next_wish_tries_again() {
    let mut world = call();
    let silent = Setup {
        answers: false,
        ..Setup::default()
    };
    world.subscriber_with(2, &["TR_a", "TR_v"], silent);
    let sdp = "nonsense".to_owned();
    world.command(Command::AcceptAnswer {
        transport: 2,
        offer: 1,
        sdp,
    });
    let failed = |event: &Event| {
        matches!(
            event,
            Event::NegotiationFailed {
                transport: 2,
                offer: 1,
                ..
            }
        )
    };
    assert!(world.events.iter().any(failed));
    world.client_mut(2).setup.answers = true;
    world.subscribe(2, &["TR_a", "TR_v"]);
    world.until("media comes", |w| {
        let client = w.client(2);
        client.packets(Audio).len() > 20 && client.packets(Video).len() > 20
    });
    world.until("the channels open", |w| w.client(2).channels.len() == 2);
}

#[test]
fn a_track_published_after_its_first_key_frame_is_shown() {
    let mut world = World::new();
    let now = world.now;
    world.publisher(1, vec![Feed::video(now)]);
    world.subscriber(2, &["TR_v"]);
    world.run_for(Duration::from_secs(2));
    world.publish("TR_v", 1, 0);
    let published = world.now;
    world.until("a picture comes", |w| {
        !w.client(2).packets(Video).is_empty()
    });
    let waited = world.now - published;
    assert!(waited < Duration::from_millis(300), "{waited:?}");
}

#[test]
fn bad_descriptions_fail_with_a_reason_and_cost_nothing_else() {
    let mut world = call();
    let cases = [
        String::new(),
        "hello".to_owned(),
        "v=0\r\n".repeat(3),
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n".to_owned(),
        "m=video\r\n".repeat(1000),
        "x".repeat(2 << 20),
    ];
    for (i, sdp) in cases.into_iter().enumerate() {
        let offer = 100 + i as u32;
        world.command(Command::AcceptOffer {
            transport: 1,
            offer,
            sdp,
        });
        let failed = world.events.iter().any(|event| {
            matches!(event, Event::NegotiationFailed { transport: 1, offer: id, .. } if *id == offer)
        });
        assert!(failed, "case {i}");
    }
    world.subscriber(2, &["TR_a"]);
    world.until("sound comes", |w| w.client(2).packets(Audio).len() > 10);
    let wanted = vec![wanted("TR_a", true)];
    world.command(Command::Subscribe {
        transport: 99,
        wanted,
    });
    world.command(Command::CloseTransport { transport: 99 });
}
