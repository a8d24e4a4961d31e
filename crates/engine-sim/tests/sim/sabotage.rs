//! Every rule fires when what it forbids happens. Sabotage is done between the engine and the rules, never in the engine.

use engine::media::Codec;
use engine_sim::feed::{Kind, TrackPlan};
use engine_sim::rules::{Rule, Seen};
use engine_sim::tag::Tag;
use engine_sim::world::World;
use std::collections::HashMap;
use std::time::Duration;

const VOICE: u16 = 1;
const PICTURE: u16 = 2;

/// One watches another for two seconds; rules see what `sabotage` leaves of each packet. `late` comes after the first second.
fn broken(sabotage: impl FnMut(Seen, Option<Tag>) -> Vec<Seen> + 'static) -> Vec<Rule> {
    broken_in(call(), sabotage)
}

fn call() -> World {
    let mut world = World::new(3);
    let [voice, picture] = [(VOICE, Kind::Audio), (PICTURE, Kind::Video)]
        .map(|(track, kind)| TrackPlan { track, kind });
    world.publisher(&[voice, picture]);
    world.subscriber(&[VOICE, PICTURE]);
    world.run_for(Duration::from_secs(1));
    world
}

fn broken_in(
    mut world: World,
    sabotage: impl FnMut(Seen, Option<Tag>) -> Vec<Seen> + 'static,
) -> Vec<Rule> {
    assert_eq!(world.observer.violations(), []);
    assert!(world.observer.packets > 50);
    world.observer.sabotage = Some(Box::new(sabotage));
    world.run_for(Duration::from_secs(2));
    let mut rules: Vec<Rule> = world.observer.violations().iter().map(|v| v.rule).collect();
    rules.sort();
    rules.dedup();
    rules
}

/// Acts once, on the tenth packet of a track.
fn once(
    track: u16,
    mut act: impl FnMut(&mut Seen) + 'static,
) -> impl FnMut(Seen, Option<Tag>) -> Vec<Seen> {
    let mut count = 0;
    move |mut seen, tag| {
        if tag.is_some_and(|tag| tag.track == track) {
            count += 1;
            if count == 10 {
                act(&mut seen);
            }
        }
        vec![seen]
    }
}

#[test]
fn an_honest_engine_breaks_nothing() {
    assert_eq!(broken(|seen, _| vec![seen]), []);
}

#[test]
fn an_index_that_comes_twice_is_found() {
    let mut kept: Option<Seen> = None;
    let found = broken(move |seen, _| match &kept {
        Some(before) if before.ssrc == seen.ssrc && before.index + 5 == seen.index => {
            vec![seen, before.clone()]
        }
        Some(_) => vec![seen],
        None => {
            kept = Some(seen.clone());
            vec![seen]
        }
    });
    assert!(found.contains(&Rule::NonceOnce), "{found:?}");
}

#[test]
fn a_packet_that_does_not_open_is_found() {
    let mut world = call();
    let transport = world.clients.keys().copied().max().expect("the subscriber");
    let junk = [&[0x80, 96, 0, 1][..], &[7; 40]].concat();
    world
        .observer
        .leaves(world.now, transport, &junk, &world.truth);
    assert_eq!(world.observer.violations()[0].rule, Rule::Opens);
}

#[test]
fn a_track_that_is_not_wanted_is_found() {
    let mut world = call();
    let subscriber = world.clients.keys().copied().max().expect("the subscriber");
    // The truth changes, the engine is not told.
    let now = world.now;
    world.truth.wish(subscriber, VOICE, false, now);
    assert_eq!(broken_in(world, |seen, _| vec![seen]), [Rule::Wanted]);
}

#[test]
fn a_muted_track_is_found() {
    let mut world = call();
    let now = world.now;
    let track = world.truth.tracks.get_mut(&PICTURE).expect("the picture");
    (track.muted, track.changed) = (true, now);
    let found = broken_in(world, |seen, _| vec![seen]);
    assert!(found.contains(&Rule::Wanted), "{found:?}");
}

#[test]
fn a_wrong_mid_is_found() {
    assert_eq!(
        broken(once(VOICE, |seen| seen.mid = Some("zz".into()))),
        [Rule::Mid]
    );
    assert_eq!(broken(once(VOICE, |seen| seen.mid = None)), [Rule::Mid]);
}

#[test]
fn the_wrong_track_on_an_m_line_is_found() {
    let mut picture = None;
    let found = broken(move |mut seen, tag| {
        match tag {
            Some(tag) if tag.track == PICTURE => {
                picture = Some((seen.payload_type, seen.payload.clone()))
            }
            _ => {
                if let Some((kind, picture)) = picture.take() {
                    (seen.payload_type, seen.payload) = (kind, picture);
                }
            }
        }
        vec![seen]
    });
    assert!(found.contains(&Rule::Mid), "{found:?}");
}

