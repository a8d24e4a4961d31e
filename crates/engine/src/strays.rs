//! Datagrams that arrive at the wrong thread. All threads share one port, and the system spreads what comes over their sockets as
//! it likes: a STUN message says by its ufrag whose it is, the rest by its address, once a STUN message from there was proven.
//!
//! Nothing is kept here for who proved nothing, and so many datagrams a turn are handed on.

use crate::engine::Engine;
use crate::shard::{Post, ShardId, named_by};
use crate::transport::Path;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

/// Addresses that are known to be another shard's. Each was proven by a client, which has sixteen at most.
const ADDRESS_LIMIT: usize = 1 << 17;
/// Datagrams for one shard between two turns; a turn receives no more than this anyway, unless posts wait for room.
const HANDOVER_LIMIT: usize = 512;

#[derive(Debug, Default)]
pub(crate) struct Strays {
    /// Addresses of other shards' clients whose datagrams arrive here.
    owners: HashMap<SocketAddr, ShardId>,
    /// Addresses of our clients whose datagrams arrive elsewhere, and where: one bit a shard.
    told: HashMap<SocketAddr, u32>,
}

impl Strays {
    pub fn forget(&mut self, remote: SocketAddr, owner: ShardId) {
        if self.owners.get(&remote) == Some(&owner) {
            self.owners.remove(&remote);
        }
    }

    /// Forgets whose addresses a shard's were. Gives back what that shard was told before it lost everything.
    fn forget_shard(&mut self, shard: ShardId) -> Vec<SocketAddr> {
        self.owners.retain(|_, owner| *owner != shard);
        let told = self.told.iter();
        let told = told.filter(|(_, at)| **at & bit(shard) != 0);
        told.map(|(remote, _)| *remote).collect()
    }
}

fn bit(shard: ShardId) -> u32 {
    1u32.checked_shl(shard.into()).unwrap_or_default()
}

impl Engine {
    /// The shard that a datagram is for, when it is none of ours.
    pub(crate) fn owner_elsewhere(&self, from: SocketAddr, ufrag: Option<&str>) -> Option<ShardId> {
        let named = ufrag.and_then(named_by).or_else(|| {
            let known = self.strays.owners.get(&from);
            known.copied()
        })?;
        (named != self.config.shard && named < self.config.shards).then_some(named)
    }

    pub(crate) fn hand_over(&mut self, owner: ShardId, path: Path, bytes: &[u8]) {
        if self.posts.waiting(owner) >= HANDOVER_LIMIT {
            self.metrics.strays_dropped += 1;
            return;
        }
        self.metrics.handed_over += 1;
        let post = Post::Stray {
            from: path.remote,
            to: path.local,
            bytes: bytes.into(),
        };
        self.posts.push(owner, post);
    }

    /// A datagram that another shard takes for ours. It goes no further.
    pub(crate) fn own_stray(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        local: SocketAddr,
        via: ShardId,
        bytes: &[u8],
    ) {
        let path = Path {
            remote,
            local,
            via: Some(via),
        };
        self.arrived(now, path, bytes);
    }

    /// A client of another shard has proven this address, at a datagram that arrived here.
    pub(crate) fn belongs(&mut self, remote: SocketAddr, owner: ShardId) {
        if let Some(former) = self.by_address.remove(&remote)
            && let Some(former) = self.transports.get_mut(&former)
        {
            former.paths.retain(|known| known.remote != remote);
        }
        let owners = &mut self.strays.owners;
        if owners.len() < ADDRESS_LIMIT || owners.contains_key(&remote) {
            owners.insert(remote, owner);
        }
    }

    /// A shard has lost everything; where our clients' datagrams arrive has not changed.
    pub(crate) fn remind_of_addresses(&mut self, shard: ShardId) {
        for remote in self.strays.forget_shard(shard) {
            self.posts.push(shard, Post::Mine { remote });
        }
    }

    /// An address was bound to one of our transports: whoever receives its datagrams hears of it.
    pub(crate) fn claim_address(&mut self, path: Path) {
        let remote = path.remote;
        match path.via {
            Some(shard) => {
                *self.strays.told.entry(remote).or_default() |= bit(shard);
                self.posts.push(shard, Post::Mine { remote });
            }
            None => {
                self.strays.owners.remove(&remote);
            }
        }
    }

    /// An address belongs to none of our transports any longer.
    pub(crate) fn release_address(&mut self, remote: SocketAddr) {
        self.by_address.remove(&remote);
        let at = self.strays.told.remove(&remote).unwrap_or_default();
        for shard in (0..self.config.shards).filter(|shard| at & bit(*shard) != 0) {
            self.posts.push(shard, Post::NotMine { remote });
        }
    }
}
