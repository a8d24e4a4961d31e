//! What networks do.

use super::people::{Room, kinds};
use crate::feed::Kind;
use crate::random::Random;
use crate::rules::Rule;
use crate::wire::{Conditions, Loss};
use crate::world::{Shown, World};
use std::time::Duration;

const TURN: Duration = Duration::from_secs(2);

/// Runs turns of a story until its time is over.
pub fn turns(world: &mut World, time: Duration, mut turn: impl FnMut(&mut World, &mut Random)) {
    let end = world.now + time;
    let mut random = world.random.fork(77);
    while world.now < end {
        turn(world, &mut random);
    }
}

pub fn calm(world: &mut World, time: Duration) {
    let room = Room::of(world, 4, &kinds());
    world.run_for(time);
    for id in room.subscribers() {
        let Some(client) = world.clients.get(&id) else {
            continue;
        };
        // Nothing is lost, so nothing may be missing, and no key frame is needed but the first ones.
        let silent = client
            .heard
            .iter()
            .find(|(_, heard)| heard.silence > Duration::from_millis(120));
        let silent = silent
            .map(|(track, heard)| format!("track {track} was silent for {:?}", heard.silence));
        if let Some(what) = silent {
            world
                .observer
                .rules
                .add(world.now, id, Rule::Liveness, what);
        }
    }
    for id in room.transports() {
        // Both wires take 10 ms, and answers wait for the clock's next tick.
        let told = world.qualities.get(&id).copied();
        if told.is_none_or(|(loss, rtt)| loss > 0.0 || !(18.0..30.0).contains(&rtt)) {
            let what =
                format!("a path without losses that takes 20 ms both ways is told as {told:?}");
            world.observer.rules.add(world.now, id, Rule::Quality, what);
        }
    }
    let metrics = world.metrics();
    if metrics.retransmitted > 0 {
        let what = format!("{} retransmissions without loss", metrics.retransmitted);
        world.observer.rules.add(world.now, 0, Rule::Repair, what);
    }
}

fn draw_loss(random: &mut Random) -> Loss {
    match random.below(3) {
        0 => Loss::None,
        1 => Loss::Uniform(0.3 * random.below(100) as f64 / 100.0),
        _ => Loss::Bursts {
            enter: 0.002 + 0.02 * random.below(100) as f64 / 100.0,
            leave: 0.05 + 0.3 * random.below(100) as f64 / 100.0,
            lost: 0.3 + 0.7 * random.below(100) as f64 / 100.0,
        },
    }
}

pub fn loss(world: &mut World, time: Duration) {
    let room = Room::of(world, 3, &kinds());
    turns(world, time, |world, random| {
        for id in room.transports() {
            let [up, down] = [0, 1].map(|_| Conditions {
                loss: draw_loss(random),
                delay: Duration::from_millis(5 + random.below(100)),
                ..Conditions::default()
            });
            world.conditions(id, up, down);
        }
        world.run_for(TURN);
    });
}

pub fn draw_disorder(random: &mut Random) -> Conditions {
    Conditions {
        delay: Duration::from_millis(5 + random.below(80)),
        jitter: Duration::from_millis(random.below(60)),
        reorder: 0.2 * random.below(100) as f64 / 100.0,
        hold: Duration::from_millis(random.below(150)),
        duplicate: 0.1 * random.below(100) as f64 / 100.0,
        ..Conditions::default()
    }
}

pub fn disorder(world: &mut World, time: Duration) {
    let room = Room::of(world, 3, &kinds());
    turns(world, time, |world, random| {
        for id in room.transports() {
            let [up, down] = [0, 1].map(|_| draw_disorder(random));
            world.conditions(id, up, down);
        }
        world.run_for(TURN);
    });
}

/// Voices of two people, of four, and two people with pictures too: small calls, of which hours pass in seconds.
pub fn pair(world: &mut World, time: Duration) {
    rough(world, time, 2, &[Kind::Audio]);
}

pub fn voices(world: &mut World, time: Duration) {
    rough(world, time, 4, &[Kind::Audio]);
}

pub fn faces(world: &mut World, time: Duration) {
    rough(world, time, 2, &kinds());
}

