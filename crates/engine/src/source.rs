//! A published track: its layers, the one that is shown, and the packets of each.

use crate::command::TransportId;
use crate::engine::Engine;
use crate::event::{Event, MediaKind};
use crate::formats::Incoming;
use crate::media::keyframe::Need;
use crate::media::level::LevelMeter;
use crate::media::{KeyframeLimiter, LayerId, MediaPacket, PacketStore, ReportClock};
use crate::tracks::{Track, TrackKey};
use std::time::{Duration, Instant};
use str0m::media::Rid;

/// A layer that was not heard for this long is passed over while another one arrives.
pub const SILENCE: Duration = Duration::from_secs(1);
/// Layers of one track.
const LAYER_LIMIT: usize = 8;
/// Times that a track may change its SSRCs before the next negotiation. Each change is told, and clients set the pace.
const CHANGE_LIMIT: u32 = 64;

/// The sending side of a track.
#[derive(Default)]
pub struct Source {
    /// Lowest quality first.
    pub layers: Vec<Layer>,
    /// The layer that subscribers are to see.
    pub chosen: Option<LayerId>,
    pub format: Option<Incoming>,
    pub subscribers: Vec<(TransportId, usize)>,
    pub limiter: KeyframeLimiter,
    pub meter: LevelMeter,
    /// Names of the layers as offered, lowest quality first.
    pub rids: Vec<String>,
    /// Layers made since the last negotiation.
    pub changes: u32,
}

/// One SSRC of a track.
pub struct Layer {
    pub id: LayerId,
    pub ssrc: u32,
    pub rid: Option<Rid>,
    rank: usize,
    pub store: PacketStore,
    pub heard: Instant,
    pub clock: Option<ReportClock>,
}

impl Source {
    pub fn layer(&self, id: LayerId) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.id == id)
    }

    pub fn chosen_layer(&self) -> Option<&Layer> {
        self.layer(self.chosen?)
    }

    /// The best layer that arrives; the chosen one as long as none does.
    fn best(&self, now: Instant) -> Option<LayerId> {
        let arrives = |layer: &&Layer| now.saturating_duration_since(layer.heard) < SILENCE;
        let best = self.layers.iter().rev().find(arrives).map(|layer| layer.id);
        best.or(self.chosen)
    }
}

impl Engine {
    /// Finds or makes the layer of an SSRC, and notes that it was heard.
    pub(crate) fn receive_layer(
        &mut self,
        now: Instant,
        key: TrackKey,
        ssrc: u32,
        rid: Option<Rid>,
        format: Incoming,
    ) {
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let source = &mut track.source;
        if source.format.map(|known| known.spec) != Some(format.spec) {
            source.format = Some(format);
        }
        if let Some(layer) = source.layers.iter_mut().find(|l| l.ssrc == ssrc) {
            layer.heard = now;
            return;
        }
        if source.changes >= CHANGE_LIMIT {
            return;
        }
        source.changes += 1;
        // A publisher that starts anew has another SSRC for the same layer.
        source.layers.retain(|layer| layer.rid != rid);
        if source.layers.len() >= LAYER_LIMIT {
            return;
        }
        self.last_layer += 1;
        let name = rid.map(|rid| rid.to_string()).unwrap_or_default();
        let rank = source.rids.iter().position(|known| *known == name);
        source.layers.push(Layer {
            id: LayerId(self.last_layer),
            ssrc,
            rid,
            rank: rank.unwrap_or_default(),
            store: PacketStore::default(),
            heard: now,
            clock: None,
        });
        source.layers.sort_by_key(|layer| layer.rank);
        let event = Event::LayerStarted {
            track: track.id.clone(),
            ssrc,
            rid: name,
        };
        self.emit(event);
        self.choose_layer(now, key);
    }

    /// Takes the best layer that arrives for all subscribers, and asks for a key frame to change on.
    pub(crate) fn choose_layer(&mut self, now: Instant, key: TrackKey) {
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let best = track.source.best(now);
        if best == track.source.chosen {
            return;
        }
        let changes = track.source.chosen.is_some();
        track.source.chosen = best;
        let video = track.kind == Some(MediaKind::Video);
        let Some(best) = best else {
            return;
        };
        let muted = track.muted;
        for &(id, slot) in &track.source.subscribers {
            let transport = self.transports.get_mut(&id);
            if let Some(sender) = transport.and_then(|t| t.sender(slot, key))
                && sender.enabled
                && !muted
            {
                sender.munger.want(best);
            }
        }
        if video && changes && !muted {
            self.request_keyframe(now, key, Need::Newcomer);
        }
    }

    /// A packet of a layer goes into its store and on to the subscribers.
    pub(crate) fn receive_media(
        &mut self,
        now: Instant,
        key: TrackKey,
        ssrc: u32,
        packet: MediaPacket,
    ) {
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let Track { source, muted, .. } = track;
        if *muted {
            return;
        }
        let Source {
            layers,
            limiter,
            meter,
            chosen,
            ..
        } = source;
        let Some(layer) = layers.iter_mut().find(|layer| layer.ssrc == ssrc) else {
            return;
        };
        if let Some(level) = packet.audio_level {
            meter.observe(level, packet.timestamp, now);
        }
        let Some(packet) = layer.store.push(packet) else {
            return;
        };
        if packet.keyframe_start && *chosen == Some(layer.id) {
            limiter.keyframe_started();
        }
        let (layer, seq) = (layer.id, packet.seq);
        self.fan_out(now, key, layer, seq);
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