#[test]
fn a_hole_in_the_numbers_is_found() {
    let mut shift = 0;
    let mut count = 0;
    let found = broken(move |mut seen, tag| {
        if tag.is_some_and(|tag| tag.track == VOICE) {
            count += 1;
            shift += u64::from(count == 10);
            seen.index += shift;
        }
        vec![seen]
    });
    assert_eq!(found, [Rule::Sequence]);
}

#[test]
fn numbers_that_close_over_a_needed_packet_are_found() {
    let mut shift = 0;
    let mut count = 0;
    let found = broken(move |mut seen, tag| {
        if tag.is_some_and(|tag| tag.track == PICTURE) {
            count += 1;
            let needed = tag.is_some_and(|tag| tag.temporal == 0);
            if count > 10 && shift == 0 && needed {
                shift = 1;
                return vec![];
            }
            seen.index -= shift;
        }
        vec![seen]
    });
    assert_eq!(found, [Rule::KeyFirst]);
}

/// An empty packet is a number that nobody misses, so it must not stand for what is needed.
#[test]
fn an_empty_packet_instead_of_a_needed_one_is_found() {
    let mut emptied = false;
    let found = broken(move |mut seen, tag| {
        if tag.is_some_and(|tag| tag.track == PICTURE && tag.temporal == 0 && !emptied) {
            emptied = true;
            seen.payload.clear();
        }
        vec![seen]
    });
    assert_eq!(found, [Rule::KeyFirst]);
}

#[test]
fn a_clock_that_jumps_is_found() {
    assert_eq!(
        broken(once(PICTURE, |seen| seen.timestamp =
            seen.timestamp.wrapping_add(1))),
        [Rule::Timestamp]
    );
    assert_eq!(
        broken(once(VOICE, |seen| seen.timestamp =
            seen.timestamp.wrapping_sub(960))),
        [Rule::Timestamp]
    );
}

#[test]
fn picture_ids_that_jump_are_found() {
    assert_eq!(
        broken(once(PICTURE, |seen| seen.payload[3] ^= 0x40)),
        [Rule::Pictures]
    );
    assert_eq!(
        broken(once(PICTURE, |seen| seen.payload[4] ^= 0x40)),
        [Rule::Pictures]
    );
}

#[test]
fn a_stream_that_begins_without_a_key_frame_is_found() {
    let mut world = World::new(3);
    world.publisher(&[TrackPlan {
        track: PICTURE,
        kind: Kind::Video,
    }]);
    world.run_for(Duration::from_secs(1));
    let mut left_out = 0;
    world.observer.sabotage = Some(Box::new(move |seen, _| {
        left_out += 1;
        if left_out == 1 { vec![] } else { vec![seen] }
    }));
    world.subscriber(&[PICTURE]);
    world.run_for(Duration::from_secs(1));
    assert!(!world.observer.violations().is_empty());
    assert!(
        world
            .observer
            .violations()
            .iter()
            .all(|v| v.rule == Rule::KeyFirst)
    );
}

#[test]
fn a_byte_that_is_touched_is_found() {
    let last = |seen: &mut Seen| *seen.payload.last_mut().expect("a byte") ^= 1;
    for track in [VOICE, PICTURE] {
        // Nobody knows it any more, so it leaves a hole too.
        assert_eq!(broken(once(track, last)), [Rule::Sequence, Rule::Payload]);
    }
}

#[test]
fn a_marker_that_is_left_out_is_found() {
    let found = broken(once(PICTURE, |seen| seen.marker = false));
    assert_eq!(found, [Rule::Marker]);
}

/// A call about a picture with layers in one stream.
fn layered() -> World {
    let mut world = World::new(3);
    world.codecs = vec![Codec::Opus, Codec::Av1];
    world.publisher(&[TrackPlan {
        track: PICTURE,
        kind: Kind::Av1,
    }]);
    world.subscriber(&[PICTURE]);
    world.run_for(Duration::from_secs(1));
    world
}

/// Where layers end or come back, and that is told in time, pictures end with a marker.
#[test]
fn a_marker_that_is_left_out_where_layers_change_is_found() {
    let (small, whole) = ((300, 170), (0, 0));
    for kind in [Kind::Vp9, Kind::Vp9Described, Kind::Av1] {
        for (sizes, layers) in [(&[small][..], 0..=0), (&[small, whole], 2..=2)] {
            let mut world = World::new(3);
            world.codecs = vec![Codec::Opus, kind.codec()];
            let track = PICTURE;
            world.publisher(&[TrackPlan { track, kind }]);
            world.describe(track);
            let subscriber = world.subscriber(&[track]);
            for size in sizes {
                world.run_for(Duration::from_secs(1));
                world.resize(subscriber, track, *size);
            }
            world.run_for(Duration::from_secs(1));
            let mut count = 0;
            let found = broken_in(world, move |mut seen, tag| {
                let top = tag.filter(|_| seen.marker).map(|tag| tag.spatial);
                count += u32::from(top.is_some_and(|top| layers.contains(&top)));
                seen.marker &= count != 5;
                vec![seen]
            });
            assert_eq!(found, [Rule::Marker], "{kind:?}, {sizes:?}");
        }
    }
}

