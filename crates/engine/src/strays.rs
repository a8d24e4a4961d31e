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

/// Datagrams for one shard between two turns; a turn receives no more than this anyway, unless posts wait for room.
const HANDOVER_LIMIT: usize = 512;

#[derive(Debug, Default)]
pub(crate) struct Strays {
    /// Addresses of other shards' clients whose datagrams arrive here, and when these last proved theirs.
    pub owners: HashMap<SocketAddr, (ShardId, Instant)>,
    /// Addresses of our clients whose datagrams arrive elsewhere, and where: one bit a shard.
    pub told: HashMap<SocketAddr, u32>,
}

impl Strays {
    pub fn forget(&mut self, remote: SocketAddr, owner: ShardId) {
        let owns = |(known, _): &(ShardId, Instant)| *known == owner;
        if self.owners.get(&remote).is_some_and(owns) {
            self.owners.remove(&remote);
        }
    }

    /// Forgets whose addresses a shard's were. Gives back what that shard was told before it lost everything.
    fn forget_shard(&mut self, shard: ShardId) -> Vec<SocketAddr> {
        self.owners.retain(|_, (owner, _)| *owner != shard);
        let told = self.told.iter();
        let told = told.filter(|(_, at)| **at & bit(shard) != 0);
        told.map(|(remote, _)| *remote).collect()
    }
}

pub(crate) fn bit(shard: ShardId) -> u32 {
    1u32.checked_shl(shard.into()).unwrap_or_default()
}

impl Engine {
    /// The shard that a datagram is for, when it is none of ours.
    pub(crate) fn owner_elsewhere(&self, from: SocketAddr, ufrag: Option<&str>) -> Option<ShardId> {
        let named = ufrag.and_then(named_by).or_else(|| {
            let known = self.strays.owners.get(&from);
            known.map(|(owner, _)| *owner)
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

    /// A shard has lost everything; where our clients' datagrams arrive has not changed.
    pub(crate) fn remind_of_addresses(&mut self, shard: ShardId) {
        for remote in self.strays.forget_shard(shard) {
            self.posts.push(shard, Post::Mine { remote });
        }
    }
}
