//! Tracks of this shard that subscribers of others want: each such shard gets their states and one copy of every packet.

use crate::engine::Engine;
use crate::media::{LayerId, MediaPacket, ReportClock};
use crate::shard::{Post, ShardId, TrackState, detached};
use crate::source::SILENCE;
use crate::tracks::{Track, TrackKey};
use std::time::Instant;

/// Packets of a group of pictures that a new importer is sent at once; more is dearer than a new key frame.
const REPLAY_LIMIT: usize = 120;

impl Track {
    fn state(&self) -> TrackState {
        TrackState {
            kind: self.kind,
            muted: self.muted,
            rids: self.source.rids.clone(),
            view: self.picture.view.clone(),
        }
    }
}

impl Engine {
    /// The whole set of shards that a track shall go to.
    pub(crate) fn export(&mut self, now: Instant, id: &str, shards: Vec<ShardId>) {
        let own = self.config.shard;
        let Some(key) = self.tracks.key(id) else {
            return;
        };
        let Some(track) = self.tracks.get_mut(key).filter(|t| t.home.is_here()) else {
            return;
        };
        let mut shards = shards;
        shards.retain(|shard| *shard != own);
        let before = std::mem::replace(&mut track.exports, shards);
        let after = track.exports.clone();
        for shard in before.iter().filter(|shard| !after.contains(shard)) {
            self.posts.push(*shard, Post::Gone { key });
            if let Some(track) = self.tracks.get_mut(key) {
                track.picture.forget_shard(*shard);
            }
        }
        for shard in after.iter().filter(|shard| !before.contains(shard)) {
            self.begin_export(now, key, *shard);
        }
    }

    /// Tells a shard of a track, with what it needs to show the picture as it stands.
    pub(crate) fn begin_export(&mut self, now: Instant, key: TrackKey, shard: ShardId) {
        let Some(track) = self.tracks.get(key) else {
            return;
        };
        let (id, state) = (track.id.clone(), track.state());
        self.posts.push(shard, Post::Track { key, id, state });
        let Some(format) = track.source.format else {
            return;
        };
        let silent = |heard| now.saturating_duration_since(heard) >= SILENCE;
        for layer in track.source.layers.iter().filter(|l| !silent(l.heard)) {
            let picture = layer.store.since_key(REPLAY_LIMIT).into_iter().flatten();
            let mut packets: Vec<&MediaPacket> = picture.collect();
            if packets.is_empty() {
                // No picture, but the layer becomes known, so that a key frame can be asked for at once.
                let newest = layer.store.highest().and_then(|seq| layer.store.get(seq));
                packets.extend(newest);
            }
            for packet in packets {
                let post = Post::Packet {
                    key,
                    ssrc: layer.ssrc,
                    rid: layer.rid,
                    format,
                    packet: detached(packet),
                };
                self.posts.push(shard, post);
            }
            if let Some(clock) = layer.clock {
                let ssrc = layer.ssrc;
                self.posts.push(shard, Post::Clock { key, ssrc, clock });
            }
        }
    }

    /// A shard has lost everything.
    pub(crate) fn export_again(&mut self, now: Instant, shard: ShardId) {
        let exported = |(_, track): &(TrackKey, &Track)| track.exports.contains(&shard);
        let keys = self.tracks.iter().filter(exported).map(|(key, _)| key);
        for key in keys.collect::<Vec<_>>() {
            self.begin_export(now, key, shard);
        }
    }

    pub(crate) fn export_state(&mut self, key: TrackKey) {
        let Some(track) = self.tracks.get(key) else {
            return;
        };
        for &shard in &track.exports {
            let state = track.state();
            self.posts.push(shard, Post::State { key, state });
        }
    }

    /// A stored packet of a layer to the other shards.
    pub(crate) fn export_packet(&mut self, key: TrackKey, layer: LayerId, seq: u64) {
        let Some(track) = self.tracks.get(key).filter(|t| !t.exports.is_empty()) else {
            return;
        };
        let (Some(layer), Some(format)) = (track.source.layer(layer), track.source.format) else {
            return;
        };
        let Some(packet) = layer.store.get(seq) else {
            return;
        };
        for &shard in &track.exports {
            let post = Post::Packet {
                key,
                ssrc: layer.ssrc,
                rid: layer.rid,
                format,
                packet: detached(packet),
            };
            self.posts.push(shard, post);
        }
    }

    pub(crate) fn export_clock(&mut self, key: TrackKey, ssrc: u32, clock: ReportClock) {
        if let Some(track) = self.tracks.get(key) {
            for &shard in &track.exports {
                self.posts.push(shard, Post::Clock { key, ssrc, clock });
            }
        }
    }
}
