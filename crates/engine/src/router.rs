//! Which shard a command is for. Knows where every transport and track lives and who wants what, and has tracks exported to the
//! shards where somebody wants them. Off the packet path: nothing here is touched when a packet passes.

use crate::command::{Command, TransportId, TransportRole, WantedTrack};
use crate::event::Event;
use crate::placement::Placement;
use crate::shard::ShardId;
use std::collections::{BTreeSet, HashMap};

struct Placed {
    shard: ShardId,
    room: String,
    role: TransportRole,
    wanted: BTreeSet<String>,
    published: BTreeSet<String>,
}

/// The directory of transports and tracks.
pub struct Router {
    shards: usize,
    placement: Placement,
    transports: HashMap<TransportId, Placed>,
    /// Where each track is published.
    tracks: HashMap<String, TransportId>,
    /// How many transports of each shard want a track.
    interest: HashMap<String, Vec<u32>>,
}

/// Commands and the shards they are for, in order.
pub type Routed = Vec<(ShardId, Command)>;

impl Router {
    /// For so many shards; rooms with more subscribers than `spread_above` are spread over all of them.
    pub fn new(shards: usize, spread_above: usize) -> Self {
        Router {
            shards,
            placement: Placement::new(shards, spread_above),
            transports: HashMap::new(),
            tracks: HashMap::new(),
            interest: HashMap::new(),
        }
    }

    /// The shards' commands for a command of the caller's. What names an unknown transport or track is dropped. `rates` are the
    /// packets a second that each shard handles.
    pub fn route(&mut self, command: Command, rates: &[u64]) -> Routed {
        let mut routed = Routed::new();
        match command {
            Command::OpenTransport {
                transport,
                role,
                ref room,
                ..
            } => {
                if !self.transports.contains_key(&transport) {
                    let shard = self.enter(transport, role, room, rates);
                    routed.push((shard, command));
                }
            }
            Command::CloseTransport { transport } => {
                self.pass(transport, command, &mut routed);
                self.forget(transport, &mut routed);
            }
            Command::AcceptOffer { transport, .. }
            | Command::AcceptAnswer { transport, .. }
            | Command::RestartIce { transport }
            | Command::AssumeCapacity { transport, .. } => {
                self.pass(transport, command, &mut routed);
            }
            Command::PublishTrack {
                transport,
                ref track,
                ..
            } => {
                let track = track.clone();
                self.publish(transport, &track, &mut routed);
                self.pass(transport, command, &mut routed);
                self.export(&track, &mut routed);
            }
            Command::UnpublishTrack { ref track } => {
                if let Some(transport) = self.tracks.remove(track) {
                    if let Some(owner) = self.transports.get_mut(&transport) {
                        owner.published.remove(track);
                    }
                    self.pass(transport, command, &mut routed);
                }
            }
            Command::DescribeTrack { ref track, .. } | Command::SetTrackMuted { ref track, .. } => {
                if let Some(&transport) = self.tracks.get(track) {
                    self.pass(transport, command, &mut routed);
                }
            }
            Command::Subscribe {
                transport,
                ref wanted,
            } => {
                let names = wanted.iter().map(|w: &WantedTrack| w.track.clone());
                let names: BTreeSet<String> = names.collect();
                self.want(transport, names, &mut routed);
                self.pass(transport, command, &mut routed);
            }
            Command::SendData {
                transports,
                reliable,
                payload,
            } => {
                for (shard, transports) in self.by_shard(transports) {
                    let payload = payload.clone();
                    let command = Command::SendData {
                        transports,
                        reliable,
                        payload,
                    };
                    routed.push((shard, command));
                }
            }
            // The router's own words; callers have no use for them.
            Command::Export { .. } | Command::Expect { .. } => {}
            Command::InjectPanic { transport: 0 } => routed.push((0, command)),
            Command::InjectPanic { transport } => self.pass(transport, command, &mut routed),
        }
        routed
    }

    /// A transport that ended by itself is forgotten. What others wanted of it needs no command.
    pub fn note(&mut self, event: &Event) -> Routed {
        let mut routed = Routed::new();
        if let Event::TransportClosed { transport, .. } = event {
            self.forget(*transport, &mut routed);
        }
        routed
    }

    /// The shard of an open transport.
    pub fn shard(&self, transport: TransportId) -> Option<ShardId> {
        self.transports.get(&transport).map(|placed| placed.shard)
    }