/// A call on wires that lose, delay, hold back, double and are late, each in its own way and every two seconds in another one.
fn rough(world: &mut World, time: Duration, count: usize, kinds: &[Kind]) {
    let room = Room::of(world, count, kinds);
    turns(world, time, |world, random| {
        for id in room.transports() {
            let [up, down] = [0, 1].map(|_| Conditions {
                loss: draw_loss(random),
                ..draw_disorder(random)
            });
            world.conditions(id, up, down);
        }
        world.run_for(TURN);
    });
}

pub fn paths(world: &mut World, time: Duration) {
    let room = Room::of(world, 3, &kinds());
    world.all_conditions(Conditions::losing(0.01));
    turns(world, time, |world, random| {
        let moved = *random.pick(&room.transports());
        world.rebind(moved);
        world.run_for(Duration::from_millis(500 + random.below(9_000)));
    });
    // Clients find out about a dead path by their next consent check.
    world.run_for(Duration::from_secs(6));
}

/// Long enough for every kind of client to find out what its path carries.
const ADAPTS: Duration = Duration::from_secs(20);

/// Paths have room for voices and some pictures, which pages want more or less of.
pub fn budgets(world: &mut World, time: Duration) {
    let room = Room::of(world, 3, &[Kind::Audio, Kind::Simulcast]);
    turns(world, time, |world, random| {
        for person in &room.people {
            let rate = *random.pick(&[None, Some(250_000), Some(400_000), Some(700_000)]);
            let path = Conditions {
                rate: rate.map(|rate| (rate, rate / 16)),
                ..Conditions::default()
            };
            world.conditions(person.subscriber, Conditions::default(), path);
            let others = room
                .people
                .iter()
                .filter(|p| p.publisher != person.publisher);
            for picture in others.map(|other| other.tracks[1].track) {
                let shown = Shown {
                    fps: *random.pick(&[0, 7, 15, 30]),
                    priority: *random.pick(&[0, 1, 100]),
                    ..Shown::default()
                };
                world.show(person.subscriber, picture, shown);
            }
        }
        world.run_for(ADAPTS);
        world.must_share_well();
    });
}

/// One person comes by TCP alone, another sees and hears by TCP; their streams stall, become narrow and break off.
pub fn streams(world: &mut World, time: Duration) {
    let mut room = Room::default();
    for streamed in [[true; 2], [false; 2], [false, true]] {
        room.join_by(world, &[Kind::Audio, Kind::Simulcast], streamed);
    }
    room.gather(world);
    let streamed = [
        room.people[0].publisher,
        room.people[0].subscriber,
        room.people[2].subscriber,
    ];
    turns(world, time, |world, random| {
        let id = *random.pick(&streamed);
        if random.chance(0.1) {
            world.rebind(id);
        }
        let rate = *random.pick(&[None, Some(200_000), Some(500_000), Some(2_000_000)]);
        let [up, down] = [None, rate].map(|rate| Conditions {
            loss: Loss::Uniform(0.02 * random.below(100) as f64 / 100.0),
            delay: Duration::from_millis(5 + random.below(60)),
            rate: rate.map(|rate| (rate, 0)),
            ..Conditions::default()
        });
        world.conditions(id, up, down);
        world.run_for(Duration::from_millis(500 + random.below(6_000)));
    });
    world.all_conditions(Conditions::default());
    // Who has a new stream finds out by the next consent check.
    world.run_for(Duration::from_secs(6));
}

pub fn slow(world: &mut World, time: Duration) {
    let room = Room::of(world, 4, &kinds());
    let narrow = room.people[0].subscriber;
    let good = Conditions::default();
    turns(world, time, |world, random| {
        // The first does not carry the voices alone; for longer than a while nobody stays on such a path.
        let rate = *random.pick(&[60_000, 200_000, 300_000, 500_000]);
        let bad = Conditions {
            jitter: Duration::from_millis(5),
            rate: Some((rate, rate / 8)),
            ..good
        };
        world.conditions(narrow, good, bad);
        world.run_for(Duration::from_secs(if rate < 200_000 { 4 } else { 10 }));
    });
    for id in room.subscribers().into_iter().filter(|id| *id != narrow) {
        let heard = world.clients.get(&id).map(|client| client.heard.clone());
        for (track, heard) in heard.into_iter().flatten() {
            if heard.silence > Duration::from_millis(200) {
                let what = format!(
                    "another's narrow path silences track {track} for {:?}",
                    heard.silence
                );
                world
                    .observer
                    .rules
                    .add(world.now, id, Rule::Liveness, what);
            }
        }
    }
}
