//! A published track: its layers and the packets of each.

use crate::command::TransportId;
use crate::downlink::Sender;
use crate::engine::Engine;
use crate::event::Event;
use crate::formats::Incoming;
use crate::media::allocate::Bitrates;
use crate::media::codec::vp9;
use crate::media::level::LevelMeter;
use crate::media::rates::RateMeter;
use crate::media::select::{Aim, nearest};
use crate::media::{
    KeyframeLimiter, LayerId, MediaPacket, PacketStore, ReportClock, Selection, dependency,
};
use crate::slab::Key;
use crate::tracks::{Track, TrackKey};
use std::time::{Duration, Instant};
use str0m::media::Rid;

/// A layer that was not heard for this long is passed over while another one arrives.
pub const SILENCE: Duration = Duration::from_secs(1);
/// Bytes around a payload on the wire: IPv4, UDP and RTP headers, extensions, tag.
const OVERHEAD: usize = 76;
/// Layers of one track.
const LAYER_LIMIT: usize = 8;
/// Times that a track may change its SSRCs and its codec before the next negotiation. Each change is work for every subscriber, and clients set the
/// pace.
const CHANGE_LIMIT: u32 = 64;

/// The sending side of a track.
#[derive(Default)]
pub struct Source {
    /// Lowest quality first.
    pub layers: Vec<Layer>,
    pub format: Option<Incoming>,
    pub subscribers: Vec<Subscriber>,
    pub meter: LevelMeter,
    pub rates: RateMeter,
    /// Names of the layers as offered, lowest quality first.
    pub rids: Vec<String>,
    /// Layers made and codecs met since the last negotiation.
    pub changes: u32,
}

/// An m-line that shows the track.
#[derive(Debug, Clone, Copy)]
pub struct Subscriber {
    pub transport: TransportId,
    pub slot: usize,
    pub sender: Key<Sender>,
}

/// One SSRC of a track.
pub struct Layer {
    pub id: LayerId,
    pub ssrc: u32,
    pub rid: Option<Rid>,
    /// Place in the track's list of layers, 0 the lowest quality.
    pub rank: u8,
    pub store: PacketStore,
    pub limiter: KeyframeLimiter,
    pub heard: Instant,
    /// It was heard within [`SILENCE`].
    pub arrives: bool,
    pub clock: Option<ReportClock>,
    descriptors: dependency::Reader,
    structure: vp9::Structure,
}

impl Source {
    pub fn layer(&self, id: LayerId) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.id == id)
    }

    pub fn layer_mut(&mut self, id: LayerId) -> Option<&mut Layer> {
        self.layers.iter_mut().find(|layer| layer.id == id)
    }

    /// The layer for an aim, and what of it: of those that arrive the nearest, or `current` as long as none does.
    pub fn pick(&self, aim: Aim, current: Option<LayerId>) -> Option<(LayerId, Selection)> {
        let ranked = self.layers.iter().map(|layer| (layer.id, layer.rank));
        let arriving = self.layers.iter().filter(|layer| layer.arrives);
        let (rank, selection) = match aim {
            Aim::Paused => return None,
            Aim::Best => (u8::MAX, Selection::ALL),
            Aim::Layer { spatial, temporal } if self.rids.len() < 2 => {
                // What one stream has in it is selected inside of it.
                (u8::MAX, Selection::new(spatial, temporal))
            }
            Aim::Layer { spatial, temporal } => (spatial, Selection::new(u8::MAX, temporal)),
        };
        nearest(rank, arriving.map(|layer| (layer.id, layer.rank)))
            .or(current.filter(|id| self.layer(*id).is_some()))
            .or_else(|| nearest(rank, ranked))
            .map(|layer| (layer, selection))
    }

    /// Measured bit/s by spatial and temporal layer, as a subscriber's path has to carry them.
    pub fn bitrates(&self, now: Instant) -> Bitrates {
        self.rates.rates(now)
    }

    /// Notes which layers have fallen silent. True when that has changed.
    fn note_silence(&mut self, now: Instant) -> bool {
        let mut changed = false;
        for layer in &mut self.layers {
            let arrives = now.saturating_duration_since(layer.heard) < SILENCE;
            changed |= layer.arrives != arrives;
            layer.arrives = arrives;
        }
        changed
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
            // Every subscriber's numbers are looked up anew.
            if source.changes >= CHANGE_LIMIT {
                return;
            }
            source.changes += u32::from(source.format.is_some());
            source.format = Some(format);
        }
        if let Some(layer) = source.layers.iter_mut().find(|l| l.ssrc == ssrc) {
            layer.heard = now;
            if !std::mem::replace(&mut layer.arrives, true) {
                self.steer_all(now, key);
            }
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
            rank: rank.unwrap_or_default() as u8,
            store: PacketStore::default(),
            limiter: KeyframeLimiter::default(),
            heard: now,
            arrives: true,
            clock: None,
            descriptors: dependency::Reader::default(),
            structure: vp9::Structure::default(),
        });
        source.layers.sort_by_key(|layer| layer.rank);
        if track.home.is_here() {
            let event = Event::LayerStarted {
                track: track.id.clone(),
                ssrc,
                rid: name,
            };
            self.emit(event);
        }
        self.steer_all(now, key);
    }

    /// Layers that have fallen silent make room for others.
    pub(crate) fn follow_silence(&mut self, now: Instant, key: TrackKey) {
        let track = self.tracks.get_mut(key);
        if track.is_some_and(|track| track.source.note_silence(now)) {
            self.steer_all(now, key);
        }
    }

    /// A packet of a layer goes into its store and on to the subscribers.
    pub(crate) fn receive_media(
        &mut self,
        now: Instant,
        key: TrackKey,
        ssrc: u32,
        mut packet: MediaPacket,
    ) {
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let Track {
            source,
            muted,
            home,
            ..
        } = track;
        if *muted {
            return;
        }
        let Source {
            layers,
            meter,
            rates,
            rids,
            ..
        } = source;
        let Some(layer) = layers.iter_mut().find(|layer| layer.ssrc == ssrc) else {
            return;
        };
        if let Some(level) = packet.audio_level {
            meter.observe(level, packet.timestamp, now);
        }
        if home.is_here() {
            packet.aligned = layer.clock.map(|clock| clock.align(packet.timestamp));
            packet.read_descriptor(&mut layer.descriptors);
            packet.read_structure(&mut layer.structure);
        }
        let Some(packet) = layer.store.push(packet) else {
            return;
        };
        count(rates, now, packet, (layer.rank, rids.len() < 2));
        if packet.keyframe_start {
            layer.limiter.keyframe_started();
        }
        let (layer, seq) = (layer.id, packet.seq);
        self.export_packet(key, layer, seq);
        self.fan_out(now, key, layer, seq);
    }
}

/// Counts a packet for the layers that need it: those of its stream where there is only one, else the one that its stream is.
fn count(rates: &mut RateMeter, now: Instant, packet: &MediaPacket, (rank, alone): (u8, bool)) {
    let bytes = packet.payload.len() + OVERHEAD;
    let Some(frame) = packet.frame else {
        rates.note(now, (rank, 0), bytes, |spatial, _| spatial == rank);
        return;
    };
    let whole = Selection::ALL.spatial;
    match alone {
        true => rates.note(now, (frame.spatial, frame.temporal), bytes, |s, t| {
            frame.part_of.has(Selection::new(s, t))
        }),
        false => rates.note(now, (rank, frame.temporal), bytes, |s, t| {
            s == rank && frame.part_of.has(Selection::new(whole, t))
        }),
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
