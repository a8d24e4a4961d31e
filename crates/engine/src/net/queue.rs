//! What goes between the media threads and the others: commands and packets of streams in, events out, all bounded.

use super::streams::Arrived;
use crate::command::Command;
use crate::event::{Event, EventQueue};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Commands that may wait for the media thread.
const COMMAND_LIMIT: usize = 65_536;

#[derive(Debug, thiserror::Error)]
#[error("the engine does not keep up: {COMMAND_LIMIT} commands are waiting")]
pub struct QueueFull;

#[derive(Default)]
pub(super) struct Commands(Mutex<VecDeque<Command>>);

impl Commands {
    pub fn has_room(&self, count: usize) -> bool {
        lock(&self.0).len() + count <= COMMAND_LIMIT
    }

    /// Whoever pushes has asked for room before.
    pub fn push(&self, commands: Vec<Command>) {
        lock(&self.0).extend(commands);
    }

    pub fn pop(&self) -> Option<Command> {
        lock(&self.0).pop_front()
    }
}

/// Packets of streams that may wait for the media thread, in bytes. What comes above that is lost, as with a full socket.
const ARRIVALS_LIMIT: usize = 4 << 20;

/// Packets of TCP streams on their way to a media thread.
#[derive(Default)]
pub(super) struct Arrivals(Mutex<ArrivalQueue>);

#[derive(Default)]
struct ArrivalQueue {
    packets: VecDeque<Arrived>,
    bytes: usize,
}

impl Arrivals {
    pub fn push(&self, packets: Vec<Arrived>) {
        let mut queue = lock(&self.0);
        for packet in packets {
            if queue.bytes + packet.bytes.len() <= ARRIVALS_LIMIT {
                queue.bytes += packet.bytes.len();
                queue.packets.push_back(packet);
            }
        }
    }

    /// The oldest, at most `max`.
    pub fn take(&self, max: usize) -> Vec<Arrived> {
        let mut queue = lock(&self.0);
        let count = queue.packets.len().min(max);
        let taken: Vec<Arrived> = queue.packets.drain(..count).collect();
        queue.bytes -= taken.iter().map(|packet| packet.bytes.len()).sum::<usize>();
        taken
    }
}

/// Events and the wake of their reader. The wake is called when the queue stops being empty.
pub(super) struct Events {
    queue: Mutex<EventQueue>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Events {
    pub fn new(wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Events {
            queue: Mutex::default(),
            wake,
        }
    }

    pub fn push(&self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let was_empty = {
            let mut queue = lock(&self.queue);
            let was_empty = queue.is_empty();
            for event in events {
                queue.push(event);
            }
            was_empty && !queue.is_empty()
        };
        if was_empty {
            (self.wake)();
        }
    }

    /// At most `max`; wakes the reader again when more are there.
    pub fn take(&self, max: usize) -> Vec<Event> {
        let (events, more) = {
            let mut queue = lock(&self.queue);
            let events = queue.take(max);
            (events, !queue.is_empty())
        };
        if more {
            (self.wake)();
        }
        events
    }

    pub fn dropped(&self) -> u64 {
        lock(&self.queue).dropped()
    }
}

/// A panic elsewhere leaves plain data behind these locks, which stays good.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