#[test]
fn a_descriptor_that_is_touched_is_found() {
    let at = |place: usize| {
        once(PICTURE, move |seen| {
            let descriptor = seen.descriptor.as_mut().expect("one");
            descriptor[place] ^= 1;
        })
    };
    // Template and frame number.
    for place in [0, 2] {
        assert_eq!(broken_in(layered(), at(place)), [Rule::Descriptor]);
    }
    let none = once(PICTURE, |seen| seen.descriptor = None);
    assert_eq!(broken_in(layered(), none), [Rule::Descriptor]);
}

/// Who sees the lowest layer is told that only this is there. The mask has nine bits, behind the flags.
#[test]
fn wrong_decode_targets_are_found() {
    let told = |first: u8, last: u8| {
        let mut world = layered();
        world.describe(PICTURE);
        let subscriber = world.clients.keys().copied().max().expect("the subscriber");
        world.resize(subscriber, PICTURE, (320, 180));
        world.run_for(Duration::from_secs(1));
        broken_in(world, move |mut seen, _| {
            if let Some([.., flags, mask]) = seen.descriptor.as_deref_mut()
                && *flags & 0xF8 == 0x40
            {
                *flags = 0x40 | first;
                *mask = last;
            }
            vec![seen]
        })
    };
    assert_eq!(told(0b000, 0b0001_1100), [], "what it is");
    assert_eq!(told(0b000, 0b1110_0000), [Rule::Descriptor], "another one");
    assert_eq!(told(0b111, 0b1111_1100), [Rule::Descriptor], "all");
}

/// Pictures of the highest temporal layer are left out. Once that may be for a moment in which nothing could be told; twice it was not told.
#[test]
fn a_decode_target_that_is_not_left_is_found() {
    let lessened = |most: u32| {
        let mut world = layered();
        world.describe(PICTURE);
        let subscriber = world.clients.keys().copied().max().expect("the subscriber");
        world.resize(subscriber, PICTURE, (320, 180));
        world.run_for(Duration::from_secs(1));
        let (mut shift, mut count) = (0, 0);
        broken_in(world, move |mut seen, tag| {
            if tag.is_some_and(|tag| tag.temporal == 2) && count < most {
                (shift, count) = (shift + 1, count + 1);
                return vec![];
            }
            seen.index -= shift;
            vec![seen]
        })
    };
    assert_eq!(lessened(1), [], "for a moment");
    assert_eq!(lessened(2), [Rule::Descriptor], "for longer");
    assert_eq!(lessened(u32::MAX), [Rule::Descriptor], "always");
}

/// An upper layer goes on while one that it needs is left out.
#[test]
fn a_layer_without_the_one_below_is_found() {
    let mut shift = HashMap::new();
    let mut pictures = 0;
    let found = broken_in(layered(), move |mut seen, tag| {
        let shift: &mut u64 = shift.entry(seen.ssrc).or_default();
        let below = tag.is_some_and(|tag| tag.spatial == 0);
        pictures += u64::from(below);
        if below && pictures == 5 {
            *shift += 1;
            return vec![];
        }
        seen.index -= *shift;
        vec![seen]
    });
    assert_eq!(found, [Rule::KeyFirst]);
}

#[test]
fn a_retransmission_of_something_else_is_found() {
    let mut world = call();
    world.all_conditions(engine_sim::wire::Conditions::losing(0.1));
    let found = broken_in(world, |mut seen, _| {
        if seen.original.is_some() {
            seen.timestamp ^= 1;
        }
        vec![seen]
    });
    assert_eq!(found, [Rule::Repair]);
}

#[test]
fn what_does_not_come_is_found() {
    let mut world = call();
    let subscriber = world.clients.keys().copied().max().expect("the subscriber");
    world.conditions(
        subscriber,
        Default::default(),
        engine_sim::wire::Conditions::losing(1.0),
    );
    world.run_for(Duration::from_secs(1));
    world.must_flow();
    assert_eq!(world.observer.violations().len(), 2);
    assert!(
        world
            .observer
            .violations()
            .iter()
            .all(|v| v.rule == Rule::Liveness)
    );
}

#[test]
fn the_wrong_size_is_found() {
    let mut world = layered();
    world.describe(PICTURE);
    world.run_for(Duration::from_secs(2));
    let subscriber = world.clients.keys().copied().max().expect("the subscriber");
    world.must_fit();
    assert_eq!(world.observer.violations(), []);
    // The lowest layer is what is wanted now, but who makes the picture has to be told, and that takes its time.
    world.resize(subscriber, PICTURE, (320, 180));
    world.must_fit();
    let found = world.observer.violations();
    assert!(
        found.len() == 2 && found.iter().all(|v| v.rule == Rule::Size),
        "{found:?}"
    );
}

#[test]
fn a_panic_is_found() {
    let mut world = call();
    world.command(engine::command::Command::InjectPanic { transport: 1 });
    assert_eq!(world.observer.violations()[0].rule, Rule::Panic);
}
