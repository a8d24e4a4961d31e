//! Datagrams that arrive at the wrong thread. All threads share one port, and the system spreads what comes over their sockets as
//! it likes: a STUN message says by its ufrag whose it is, the rest by its address, once a STUN message from there was proven.
//!
//! Nothing is kept here for who proved nothing, and so many datagrams a turn are handed on. Where that goes on, the driver is told, which may have
//! the system bring what comes from there to its owner (`net/steering.rs`).

use crate::engine::Engine;
use crate::remote::Remote;
use crate::shard::{Post, ShardId, named_by};
use crate::transport::Path;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

/// Datagrams for one shard between two turns; a turn receives no more than this anyway, unless posts wait for room.
const HANDOVER_LIMIT: usize = 512;
/// Datagrams from one address that are handed over before its owner had better get them at once: a voice's of half a second.
const SETTLED: u32 = 32;

/// Whose datagrams arrive here that are another shard's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elsewhere {
    pub owner: ShardId,
    /// When the client last proved the address.
    pub proven: Instant,
    /// Datagrams handed over, up to a few.
    handed_over: u32,
}

/// What the driver is told of an address: whose it is for now, or nobody's.
pub type Turn = (SocketAddr, Option<ShardId>);

#[derive(Debug, Default)]
pub(crate) struct Strays {
    /// Addresses of other shards' clients whose datagrams arrive here.
    pub owners: HashMap<Remote, Elsewhere>,
    /// Addresses of our clients whose datagrams arrive elsewhere, and where: one bit a shard.
    pub told: HashMap<Remote, u32>,
    /// For the driver.
    turns: Vec<Turn>,
}

impl Strays {
    /// A client of another shard has proven this address.
    pub fn note_owner(&mut self, now: Instant, remote: Remote, owner: ShardId) {
        let known = self.owners.get(&remote);
        let handed_over = known.filter(|known| known.owner == owner);
        let handed_over = handed_over.map_or(0, |known| known.handed_over);
        if handed_over == 0 {
            self.let_go(remote);
        }
        let elsewhere = Elsewhere {
            owner,
            proven: now,
            handed_over,
        };
        self.owners.insert(remote, elsewhere);
    }

    pub fn forget(&mut self, remote: Remote, owner: ShardId) {
        let owns = |known: &Elsewhere| known.owner == owner;
        if self.owners.get(&remote).is_some_and(owns) {
            self.let_go(remote);
        }
    }

    /// The address is no other shard's any longer.
    pub fn let_go(&mut self, remote: Remote) {
        let known = self.owners.remove(&remote);
        if known.is_some_and(|known| known.handed_over >= SETTLED) {
            self.turns.push((remote.address, None));
        }
    }

    fn count(&mut self, remote: Remote) {
        // A stream stays where it was accepted.
        if remote.stream.is_some() {
            return;
        }
        let known = self.owners.get_mut(&remote);
        let Some(known) = known.filter(|known| known.handed_over < SETTLED) else {
            return;
        };
        known.handed_over += 1;
        if known.handed_over == SETTLED {
            self.turns.push((remote.address, Some(known.owner)));
        }
    }

    /// Forgets whose addresses a shard's were. Gives back what that shard was told before it lost everything.
    fn forget_shard(&mut self, shard: ShardId) -> Vec<Remote> {
        let lost = self.owners.iter();
        let lost = lost.filter(|(_, known)| known.owner == shard);
        for remote in lost.map(|(remote, _)| *remote).collect::<Vec<_>>() {
            self.let_go(remote);
        }
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
    pub(crate) fn owner_elsewhere(&self, from: Remote, ufrag: Option<&str>) -> Option<ShardId> {
        let named = ufrag.and_then(named_by).or_else(|| {
            let known = self.strays.owners.get(&from);
            known.map(|known| known.owner)
        })?;
        (named != self.config.shard && named < self.config.shards).then_some(named)
    }

    pub(crate) fn hand_over(&mut self, owner: ShardId, path: Path, bytes: &[u8]) {
        if self.posts.waiting(owner) >= HANDOVER_LIMIT {
            self.metrics.strays_dropped += 1;
            return;
        }
        self.metrics.handed_over += 1;
        self.strays.count(path.remote);
        let post = Post::Stray {
            from: path.remote,
            to: path.local,
            bytes: bytes.into(),
        };
        self.posts.push(owner, post);
    }

    /// Addresses whose datagrams had better arrive elsewhere than here, or no longer.
    pub fn take_turns(&mut self) -> Vec<Turn> {
        std::mem::take(&mut self.strays.turns)
    }

    /// A datagram that another shard takes for ours. It goes no further.
    pub(crate) fn own_stray(
        &mut self,
        now: Instant,
        remote: Remote,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_on_arriving_here_is_told_once_and_taken_back() {
        let (mut strays, now) = (Strays::default(), Instant::now());
        let address = SocketAddr::new([192, 0, 2, 1].into(), 7);
        let remote = Remote::from(address);
        let told = |strays: &mut Strays| std::mem::take(&mut strays.turns);
        strays.count(remote);
        for number in 0..3 * SETTLED {
            // Proving it again changes nothing.
            strays.note_owner(now, remote, 1);
            assert!(number >= SETTLED || told(&mut strays).is_empty());
            strays.count(remote);
        }
        assert_eq!(told(&mut strays), [(address, Some(1))]);
        strays.forget(remote, 2);
        assert_eq!(told(&mut strays), []);
        strays.note_owner(now, remote, 2);
        assert_eq!(told(&mut strays), [(address, None)]);
        for _ in 0..SETTLED {
            strays.count(remote);
        }
        assert_eq!(told(&mut strays), [(address, Some(2))]);
        assert!(strays.forget_shard(2).is_empty());
        assert_eq!(told(&mut strays), [(address, None)]);
        assert!(strays.owners.is_empty());
        strays.note_owner(now, remote, 1);
        strays.let_go(remote);
        assert_eq!(told(&mut strays), [], "nobody was told of it");
    }
}
