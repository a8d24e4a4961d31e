//! Bytes on the heap, for whoever installs the counting allocator: `#[global_allocator] static HEAP: &Heap = &COUNTED;`

pub use stats_alloc::INSTRUMENTED_SYSTEM as COUNTED;
use std::alloc::System;

pub type Heap = stats_alloc::StatsAlloc<System>;

/// Bytes allocated now.
pub fn in_use(heap: &Heap) -> usize {
    let stats = heap.stats();
    stats
        .bytes_allocated
        .saturating_sub(stats.bytes_deallocated)
}

/// Whether samples taken in equal steps keep growing: the least of the last half lies above the most of the first half by more than
/// `slack` bytes. The first third is warming up and does not count.
pub fn grows(samples: &[usize], slack: usize) -> bool {
    let samples = samples.get(samples.len() / 3..).unwrap_or_default();
    let (first, last) = samples.split_at(samples.len() / 2);
    match (first.iter().max(), last.iter().min()) {
        (Some(most), Some(least)) => *least > most + slack,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_keeps_growing_grows() {
        assert!(!grows(&[1, 50, 90, 110, 95, 105], 0));
        assert!(grows(&[1, 10, 20, 30, 40, 50], 5));
        assert!(!grows(&[1, 10, 20, 30, 40, 50], 50));
        assert!(!grows(&[5], 0));
    }
}
