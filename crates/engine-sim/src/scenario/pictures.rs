//! Layers of simulcast.

use super::network::turns;
use super::people::{Room, with};
use crate::feed::Kind;
use crate::wire::Conditions;
use crate::world::World;
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
