//! Published tracks: who sends them on which m-line, and who receives them.

use crate::command::TransportId;
use crate::event::MediaKind;
use std::collections::HashMap;
use str0m::media::Mid;

/// Short name of a track inside the engine, never reused.
pub type TrackKey = u64;

pub struct Track {
    pub id: String,
    pub transport: TransportId,
    pub mid: Mid,
    /// Unknown until the m-line has been negotiated.
    pub kind: Option<MediaKind>,
    pub muted: bool,
    pub source: crate::source::Source,
}

#[derive(Default)]
pub struct Tracks {
    entries: HashMap<TrackKey, Track>,
    by_id: HashMap<String, TrackKey>,
    by_place: HashMap<(TransportId, Mid), TrackKey>,
    last: TrackKey,
}

impl Tracks {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn key(&self, id: &str) -> Option<TrackKey> {
        self.by_id.get(id).copied()
    }

    pub fn at(&self, transport: TransportId, mid: Mid) -> Option<TrackKey> {
        self.by_place.get(&(transport, mid)).copied()
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
        self.by_place
            .insert((track.transport, track.mid), self.last);
        self.entries.insert(self.last, track);
        self.last
    }

    pub fn remove(&mut self, key: TrackKey) -> Option<Track> {
        let track = self.entries.remove(&key)?;
        self.by_id.remove(&track.id);
        self.by_place.remove(&(track.transport, track.mid));
        Some(track)
    }
}
