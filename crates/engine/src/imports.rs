//! What other shards say: their tracks, which are sources here like any other, and datagrams that are ours.

use crate::engine::Engine;
use crate::media::ReportClock;
use crate::shard::{Post, ShardId, TrackState};
use crate::source::Source;
use crate::tracks::{Home, Track, TrackKey};
use crate::wanted_layers::Picture;
use std::time::{Duration, Instant};

/// How long an offer waits for tracks from other shards; they usually come in less than a millisecond. Longer spares a second
/// offer when a thread is late; shorter lets the other tracks begin.
const PATIENCE: Duration = Duration::from_millis(50);

impl Engine {
    pub(crate) fn expect(&mut self, now: Instant, track: String) {
        if self.tracks.key(&track).is_none() {
            self.expected.insert(track, now + PATIENCE);
        }
    }

    /// What did not come in time is offered when it comes.
    pub(crate) fn forget_expected(&mut self, now: Instant) {
        let late = self.expected.iter().filter(|(_, until)| **until <= now);
        for track in late.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.expected.remove(&track);
            self.reconcile_all(now, &track);
        }
    }

    /// What another shard told since the last time, in its order.
    pub fn post(&mut self, now: Instant, from: ShardId, posts: Vec<Post>) {
        let mut news = Vec::new();
        for post in posts {
            self.hear_post(now, from, post, &mut news);
        }
        // Together, so that tracks that came together come with one offer.
        for track in news {
            self.reconcile_all(now, &track);
        }
    }

    fn hear_post(&mut self, now: Instant, from: ShardId, post: Post, news: &mut Vec<String>) {
        match post {
            Post::Track { key, id, state } => {
                self.import(now, Home::Shard(from, key), &id, state);
                news.push(id);
            }
            Post::State { key, state } => {
                if let Some(key) = self.tracks.imported(from, key) {
                    news.extend(self.update_import(now, key, state));
                }
            }
            Post::Gone { key } => {
                if let Some(key) = self.tracks.imported(from, key) {
                    self.remove_track(now, key);
                }
            }
            Post::Packet {
                key,
                ssrc,
                rid,
                format,
                packet,
            } => {
                if let Some(key) = self.tracks.imported(from, key) {
                    self.receive_layer(now, key, ssrc, rid, format);
                    self.receive_media(now, key, ssrc, packet);
                }
            }
            Post::Clock { key, ssrc, clock } => self.import_clock(from, key, ssrc, clock),
            Post::KeyframeRequest { key, ssrc, need } => {
                let source = self.tracks.get(key).map(|track| &track.source);
                let layers = source.map(|source| &source.layers);
                let layer = layers.and_then(|layers| layers.iter().find(|l| l.ssrc == ssrc));
                if let Some(layer) = layer.map(|layer| layer.id) {
                    self.request_keyframe(now, key, layer, need);
                }
            }
            Post::Wanted { key, spatial } => self.want_remotely(key, from, spatial),
            Post::Stray {
                from: remote,
                to,
                bytes,
            } => self.own_stray(now, remote, to, from, &bytes),
            Post::Mine { remote } => self.belongs(now, remote, from),
            Post::NotMine { remote } => self.strays.forget(remote, from),
            Post::Restarted => {
                self.remind_of_addresses(from);
                self.forget_imports(now, from);
                self.export_again(now, from);
            }
        }
    }

    fn import(&mut self, now: Instant, home: Home, id: &str, state: TrackState) {
        self.expected.remove(id);
        if let Some(known) = self.tracks.key(id) {
            // Published here meanwhile: the other shard hears of its own loss.
            if self.tracks.get(known).is_some_and(|t| t.home.is_here()) {
                return;
            }
            self.remove_track(now, known);
        }
        self.tracks.insert(Track {
            id: id.to_owned(),
            home,
            kind: state.kind,
            muted: state.muted,
            exports: Vec::new(),
            source: Source {
                rids: state.rids,
                ..Source::default()
            },
            picture: Picture::new(state.view),
        });
    }

    /// The track's id when its kind has become known.
    fn update_import(&mut self, now: Instant, key: TrackKey, state: TrackState) -> Option<String> {
        let track = self.tracks.get_mut(key)?;
        let known = track.kind.is_none() && state.kind.is_some();
        track.kind = state.kind;
        track.source.changes = 0;
        track.source.rids = state.rids;
        let id = track.id.clone();
        self.view(now, key, state.view);
        self.set_muted(now, &id, state.muted);
        known.then_some(id)
    }

    fn import_clock(&mut self, from: ShardId, key: TrackKey, ssrc: u32, clock: ReportClock) {
        let key = self.tracks.imported(from, key);
        let Some(track) = key.and_then(|key| self.tracks.get_mut(key)) else {
            return;
        };
        let layer = track.source.layers.iter_mut().find(|l| l.ssrc == ssrc);
        if let Some(layer) = layer {
            layer.clock = Some(clock);
        }
    }

    fn forget_imports(&mut self, now: Instant, from: ShardId) {
        let theirs =
            |(_, track): &(TrackKey, &Track)| matches!(track.home, Home::Shard(s, _) if s == from);
        let keys = self.tracks.iter().filter(theirs).map(|(key, _)| key);
        for key in keys.collect::<Vec<_>>() {
            self.remove_track(now, key);
        }
    }
}
