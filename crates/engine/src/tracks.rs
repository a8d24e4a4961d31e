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
    /// Those published here, in the order in which they came.
    by_owner: IdMap<TransportId, Vec<TrackKey>>,
    last: TrackKey,
    /// Tracks that somebody looked at.
    #[cfg(test)]
    visited: std::cell::Cell<u64>,
}

impl Tracks {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

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

    /// The tracks that a transport of this shard publishes.
    pub fn owned(&self, transport: TransportId) -> Vec<TrackKey> {
        self.by_owner.get(&transport).cloned().unwrap_or_default()
    }

    pub fn get(&self, key: TrackKey) -> Option<&Track> {
        self.visit();
        self.entries.get(&key)
    }

    pub fn get_mut(&mut self, key: TrackKey) -> Option<&mut Track> {
        self.visit();
        self.entries.get_mut(&key)
    }

    pub fn iter(&self) -> impl Iterator<Item = (TrackKey, &Track)> {
        let entries = self.entries.iter();
        entries.map(|(key, track)| {
            self.visit();
            (*key, track)
        })
    }

    fn visit(&self) {
        #[cfg(test)]
        self.visited.set(self.visited.get() + 1);
    }

    /// A new track in its place; the caller has removed what was there.
    pub fn insert(&mut self, track: Track) -> TrackKey {
        self.last += 1;
        self.by_id.insert(track.id.clone(), self.last);
        self.by_home.insert(track.home, self.last);
        if let Home::Here(owner, _) = track.home {
            self.by_owner.entry(owner).or_default().push(self.last);
        }
        self.entries.insert(self.last, track);
        self.last
    }

    pub fn remove(&mut self, key: TrackKey) -> Option<Track> {
        let track = self.entries.remove(&key)?;
        self.by_id.remove(&track.id);
        self.by_home.remove(&track.home);
        if let Home::Here(owner, _) = track.home
            && let Some(owned) = self.by_owner.get_mut(&owner)
        {
            owned.retain(|other| *other != key);
            if owned.is_empty() {
                self.by_owner.remove(&owner);
            }
        }
        Some(track)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Command, TransportRole, WantedTrack};
    use crate::event::OfferedMedia;
    use crate::testing::{engine, publish};
    use std::time::Instant;

    /// Tracks looked at while a publisher and its subscriber go, with so many others about.
    fn visited(others: u32) -> u64 {
        let now = Instant::now();
        let roles = [
            (1, TransportRole::Publisher),
            (2, TransportRole::Subscriber),
        ];
        let mut engine = engine(now, &roles);
        for mid in ["0", "1"] {
            publish(&mut engine, &format!("TR_{mid}"), 1, mid);
        }
        for other in 0..others {
            publish(&mut engine, &format!("TR_of_{other}"), 10 + other, "0");
        }
        let wanted = ["TR_0", "TR_1", "TR_of_0"].map(|track| WantedTrack {
            track: track.to_owned(),
            stream_id: "PA".to_owned(),
            enabled: true,
            ..WantedTrack::default()
        });
        let subscribe = Command::Subscribe {
            transport: 2,
            wanted: wanted.into(),
        };
        engine.command(now, subscribe);
        engine.tracks.visited.set(0);
        let media = ["0", "1", "1"].map(|mid| OfferedMedia {
            mid: mid.to_owned(),
            kind: MediaKind::Video,
            stream_id: String::new(),
            track_id: String::new(),
            mime_type: String::new(),
            rids: Vec::new(),
            sending: true,
        });
        engine.offer_accepted(now, 1, &media, &[], &[]);
        engine.drop_released(2);
        for transport in [1, 2] {
            engine.command(now, Command::CloseTransport { transport });
        }
        assert!(engine.tracks.owned(1).is_empty() && engine.tracks.key("TR_0").is_none());
        engine.tracks.visited.get()
    }

    #[test]
    fn an_offer_and_forgetting_cost_what_they_are_about() {
        assert_eq!(visited(1), visited(1_000));
    }
}
