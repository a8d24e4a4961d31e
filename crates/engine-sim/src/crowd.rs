//! The clients of a world, and when each has something to do: who has nothing costs nothing.

use crate::client::Client;
use engine::command::TransportId;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Deref;
use std::time::Instant;

#[derive(Default)]
pub struct Crowd {
    clients: BTreeMap<TransportId, Client>,
    /// Those that something has happened to, in any order and more than once: they may have spoken, or have something else to wait for.
    touched: Vec<TransportId>,
    /// When clients are to be woken. What a client waits for by now may be later, or have an earlier entry of its own.
    wakes: BinaryHeap<Reverse<(Instant, TransportId)>>,
}

impl Deref for Crowd {
    type Target = BTreeMap<TransportId, Client>;

    fn deref(&self) -> &Self::Target {
        &self.clients
    }
}

impl Crowd {
    pub fn insert(&mut self, id: TransportId, client: Client) {
        self.touched.push(id);
        self.clients.insert(id, client);
    }

    pub fn remove(&mut self, id: TransportId) {
        self.clients.remove(&id);
    }

    /// A client that something is to happen to.
    pub fn get_mut(&mut self, id: &TransportId) -> Option<&mut Client> {
        let client = self.clients.get_mut(id);
        self.touched.extend(client.is_some().then_some(*id));
        client
    }

    /// When the first client has something to do.
    pub fn due(&self) -> Option<Instant> {
        self.wakes.peek().map(|Reverse((at, _))| *at)
    }

    /// Has all do what is due.
    pub fn tick(&mut self, now: Instant) {
        while let Some(Reverse((at, id))) = self.wakes.peek().copied().filter(|w| w.0.0 <= now) {
            self.wakes.pop();
            if let Some(client) = self.clients.get_mut(&id)
                && client.woken == Some(at)
            {
                client.woken = None;
                client.tick(now);
                self.touched.push(id);
            }
        }
    }

    /// Visits those that something has happened to, in the order of their ids.
    pub fn visit(&mut self, mut visit: impl FnMut(TransportId, &mut Client)) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for id in touched.drain(..) {
            let Some(client) = self.clients.get_mut(&id) else {
                continue;
            };
            visit(id, client);
            let Some(due) = client.due() else {
                continue;
            };
            if client.woken.is_none_or(|at| due < at) {
                client.woken = Some(due);
                self.wakes.push(Reverse((due, id)));
            }
        }
        self.touched = touched;
    }
}
