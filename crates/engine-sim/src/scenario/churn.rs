//! People and their wishes come and go.

use super::network::{draw_disorder, turns};
use super::people::{Room, kinds, with};
use crate::feed::Kind;
use crate::random::Random;
use crate::wire::{Conditions, Loss};
use crate::world::{Leave, World};
use engine::media::Codec;
use std::time::Duration;

const WAYS: [Leave; 3] = [Leave::Closes, Leave::Told, Leave::Vanishes];

pub fn storms(world: &mut World, time: Duration) {
    let mut room = Room::of(world, 2, &kinds());
    turns(world, time, |world, random| {
        world.all_conditions(Conditions {
            handshakes: true,
            loss: Loss::Uniform(0.1 * random.below(100) as f64 / 100.0),
            ..Conditions::default()
        });
        for _ in 0..1 + random.below(5) {
            room.join(world, &kinds());
            world.run_for(Duration::from_millis(random.below(60)));
        }
        // Some go before they are really there.
        world.run_for(Duration::from_millis(random.below(3_000)));
        while room.people.len() > 2 + random.below(3) as usize {
            let index = random.below(room.people.len() as u64) as usize;
            room.leave(world, index, *random.pick(&WAYS));
            world.run_for(Duration::from_millis(random.below(60)));
        }
        world.run_for(Duration::from_millis(random.below(500)));
    });
    world.run_for(Duration::from_secs(4));
}

pub fn restarts(world: &mut World, time: Duration) {
    let mut room = Room::of(world, 3, &kinds());
    world.all_conditions(Conditions::losing(0.02));
    turns(world, time, |world, random| {
        let index = random.below(room.people.len() as u64) as usize;
        room.restart(world, index, *random.pick(&WAYS));
        world.run_for(Duration::from_millis(200 + random.below(4_000)));
    });
}

/// One change of what is wanted or muted.
fn change_a_wish(world: &mut World, room: &Room, random: &mut Random) {
    let tracks = room.tracks();
    let track = *random.pick(&tracks);
    let subscriber = *random.pick(&room.subscribers());
    let mut wishes = world.wishes(subscriber);
    match random.below(5) {
        0 => {
            let muted = world
                .truth
                .tracks
                .get(&track)
                .is_some_and(|truth| truth.muted);
            world.mute(track, !muted);
            return;
        }
        1 => {
            with(world, subscriber, |client| client.closed)
                .filter(|closed| !closed)
                .inspect(|_| ask(world, subscriber));
            return;
        }
        2 | 3 => match wishes.get_mut(&track) {
            Some(enabled) => *enabled = !*enabled,
            None => return,
        },
        _ => {
            let own = room
                .people
                .iter()
                .find(|person| person.subscriber == subscriber);
            let own =
                own.is_some_and(|person| person.tracks.iter().any(|plan| plan.track == track));
            if own {
                return;
            }
            if wishes.remove(&track).is_none() {
                wishes.insert(track, true);
            }
        }
    }
    world.wish(subscriber, wishes);
}

fn ask(world: &mut World, subscriber: u32) {
    with(world, subscriber, |client| client.request_keyframes());
}

/// Everything is wanted and nothing muted, so that there is something to settle.
fn all_on(world: &mut World, room: &Room) {
    for track in room.tracks() {
        world.mute(track, false);
    }
    for subscriber in room.subscribers() {
        let wishes = world
            .wishes(subscriber)
            .into_keys()
            .map(|track| (track, true));
        let wishes = wishes.collect();
        world.wish(subscriber, wishes);
    }
    room.tell(world);
}

pub fn wishes(world: &mut World, time: Duration) {
    let room = Room::of(world, 4, &kinds());
    world.all_conditions(Conditions::losing(0.02));
    turns(world, time, |world, random| {
        change_a_wish(world, &room, random);
        world.run_for(Duration::from_millis(random.below(300)));
    });
    all_on(world, &room);
}

const LAYERED: [&[Kind]; 3] = [&[Kind::Audio, Kind::Simulcast]; 3];

/// Everything that can happen, drawn.
pub fn chaos(world: &mut World, time: Duration) {
    chaos_of(world, time, &LAYERED, false);
}

/// The same with one transport for both directions.
pub fn singles(world: &mut World, time: Duration) {
    chaos_of(world, time, &LAYERED, true);
}

/// The same with every codec.
pub fn codecs(world: &mut World, time: Duration) {
    world.codecs = vec![Codec::Opus, Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1];
    let each: [&[Kind]; 4] = [
        &[Kind::Red, Kind::H264],
        &[Kind::Audio, Kind::Vp9],
        &[Kind::Red, Kind::Vp9Described],
        &[Kind::Audio, Kind::Av1],
    ];
    chaos_of(world, time, &each, false);
}

fn chaos_of(world: &mut World, time: Duration, each: &[&[Kind]], single: bool) {
    let mut room = Room::of_each(world, each, single);
    turns(world, time, |world, random| {
        match random.below(12) {
            0 if room.people.len() < 6 => room.join(world, each[room.people.len() % each.len()]),
            1 if room.people.len() > 2 => {
                let index = random.below(room.people.len() as u64) as usize;
                room.leave(world, index, *random.pick(&WAYS));
            }
            2 => {
                let index = random.below(room.people.len() as u64) as usize;
                room.restart(world, index, *random.pick(&WAYS));
            }
            3 => {
                let moved = *random.pick(&room.transports());
                // In the middle of a handshake it would take longer than clients wait.
                if with(world, moved, |client| client.connected) == Some(true) {
                    world.rebind(moved);
                }
            }
            4 | 5 => {
                let id = *random.pick(&room.transports());
                let [up, down] = [0, 1].map(|_| Conditions {
                    loss: Loss::Uniform(0.2 * random.below(100) as f64 / 100.0),
                    ..draw_disorder(random)
                });
                world.conditions(id, up, down);
            }
            6 => {
                let plan = random.pick(&room.people).tracks[1];
                let layer = random.below(plan.kind.layers().into()) as u8;
                let publisher = world
                    .truth
                    .tracks
                    .get(&plan.track)
                    .map(|truth| truth.transport);
                let running = random.chance(0.6);
                let now = world.now;
                if let Some(publisher) = publisher {
                    with(world, publisher, |client| match plan.kind {
                        Kind::Simulcast => client.run_layer(plan.track, layer, running, now),
                        _ => client
                            .feeds(plan.track)
                            .for_each(|feed| feed.show_layers(layer + 1)),
                    });
                }
            }
            _ => change_a_wish(world, &room, random),
        }
        world.run_for(Duration::from_millis(random.below(700)));
    });
    all_on(world, &room);
    world.all_conditions(Conditions::default());
    // Moved clients find their way back first.
    world.run_for(Duration::from_secs(6));
}
