//! Which shard a transport lives on. Pure: how busy each shard is comes in as an argument.
//!
//! A room has a home, so that in most rooms no packet crosses from one thread to another. Only the subscribers of a big room are
//! spread over all shards. Who is placed stays where it is.

use crate::command::TransportRole;
use crate::shard::ShardId;
use std::collections::HashMap;

/// Subscribers that a room keeps at home. More fit on a thread; but one more on another thread costs a copy of each packet only,
/// which so many share.
pub const SPREAD_ABOVE: usize = 150;
/// Packets a second that a transport stands for which has just come and is not measured yet: one voice.
const EXPECTED_RATE: u64 = 50;

#[derive(Debug)]
struct Room {
    home: ShardId,
    transports: usize,
    subscribers: usize,
}

/// The rooms and what is placed on each shard.
#[derive(Debug)]
pub struct Placement {
    rooms: HashMap<String, Room>,
    placed: Vec<u64>,
    spread_above: usize,
}

impl Placement {
    /// For so many shards; rooms with more subscribers than `spread_above` are spread.
    pub fn new(shards: usize, spread_above: usize) -> Self {
        Placement {
            rooms: HashMap::new(),
            placed: vec![0; shards.max(1)],
            spread_above,
        }
    }

    /// Takes in a transport of a room. `rates` are the packets a second that each shard handles, as measured lately.
    pub fn enter(&mut self, room: &str, role: TransportRole, rates: &[u64]) -> ShardId {
        let idlest = self.idlest(rates);
        let room = self.rooms.entry(room.to_owned()).or_insert(Room {
            home: idlest,
            transports: 0,
            subscribers: 0,
        });
        room.transports += 1;
        let mut shard = room.home;
        if role != TransportRole::Publisher {
            room.subscribers += 1;
            if room.subscribers > self.spread_above {
                shard = idlest;
            }
        }
        if let Some(placed) = self.placed.get_mut(usize::from(shard)) {
            *placed += 1;
        }
        shard
    }

    /// The other way.
    pub fn leave(&mut self, room: &str, role: TransportRole, shard: ShardId) {
        if let Some(placed) = self.placed.get_mut(usize::from(shard)) {
            *placed = placed.saturating_sub(1);
        }
        let Some(known) = self.rooms.get_mut(room) else {
            return;
        };
        known.transports = known.transports.saturating_sub(1);
        if role != TransportRole::Publisher {
            known.subscribers = known.subscribers.saturating_sub(1);
        }
        if known.transports == 0 {
            self.rooms.remove(room);
        }
    }

    fn idlest(&self, rates: &[u64]) -> ShardId {
        let load = |(shard, placed): (usize, &u64)| {
            rates.get(shard).copied().unwrap_or_default() + placed * EXPECTED_RATE
        };
        let loads = self.placed.iter().enumerate().map(load).enumerate();
        let least = loads.min_by_key(|(_, load)| *load);
        least.map_or(0, |(shard, _)| shard as ShardId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TransportRole::{Publisher, Subscriber};

    #[test]
    fn rooms_come_to_the_least_loaded_shard_and_stay_together() {
        let mut placement = Placement::new(3, 150);
        assert_eq!(placement.enter("a", Publisher, &[900, 0, 400]), 1);
        // The others are dearer, but this is home.
        assert_eq!(placement.enter("a", Subscriber, &[0, 9_000, 0]), 1);
        assert_eq!(placement.enter("b", Subscriber, &[0, 9_000, 10]), 0);
    }

    #[test]
    fn rooms_that_come_at_once_are_spread_before_anything_is_measured() {
        let mut placement = Placement::new(4, 150);
        let homes: Vec<ShardId> = (0..8)
            .map(|room| placement.enter(&room.to_string(), Publisher, &[0; 4]))
            .collect();
        assert_eq!(homes, [0, 1, 2, 3, 0, 1, 2, 3]);
    }

    #[test]
    fn the_subscribers_of_a_big_room_use_every_shard() {
        let mut placement = Placement::new(3, 150);
        let mut counts = [0; 3];
        assert_eq!(placement.enter("hall", Publisher, &[]), 0);
        for _ in 0..3_000 {
            counts[usize::from(placement.enter("hall", Subscriber, &[]))] += 1;
        }
        assert_eq!(counts, [1_000; 3]);
        assert_eq!(placement.enter("hall", Publisher, &[9_999, 0, 0]), 0);
    }

    #[test]
    fn a_room_that_is_empty_is_forgotten() {
        let mut placement = Placement::new(2, 150);
        assert_eq!(placement.enter("a", Subscriber, &[0, 1]), 0);
        placement.leave("a", Subscriber, 0);
        assert_eq!(placement.enter("a", Subscriber, &[1, 0]), 1);
        placement.leave("a", Subscriber, 1);
        placement.leave("a", Subscriber, 1);
        assert!(placement.rooms.is_empty() && placement.placed == [0, 0]);
    }
}
