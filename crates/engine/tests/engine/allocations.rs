//! What a forwarded packet costs in memory: nothing.
#![allow(unsafe_code, reason = "counting allocations takes an allocator")]

use crate::world::call;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of this thread during a call.
pub fn during(call: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    call();
    COUNT.get() - before
}

#[test]
fn forwarding_allocates_nothing() {
    let mut world = call();
    for transport in 2..12 {
        world.subscriber(transport, &["TR_a", "TR_v"]);
    }
    world.run_for(Duration::from_secs(3));
    world.ticks.clear();
    world.run_for(Duration::from_secs(3));
    let media = world.ticks.iter().filter(|(datagrams, _)| *datagrams >= 10);
    let media: Vec<u64> = media.map(|(_, allocations)| *allocations).collect();
    // Reports and timers of ICE fall into some of them.
    let without = media.iter().filter(|allocations| **allocations == 0);
    let (without, all) = (without.count(), media.len());
    assert!(all > 150, "{all} ticks with media");
    assert!(
        without * 10 >= all * 8,
        "{without} of {all} without any: {media:?}"
    );
}
