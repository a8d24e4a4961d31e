//! Where other threads leave something for a media thread, and where it leaves its figures.

use super::queue::{Arrivals, Commands, lock};
use super::wake::Waker;
use crate::metrics::Metrics;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub(super) struct Desk {
    pub commands: Commands,
    /// From TCP streams.
    pub arrivals: Arrivals,
    waker: Waker,
    /// Somebody rang, and the thread has not looked yet: ringing again would tell nothing.
    rung: AtomicBool,
    metrics: Mutex<Metrics>,
    /// Packets a second, in and out.
    rate: AtomicU64,
}

impl Desk {
    pub fn new(waker: Waker) -> Self {
        Desk {
            commands: Commands::default(),
            arrivals: Arrivals::default(),
            waker,
            rung: AtomicBool::new(false),
            metrics: Mutex::default(),
            rate: AtomicU64::new(0),
        }
    }

    /// Says that something was left for the thread.
    pub fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.waker.wake();
        }
    }

    /// The thread looks now: whatever was left before the last ring is there for it.
    pub fn answer(&self) {
        self.rung.swap(false, Ordering::AcqRel);
    }

    pub fn publish(&self, metrics: Metrics, rate: u64) {
        *lock(&self.metrics) = metrics;
        self.rate.store(rate, Ordering::Relaxed);
    }

    pub fn metrics(&self) -> Metrics {
        *lock(&self.metrics)
    }

    pub fn rate(&self) -> u64 {
        self.rate.load(Ordering::Relaxed)
    }
}
