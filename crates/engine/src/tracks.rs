//! Published tracks: who sends them on which m-line, or which shard they come from, and who receives them.

use crate::command::TransportId;
use crate::event::MediaKind;
use crate::ids::IdMap;
use crate::shard::ShardId;
use std::collections::HashMap;
use str0m::media::Mid;

/// Short name of a track inside the engine, never reused.
pub type TrackKey = u64;

/// Where a track's packets come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Home {
    /// An m-line of a publisher of this shard.
    Here(TransportId, Mid),
    /// Another shard, which has its own key for it.
    Shard(ShardId, TrackKey),
}

impl Home {
    pub fn is_of(self, transport: TransportId) -> bool {
        matches!(self, Home::Here(owner, _) if owner == transport)
    }

    pub fn is_here(self) -> bool {
        matches!(self, Home::Here(..))
    }
}

pub struct Track {
    pub id: String,
    pub home: Home,
    /// Unknown until the m-line has been negotiated.
    pub kind: Option<MediaKind>,
    pub muted: bool,
    /// Shards that get a copy of every packet.
    pub exports: Vec<ShardId>,
    pub source: crate::source::Source,
    pub picture: crate::wanted_layers::Picture,
}

#[derive(Default)]
pub struct Tracks {
    entries: IdMap<TrackKey, Track>,
    by_id: HashMap<String, TrackKey>,
    by_home: HashMap<Home, TrackKey>,
    last: TrackKey,
}

impl Tracks {
    pub fn key(&self, id: &str) -> Option<TrackKey> {
        self.by_id.get(id).copied()
    }

    pub fn at(&self, transport: TransportId, mid: Mid) -> Option<TrackKey> {
        self.by_home.get(&Home::Here(transport, mid)).copied()
    }

    /// Our key of a track that comes from another shard.
    pub fn imported(&self, from: ShardId, key: TrackKey) -> Option<TrackKey> {
        self.by_home.get(&Home::Shard(from, key)).copied()
    }

    pub fn get(&self, key: TrackKey) -> Option<&Track> {
        self.entries.get(&key)
    }

    pub fn get_mut(&mut self, key: TrackKey) -> Option<&mut Track> {
        self.entries.get_mut(&key)
    }

    pub fn iter(&self) -> impl Iterator<Item = (TrackKey, &Track)> {
        self.entries.iter().map(|(key, track)| (*key, track))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (TrackKey, &mut Track)> {
        self.entries.iter_mut().map(|(key, track)| (*key, track))
    }

    /// A new track in its place; the caller has removed what was there.
    pub fn insert(&mut self, track: Track) -> TrackKey {
        self.last += 1;
        self.by_id.insert(track.id.clone(), self.last);
        self.by_home.insert(track.home, self.last);
        self.entries.insert(self.last, track);
        self.last
    }

    pub fn remove(&mut self, key: TrackKey) -> Option<Track> {
        let track = self.entries.remove(&key)?;
        self.by_id.remove(&track.id);
        self.by_home.remove(&track.home);
        Some(track)
    }
}
