//! Several engines, one a thread, share the calls of a machine. They share no memory: what one has to tell another is a post,
//! a plain value. A track lives where its publisher does; the other shards whose subscribers want it import it.

use crate::event::MediaKind;
use crate::formats::Incoming;
use crate::media::keyframe::Need;
use crate::media::{MediaPacket, ReportClock};
use crate::remote::Remote;
use crate::tracks::TrackKey;
use crate::wanted_layers::View;
use std::net::SocketAddr;
use std::sync::Arc;
use str0m::media::Rid;

/// The number of an engine among those of this machine, from 0.
pub type ShardId = u8;

/// Shards there may be: the first letter of a ufrag says which one it is.
pub const SHARD_LIMIT: usize = 32;

/// What is known of a track apart from its packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackState {
    /// Unknown until the m-line has been negotiated.
    pub(crate) kind: Option<MediaKind>,
    pub(crate) muted: bool,
    /// Names of the layers as offered, lowest quality first.
    pub(crate) rids: Vec<String>,
    pub(crate) view: View,
}

/// What one shard tells another. Keys are the sender's, but for key frame requests and what is wanted, which name the receiver's.
///
/// Posts of one sender arrive in their order. Those that are [`Post::may_be_lost`] may be missing.
#[derive(Debug)]
pub enum Post {
    /// The track comes from here, from now on. The packets since the last key frame follow.
    Track {
        key: TrackKey,
        id: String,
        state: TrackState,
    },
    /// The state of a track has changed, or its m-line was negotiated again.
    State { key: TrackKey, state: TrackState },
    /// The track comes from here no longer.
    Gone { key: TrackKey },
    /// A packet of the layer with this SSRC.
    Packet {
        key: TrackKey,
        ssrc: u32,
        rid: Option<Rid>,
        format: Incoming,
        packet: MediaPacket,
    },
    /// The publisher's last sender report for this SSRC.
    Clock {
        key: TrackKey,
        ssrc: u32,
        clock: ReportClock,
    },
    /// Somebody needs a key frame of a layer of a track that lives at the receiver.
    KeyframeRequest {
        key: TrackKey,
        ssrc: u32,
        need: Need,
    },
    /// The highest layer that subscribers at the sender want of a track that lives at the receiver.
    Wanted { key: TrackKey, spatial: u8 },
    /// A datagram that arrived at the sender's socket and seems to be the receiver's.
    Stray {
        from: Remote,
        to: SocketAddr,
        bytes: Box<[u8]>,
    },
    /// A client of the sender proved that it has this address: what comes from there is the sender's.
    Mine { remote: Remote },
    /// The sender has nothing to do with this address any longer.
    NotMine { remote: Remote },
    /// The sender has lost everything and begins anew.
    Restarted,
}

impl Post {
    /// Whether a full ring may drop it: media, and what is said again anyway.
    pub fn may_be_lost(&self) -> bool {
        matches!(
            self,
            Post::Packet { .. }
                | Post::Clock { .. }
                | Post::KeyframeRequest { .. }
                | Post::Stray { .. }
                | Post::Mine { .. }
        )
    }
}

/// Posts on their way, by shard: the driver takes them once a turn.
#[derive(Debug, Default)]
pub(crate) struct Posts(Vec<Vec<Post>>);

impl Posts {
    pub fn push(&mut self, to: ShardId, post: Post) {
        let index = usize::from(to);
        if self.0.len() <= index {
            self.0.resize_with(index + 1, Vec::new);
        }
        if let Some(waiting) = self.0.get_mut(index) {
            waiting.push(post);
        }
    }

    pub fn waiting(&self, to: ShardId) -> usize {
        self.0.get(usize::from(to)).map_or(0, Vec::len)
    }

    pub fn take(&mut self) -> Vec<(ShardId, Vec<Post>)> {
        let waiting = self.0.iter_mut().enumerate();
        let full = waiting.filter(|(_, posts)| !posts.is_empty());
        full.map(|(shard, posts)| (shard as ShardId, std::mem::take(posts)))
            .collect()
    }
}

/// A packet that shares nothing with the original, so that no counter is written by two threads.
pub(crate) fn detached(packet: &MediaPacket) -> MediaPacket {
    let copy = |bytes: &Arc<[u8]>| Arc::from(&**bytes);
    MediaPacket {
        payload: copy(&packet.payload),
        dependency_descriptor: packet.dependency_descriptor.as_ref().map(copy),
        targets: packet.targets.as_deref().cloned().map(Arc::new),
        ..packet.clone()
    }
}

/// The letter that begins the ufrags of a shard.
pub(crate) fn letter(shard: ShardId) -> char {
    char::from_digit(u32::from(shard), SHARD_LIMIT as u32).unwrap_or('0')
}

/// The shard whose ufrag this seems to be.
pub(crate) fn named_by(ufrag: &str) -> Option<ShardId> {
    let digit = ufrag.chars().next()?.to_digit(SHARD_LIMIT as u32)?;
    ShardId::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ufrag_names_its_shard() {
        for shard in 0..SHARD_LIMIT as ShardId {
            assert_eq!(named_by(&format!("{}abc", letter(shard))), Some(shard));
        }
        assert_eq!(named_by(""), None);
        assert_eq!(named_by("zabc"), None);
        assert_eq!(named_by("+abc"), None);
    }
}