    fn enter(
        &mut self,
        transport: TransportId,
        role: TransportRole,
        room: &str,
        rates: &[u64],
    ) -> ShardId {
        let shard = self.placement.enter(room, role, rates);
        let placed = Placed {
            shard,
            room: room.to_owned(),
            role,
            wanted: BTreeSet::new(),
            published: BTreeSet::new(),
        };
        self.transports.insert(transport, placed);
        shard
    }

    fn pass(&self, transport: TransportId, command: Command, routed: &mut Routed) {
        if let Some(shard) = self.shard(transport) {
            routed.push((shard, command));
        }
    }

    fn forget(&mut self, transport: TransportId, routed: &mut Routed) {
        self.want(transport, BTreeSet::new(), routed);
        let Some(placed) = self.transports.remove(&transport) else {
            return;
        };
        for track in &placed.published {
            self.tracks.remove(track);
        }
        self.placement
            .leave(&placed.room, placed.role, placed.shard);
    }

    /// Notes where a track lives; who had it before gives it up.
    fn publish(&mut self, transport: TransportId, track: &str, routed: &mut Routed) {
        let Some(shard) = self.shard(transport) else {
            return;
        };
        let former = self.tracks.insert(track.to_owned(), transport);
        if let Some(former) = former.filter(|former| *former != transport)
            && let Some(owner) = self.transports.get_mut(&former)
        {
            owner.published.remove(track);
            if owner.shard != shard {
                let track = track.to_owned();
                routed.push((owner.shard, Command::UnpublishTrack { track }));
            }
        }
        if let Some(owner) = self.transports.get_mut(&transport) {
            owner.published.insert(track.to_owned());
        }
    }

    fn want(&mut self, transport: TransportId, wanted: BTreeSet<String>, routed: &mut Routed) {
        let placed = self.transports.get_mut(&transport);
        let Some(placed) = placed.filter(|_| self.shards > 1) else {
            return;
        };
        let shard = usize::from(placed.shard);
        let before = std::mem::replace(&mut placed.wanted, wanted.clone());
        for track in before.difference(&wanted) {
            self.count(track, shard, false, routed);
        }
        for track in wanted.difference(&before) {
            self.count(track, shard, true, routed);
        }
    }

    fn count(&mut self, track: &str, shard: usize, more: bool, routed: &mut Routed) {
        let shards = self.shards;
        let entry = self.interest.entry(track.to_owned());
        let counts = entry.or_insert_with(|| vec![0; shards]);
        let Some(count) = counts.get_mut(shard) else {
            return;
        };
        *count = match more {
            true => *count + 1,
            false => count.saturating_sub(1),
        };
        let changes = *count == u32::from(more);
        if counts.iter().all(|count| *count == 0) {
            self.interest.remove(track);
        }
        if changes {
            let home = self.export(track, routed);
            if more && home.is_some_and(|home| usize::from(home) != shard) {
                let track = track.to_owned();
                routed.push((shard as ShardId, Command::Expect { track }));
            }
        }
    }

    /// The shards that want a track and do not have it, told to the one that has it, which is returned.
    fn export(&self, track: &str, routed: &mut Routed) -> Option<ShardId> {
        let home = self.tracks.get(track).and_then(|owner| self.shard(*owner));
        let home = home.filter(|_| self.shards > 1)?;
        let counts = self.interest.get(track).into_iter().flatten().enumerate();
        let wanting = counts.filter(|(_, count)| **count > 0);
        let shards = wanting.map(|(shard, _)| shard as ShardId);
        let command = Command::Export {
            track: track.to_owned(),
            shards: shards.filter(|shard| *shard != home).collect(),
        };
        routed.push((home, command));
        Some(home)
    }

    fn by_shard(&self, transports: Vec<TransportId>) -> Vec<(ShardId, Vec<TransportId>)> {
        let mut parts: Vec<Vec<TransportId>> = vec![Vec::new(); self.shards];
        for transport in transports {
            let shard = self.shard(transport).map(usize::from);
            if let Some(part) = shard.and_then(|shard| parts.get_mut(shard)) {
                part.push(transport);
            }
        }
        let parts = parts.into_iter().enumerate();
        parts
            .filter(|(_, part)| !part.is_empty())
            .map(|(shard, part)| (shard as ShardId, part))
            .collect()
    }
}

#[cfg(test)]
#[path = "router_tests.rs"]
mod tests;
