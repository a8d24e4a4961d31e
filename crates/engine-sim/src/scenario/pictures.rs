//! Layers, in streams of their own and in one.

use super::network::turns;
use super::people::{Room, with};
use crate::feed::Kind;
use crate::random::Random;
use crate::wire::Conditions;
use crate::world::World;
use engine::media::Codec;
use std::time::Duration;

pub fn layers(world: &mut World, time: Duration) {
    let room = Room::of(world, 2, &[Kind::Audio, Kind::Simulcast]);
    world.all_conditions(Conditions::losing(0.03));
    turns(world, time, |world, random| {
        let person = random.pick(&room.people);
        let (publisher, track) = (person.publisher, person.tracks[1].track);
        let (layer, running, now) = (random.below(3) as u8, random.chance(0.5), world.now);
        with(world, publisher, |client| {
            client.run_layer(track, layer, running, now)
        });
        world.run_for(Duration::from_millis(random.below(3_000)));
    });
    let now = world.now;
    for person in &room.people {
        for layer in 0..3 {
            let track = person.tracks[1].track;
            with(world, person.publisher, |client| {
                client.run_layer(track, layer, true, now)
            });
        }
    }
}

const LAYERED: [&[Kind]; 4] = [
    &[Kind::Audio, Kind::Simulcast],
    &[Kind::Audio, Kind::Vp9],
    &[Kind::Audio, Kind::Vp9Described],
    &[Kind::Audio, Kind::Av1],
];
/// Pixels that pages show pictures with.
const SHOWN: [(u32, u32); 4] = [(0, 0), (300, 170), (640, 360), (900, 500)];
/// Publishers are told of less only after a while: see `wanted_layers.rs` of the engine.
const UNWANTED: Duration = Duration::from_secs(11);

/// One of each, all of whose pictures have layers with sizes.
fn layered_room(world: &mut World) -> Room {
    world.codecs = vec![Codec::Opus, Codec::Vp8, Codec::Vp9, Codec::Av1];
    let room = Room::of_each(world, &LAYERED, false);
    for person in &room.people {
        world.describe(person.tracks[1].track);
    }
    room
}

/// A subscriber shows a picture in another size.
fn resize(world: &mut World, room: &Room, random: &mut Random) {
    let subscriber = *random.pick(&room.subscribers());
    let track = random.pick(&room.people).tracks[1].track;
    if world.wishes(subscriber).contains_key(&track) {
        world.resize(subscriber, track, *random.pick(&SHOWN));
    }
}

/// Layers in one stream come and go at the publisher and at the subscribers, under loss.
pub fn svc(world: &mut World, time: Duration) {
    let room = layered_room(world);
    world.all_conditions(Conditions {
        reorder: 0.02,
        ..Conditions::losing(0.03)
    });
    turns(world, time, |world, random| {
        let person = random.pick(&room.people);
        let (publisher, track) = (person.publisher, person.tracks[1].track);
        let count = 1 + random.below(3) as u8;
        match random.below(4) {
            0 => {
                with(world, publisher, |client| {
                    client.feeds(track).for_each(|feed| feed.show_layers(count))
                });
            }
            _ => resize(world, &room, random),
        }
        world.run_for(Duration::from_millis(random.below(1_500)));
    });
    for person in &room.people {
        let track = person.tracks[1].track;
        with(world, person.publisher, |client| {
            client.feeds(track).for_each(|feed| feed.show_layers(3))
        });
    }
}

/// Pages change the sizes of what they show, and publishers make no more than that.
pub fn sizes(world: &mut World, time: Duration) {
    world.dynacast = true;
    let room = layered_room(world);
    turns(world, time, |world, random| {
        resize(world, &room, random);
        world.run_for(Duration::from_millis(random.below(3_000)));
    });
    world.run_for(UNWANTED);
    world.must_fit();
}
