//! People in a room: each has a publisher and a subscriber transport, or one for both, and wants what all others publish.

use crate::client::Client;
use crate::feed::{Kind, TrackPlan};
use crate::world::{Leave, World};
use engine::command::TransportId;
use std::collections::BTreeMap;
use std::time::Duration;

pub struct Person {
    pub publisher: TransportId,
    pub subscriber: TransportId,
    pub tracks: Vec<TrackPlan>,
}

#[derive(Default)]
pub struct Room {
    pub people: Vec<Person>,
    /// Who comes has one transport for both directions.
    pub single: bool,
    last_track: u16,
}

/// Voice and one picture.
pub fn kinds() -> [Kind; 2] {
    [Kind::Audio, Kind::Video]
}

impl Room {
    /// A room of this many, all connected.
    pub fn of(world: &mut World, count: usize, kinds: &[Kind]) -> Room {
        let each = vec![kinds; count];
        Room::of_each(world, &each, false)
    }

    /// A room of people who publish different things, all connected.
    pub fn of_each(world: &mut World, each: &[&[Kind]], single: bool) -> Room {
        let mut room = Room {
            single,
            ..Room::default()
        };
        for kinds in each {
            room.join(world, kinds);
        }
        room.gather(world);
        room
    }

    /// Waits until all are connected.
    pub fn gather(&mut self, world: &mut World) {
        world.until(Duration::from_secs(10), World::all_connected);
    }

    /// Somebody whose publisher or subscriber comes by TCP.
    pub fn join_by(&mut self, world: &mut World, kinds: &[Kind], [up, down]: [bool; 2]) {
        let tracks: Vec<TrackPlan> = kinds.iter().map(|kind| self.plan(*kind)).collect();
        world.streamed = up;
        let publisher = world.publisher(&tracks);
        world.streamed = down;
        let subscriber = world.subscriber(&[]);
        world.streamed = false;
        self.people.push(Person {
            publisher,
            subscriber,
            tracks,
        });
        self.tell(world);
    }

    pub fn join(&mut self, world: &mut World, kinds: &[Kind]) {
        let tracks: Vec<TrackPlan> = kinds.iter().map(|kind| self.plan(*kind)).collect();
        let (publisher, subscriber) = self.transports_of(world, &tracks);
        self.people.push(Person {
            publisher,
            subscriber,
            tracks,
        });
        self.tell(world);
    }

    fn transports_of(&self, world: &mut World, tracks: &[TrackPlan]) -> (TransportId, TransportId) {
        match self.single {
            true => {
                let both = world.single(tracks);
                (both, both)
            }
            false => (world.publisher(tracks), world.subscriber(&[])),
        }
    }

    fn plan(&mut self, kind: Kind) -> TrackPlan {
        self.last_track += 1;
        TrackPlan {
            track: self.last_track,
            kind,
        }
    }

    pub fn leave(&mut self, world: &mut World, index: usize, how: Leave) {
        let person = self.people.remove(index);
        world.leave(person.publisher, how);
        world.leave(person.subscriber, how);
        self.tell(world);
    }

    /// The same tracks from a new transport of the same person.
    pub fn restart(&mut self, world: &mut World, index: usize, how: Leave) {
        let tracks = self.people[index].tracks.clone();
        world.leave(self.people[index].publisher, how);
        if self.single {
            let (publisher, subscriber) = self.transports_of(world, &tracks);
            let person = &mut self.people[index];
            (person.publisher, person.subscriber) = (publisher, subscriber);
        } else {
            self.people[index].publisher = world.publisher(&tracks);
        }
        self.tell(world);
    }

    pub fn tracks(&self) -> Vec<u16> {
        let tracks = self.people.iter().flat_map(|person| &person.tracks);
        tracks.map(|plan| plan.track).collect()
    }

    /// Everybody wants what everybody else publishes; what is switched off stays so.
    pub fn tell(&self, world: &mut World) {
        for person in &self.people {
            let own = |track: &u16| person.tracks.iter().any(|plan| plan.track == *track);
            let before = world.wishes(person.subscriber);
            let others = self.tracks().into_iter().filter(|track| !own(track));
            let wishes: BTreeMap<u16, bool> = others
                .map(|track| (track, before.get(&track).copied().unwrap_or(true)))
                .collect();
            if wishes != before {
                world.wish(person.subscriber, wishes);
            }
        }
    }

    pub fn subscribers(&self) -> Vec<TransportId> {
        self.people.iter().map(|person| person.subscriber).collect()
    }

    pub fn transports(&self) -> Vec<TransportId> {
        let transports = self.people.iter().flat_map(|p| [p.publisher, p.subscriber]);
        let mut transports: Vec<TransportId> = transports.collect();
        transports.dedup();
        transports
    }
}

/// A client of the world, if it is still there.
pub fn with<R>(
    world: &mut World,
    id: TransportId,
    act: impl FnOnce(&mut Client) -> R,
) -> Option<R> {
    world.clients.get_mut(&id).map(act)
}
