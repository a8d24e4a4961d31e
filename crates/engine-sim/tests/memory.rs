//! The heap does not grow: not with time, not with packets, not under attack. Alone in its binary, since
//! everything in the process counts.

use engine_sim::memory::{COUNTED, Heap, grows, in_use};
use engine_sim::scenario::{Room, Scenario, kinds};
use engine_sim::world::World;
use std::time::Duration;

#[global_allocator]
static HEAP: &Heap = &COUNTED;

const KILOBYTE: usize = 1 << 10;

#[test]
fn the_heap_stays_flat() {
    a_long_call();
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
