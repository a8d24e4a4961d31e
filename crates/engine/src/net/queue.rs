//! What goes between the media thread and the others: commands in, events out, both bounded.

use crate::command::Command;
use crate::event::{Event, EventQueue};
use crate::metrics::Metrics;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Commands that may wait for the media thread.
const COMMAND_LIMIT: usize = 65_536;

#[derive(Debug, thiserror::Error)]
#[error("the engine does not keep up: {COMMAND_LIMIT} commands are waiting")]
pub struct QueueFull;

#[derive(Default)]
pub(super) struct Commands(Mutex<VecDeque<Command>>);

impl Commands {
    /// All of them or none.
    pub fn push(&self, commands: Vec<Command>) -> Result<(), QueueFull> {
        let mut queue = lock(&self.0);
        if queue.len() + commands.len() > COMMAND_LIMIT {
            return Err(QueueFull);
        }
        queue.extend(commands);
        Ok(())
    }

    pub fn pop(&self) -> Option<Command> {
        lock(&self.0).pop_front()
    }
}

/// Events and the wake of their reader. The wake is called when the queue stops being empty.
pub(super) struct Events {
    queue: Mutex<EventQueue>,
    metrics: Mutex<Metrics>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Events {
    pub fn new(wake: Box<dyn Fn() + Send + Sync>) -> Self {
        Events {
            queue: Mutex::default(),
            metrics: Mutex::default(),
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

    pub fn publish(&self, metrics: Metrics) {
        *lock(&self.metrics) = metrics;
    }

    pub fn metrics(&self) -> Metrics {
        let events_dropped = lock(&self.queue).dropped();
        Metrics {
            events_dropped,
            ..*lock(&self.metrics)
        }
    }
}

/// A panic elsewhere leaves plain data behind these locks, which stays good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
