//! The heap does not grow: not with time, not with packets, not under attack. Alone in its binary, since
//! everything in the process counts.

use engine_sim::memory::{COUNTED, Heap, grows, in_use};
use engine_sim::scenario::{Room, Scenario, kinds};
use engine_sim::world::{Leave, World};
use std::time::Duration;

#[global_allocator]
static HEAP: &Heap = &COUNTED;

const KILOBYTE: usize = 1 << 10;
/// What a sample of comings and goings may be above another one.
const GROWTH: usize = 8 * KILOBYTE;

#[test]
fn the_heap_stays_flat() {
    a_long_call();
    joining_and_leaving();
    attacks();
    what_leaks_is_found();
}

/// Twenty-second steps of a call; the observer's and the stores' memories are full by then.
fn a_long_call() {
    let mut world = World::new(1);
    let _room = Room::of(&mut world, 2, &kinds());
    let samples: Vec<usize> = (0..12)
        .map(|_| {
            world.run_for(Duration::from_secs(20));
            in_use(HEAP)
        })
        .collect();
    assert!(!grows(&samples, 32 * KILOBYTE), "a call grows: {samples:?}");
}

/// People come to a call and leave it in every way, at last all of them. Eighteen times a sample, so that a few hundred bytes for each show.
fn joining_and_leaving() {
    let mut world = World::new(2);
    let samples: Vec<usize> = (0..12).map(|_| come_and_go(&mut world)).collect();
    assert!(!grows(&samples, GROWTH), "joining grows: {samples:?}");
    // Somebody leaves a little behind.
    let mut kept = Vec::new();
    let mut leak = || {
        kept.push(vec![0u8; 18 * 500]);
        come_and_go(&mut world)
    };
    let samples: Vec<usize> = (0..9).map(|_| leak()).collect();
    assert!(grows(&samples, GROWTH), "a leak is not found: {samples:?}");
}

/// Bytes in use when all have gone again.
fn come_and_go(world: &mut World) -> usize {
    let mut room = Room::of(world, 1, &kinds());
    let ways = [Leave::Closes, Leave::Told, Leave::Vanishes];
    for how in ways.into_iter().cycle().take(18) {
        room.join(world, &kinds());
        world.run_for(Duration::from_millis(400));
        leave(world, &mut room, 1, how);
        world.run_for(Duration::from_millis(100));
    }
    leave(world, &mut room, 0, Leave::Told);
    // The engine finds out about those that have vanished.
    world.run_for(Duration::from_secs(45));
    world.ended = Vec::new();
    assert_eq!(world.metrics().transports, 0);
    in_use(HEAP)
}

fn leave(world: &mut World, room: &mut Room, index: usize, how: Leave) {
    let tracks = room.people[index].tracks.clone();
    room.leave(world, index, how);
    tracks.iter().for_each(|plan| world.forget(plan.track));
}

fn attacks() {
    let hostile = Scenario::named("hostile").expect("it");
    let samples: Vec<usize> = (1..=6)
        .map(|_| {
            let outcome = hostile.run(3, 1, Duration::from_secs(3));
            assert!(outcome.violations.is_empty());
            in_use(HEAP)
        })
        .collect();
    assert!(
        !grows(&samples, 12 * KILOBYTE),
        "attacks leave something behind: {samples:?}"
    );
}

fn what_leaks_is_found() {
    let mut kept = Vec::new();
    let samples: Vec<usize> = (0..8)
        .map(|_| {
            kept.push(vec![0u8; 40 * KILOBYTE]);
            in_use(HEAP)
        })
        .collect();
    assert!(grows(&samples, 32 * KILOBYTE), "{samples:?}");
}
