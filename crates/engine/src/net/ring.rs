//! Posts from thread to thread: one bounded ring for each pair, so that no two senders meet, and one batch a turn.

use crate::shard::{Post, ShardId};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};

/// Batches that may wait for a thread: as many turns as it may be late. More bridges longer stalls, but media that old is worth
/// little, and all of it takes memory.
const RING: usize = 256;
/// Batches taken from each ring before datagrams get their turn.
const BATCHES_A_TURN: usize = 32;

/// One thread's ends of the rings.
pub(super) struct Rings {
    ways: Vec<Way>,
    dropped: u64,
}

struct Way {
    to: ShardId,
    out: SyncSender<Vec<Post>>,
    arrivals: Receiver<Vec<Post>>,
    /// What did not fit and must not be lost.
    waiting: Vec<Post>,
}

impl Rings {
    /// The ends for each of so many threads.
    pub fn connect(count: ShardId) -> Vec<Rings> {
        let mut all: Vec<Rings> = (0..count)
            .map(|_| Rings {
                ways: Vec::new(),
                dropped: 0,
            })
            .collect();
        for a in 0..count {
            for b in 0..a {
                let ((to_a, at_a), (to_b, at_b)) = (sync_channel(RING), sync_channel(RING));
                for (at, to, out, arrivals) in [(a, b, to_b, at_a), (b, a, to_a, at_b)] {
                    all[usize::from(at)].ways.push(Way {
                        to,
                        out,
                        arrivals,
                        waiting: Vec::new(),
                    });
                }
            }
        }
        all
    }

    /// Sends what there is, and what waited before it. Tells which threads have something new. A full ring drops media and what
    /// is said again anyway, nothing else.
    pub fn send(&mut self, posts: Vec<(ShardId, Vec<Post>)>, mut told: impl FnMut(ShardId)) {
        for (to, posts) in posts {
            if let Some(way) = self.ways.iter_mut().find(|way| way.to == to) {
                way.waiting.extend(posts);
            }
        }
        for way in self.ways.iter_mut().filter(|way| !way.waiting.is_empty()) {
            match way.out.try_send(std::mem::take(&mut way.waiting)) {
                Ok(()) => told(way.to),
                Err(TrySendError::Full(mut batch)) => {
                    let count = batch.len();
                    batch.retain(|post| !post.may_be_lost());
                    self.dropped += (count - batch.len()) as u64;
                    way.waiting = batch;
                }
                // That thread has ended for good.
                Err(TrySendError::Disconnected(_)) => {}
            }
        }
    }

    /// Hands over what has come. True when there may be more.
    pub fn receive(&self, mut take: impl FnMut(ShardId, Vec<Post>)) -> bool {
        let mut more = false;
        for way in &self.ways {
            let mut left = BATCHES_A_TURN;
            while left > 0 {
                match way.arrivals.try_recv() {
                    Ok(posts) => take(way.to, posts),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
                left -= 1;
            }
            more |= left == 0;
        }
        more
    }

    /// Every other thread.
    pub fn others(&self) -> impl Iterator<Item = ShardId> {
        self.ways.iter().map(|way| way.to)
    }

    /// Posts that a full ring did not take.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn lossy() -> Post {
        let remote = SocketAddr::from(([192, 0, 2, 1], 1)).into();
        Post::Mine { remote }
    }

    fn kept(key: u64) -> Post {
        Post::Gone { key }
    }

    fn keys(batches: &[Vec<Post>]) -> Vec<u64> {
        let posts = batches.iter().flatten();
        let keys = posts.filter_map(|post| match post {
            Post::Gone { key } => Some(*key),
            _ => None,
        });
        keys.collect()
    }

    #[test]
    fn everybody_reaches_everybody_else() {
        let mut rings = Rings::connect(3);
        for (from, rings) in rings.iter_mut().enumerate() {
            let others: Vec<ShardId> = rings.others().collect();
            let posts = others.iter().map(|to| (*to, vec![kept(from as u64)]));
            let mut told = Vec::new();
            rings.send(posts.collect(), |to| told.push(to));
            assert_eq!(told, others);
        }
        for (at, rings) in rings.iter().enumerate() {
            let mut heard = Vec::new();
            assert!(!rings.receive(|from, posts| {
                assert_eq!(keys(&[posts]), [u64::from(from)]);
                heard.push(usize::from(from));
            }));
            heard.sort_unstable();
            assert!(heard.len() == 2 && !heard.contains(&at));
        }
    }

    #[test]
    fn a_full_ring_drops_media_and_keeps_what_must_be_told() {
        let mut rings = Rings::connect(2);
        let mut told = 0;
        for key in 0..RING as u64 + 10 {
            rings[0].send(vec![(1, vec![lossy(), kept(key), lossy()])], |_| told += 1);
        }
        assert_eq!(told, RING);
        assert_eq!(rings[0].dropped(), 20);
        let mut batches = Vec::new();
        while rings[1].receive(|_, posts| batches.push(posts)) {}
        assert_eq!(batches.len(), RING);
        // There is room again.
        rings[0].send(Vec::new(), |_| told += 1);
        rings[1].receive(|_, posts| batches.push(posts));
        let expected: Vec<u64> = (0..RING as u64 + 10).collect();
        assert_eq!(keys(&batches), expected);
        assert_eq!(told, RING + 1);
    }

    #[test]
    fn a_thread_that_has_ended_takes_no_memory() {
        let mut rings = Rings::connect(2);
        rings.pop();
        rings[0].send(vec![(1, vec![kept(1)])], |_| panic!("nobody is there"));
        assert!(rings[0].ways[0].waiting.is_empty());
    }
}
