//! Whose an address is. Who proves it with a STUN message of right integrity has it, and keeps it as long as the proofs go on:
//! the source of a datagram is easily forged, and a client could otherwise have another's media stop, or its own sent there.

use crate::command::TransportId;
use crate::engine::Engine;
use crate::remote::Remote;
use crate::shard::{Post, ShardId};
use crate::strays::bit;
use crate::transport::Path;
use std::time::{Duration, Instant};

/// An address is its owner's for so long after a proof. Clients prove theirs every two to five seconds (RFC 7675, 5.1). Longer keeps
/// out a client that was given the address of one that vanished without a word.
const HELD: Duration = Duration::from_secs(10);
/// Addresses that are known to be another shard's. Each was proven by a client, which has sixteen at most.
const ADDRESS_LIMIT: usize = 1 << 17;

impl Engine {
    /// Whether another transport has proven this address lately.
    pub(crate) fn is_held_by_other(&self, now: Instant, id: TransportId, remote: Remote) -> bool {
        let elsewhere = self.strays.owners.get(&remote);
        let held = |owner: &TransportId| *owner != id && self.holds(now, *owner, remote);
        elsewhere.is_some_and(|known| now < known.proven + HELD)
            || self.by_address.get(&remote).is_some_and(held)
    }

    /// Whether somebody who is not of this shard `owner` has proven this address lately.
    pub(crate) fn is_kept_from(&self, now: Instant, owner: ShardId, remote: Remote) -> bool {
        let elsewhere = self.strays.owners.get(&remote);
        let here = self.by_address.get(&remote);
        elsewhere.is_some_and(|known| known.owner != owner && now < known.proven + HELD)
            || here.is_some_and(|here| self.holds(now, *here, remote))
    }

    fn holds(&self, now: Instant, id: TransportId, remote: Remote) -> bool {
        let transport = self.transports.get(&id);
        transport.is_some_and(|transport| transport.has_proven(now, remote, HELD))
    }

    /// Binds an address to a transport, after a message from it passed its integrity check.
    pub(crate) fn bind_address(&mut self, now: Instant, id: TransportId, path: Path) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let egress = self.egress.get(transport.egress);
        let route = egress.and_then(|egress| egress.route);
        if let Some(displaced) = transport.add_path(now, path, route) {
            self.release_address(displaced);
        }
        self.claim_address(path);
        let former = self.by_address.insert(path.remote, id);
        if let Some(former) = former.filter(|former| *former != id) {
            self.take_path(former, path.remote);
        }
    }

    /// A client of another shard has proven this address, at a datagram that arrived here.
    pub(crate) fn belongs(&mut self, now: Instant, remote: Remote, owner: ShardId) {
        if self.is_kept_from(now, owner, remote) {
            return;
        }
        if let Some(former) = self.by_address.get(&remote).copied() {
            self.take_path(former, remote);
            self.release_address(remote);
        }
        let owners = &self.strays.owners;
        if owners.len() < ADDRESS_LIMIT || owners.contains_key(&remote) {
            self.strays.note_owner(now, remote, owner);
        }
    }

    fn take_path(&mut self, id: TransportId, remote: Remote) {
        if let Some(transport) = self.transports.get_mut(&id) {
            transport.paths.retain(|(known, _)| known.remote != remote);
        }
    }

    /// An address was bound to one of our transports: whoever receives its datagrams hears of it.
    fn claim_address(&mut self, path: Path) {
        let remote = path.remote;
        self.strays.let_go(remote);
        if let Some(shard) = path.via {
            *self.strays.told.entry(remote).or_default() |= bit(shard);
            self.posts.push(shard, Post::Mine { remote });
        }
    }

    /// An address belongs to none of our transports any longer.
    pub(crate) fn release_address(&mut self, remote: Remote) {
        self.by_address.remove(&remote);
        let at = self.strays.told.remove(&remote).unwrap_or_default();
        for shard in (0..self.config.shards).filter(|shard| at & bit(*shard) != 0) {
            self.posts.push(shard, Post::NotMine { remote });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::TransportRole;
    use crate::testing::engine;
    use std::net::SocketAddr;

    #[test]
    fn what_was_told_of_an_address_is_taken_back_when_it_is_another_shards() {
        let now = Instant::now();
        let mut engine = engine(now, &[(1, TransportRole::Publisher)]);
        engine.config.shards = 3;
        let remote = Remote::from(SocketAddr::new([192, 0, 2, 1].into(), 7));
        let path = Path {
            remote,
            local: SocketAddr::new([192, 0, 2, 9].into(), 7880),
            via: Some(2),
        };
        engine.bind_address(now, 1, path);
        let posts = engine.take_posts();
        assert!(matches!(posts[..], [(2, ref told)] if matches!(told[..], [Post::Mine { .. }])));
        engine.belongs(now, remote, 1);
        assert_eq!(engine.by_address.get(&remote), Some(&1), "it is held");
        engine.belongs(now + HELD, remote, 1);
        assert!(engine.by_address.is_empty() && engine.strays.told.is_empty());
        let posts = engine.take_posts();
        assert!(matches!(posts[..], [(2, ref told)] if matches!(told[..], [Post::NotMine { .. }])));
    }
}
