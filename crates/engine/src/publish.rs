//! Tracks come, go, fall silent and speak again; key frames are asked for; speakers are told.

use crate::command::TransportId;
use crate::downlink::Sender;
use crate::engine::Engine;
use crate::event::{AudioLevel, Event, MediaKind};
use crate::media::keyframe::Need;
use crate::media::{LayerId, PacketStore};
use crate::shard::Post;
use crate::source::{Layer, Source};
use crate::tracks::{Home, Track, TrackKey};
use crate::transport::Transport;
use crate::wanted_layers::{Picture, View};
use std::time::{Duration, Instant};
use str0m::media::Mid;

const LEVEL_INTERVAL: Duration = Duration::from_millis(400);

impl Engine {
    pub(crate) fn publish(&mut self, now: Instant, id: &str, transport: TransportId, mid: &str) {
        let Some(owner) = self.transports.get(&transport) else {
            return;
        };
        let mid = Mid::from(mid);
        let same_mid = |m: &&crate::event::OfferedMedia| Mid::from(m.mid.as_str()) == mid;
        let offered = owner.uplink.media.iter().find(same_mid);
        let kind = offered.map(|media| media.kind);
        let rids = offered.map(|media| media.rids.clone()).unwrap_or_default();
        let (mut muted, mut exports, mut view) = (false, Vec::new(), View::default());
        let home = Home::Here(transport, mid);
        if let Some(key) = self.tracks.key(id) {
            let Some(known) = self.tracks.get_mut(key) else {
                return;
            };
            if known.home == home {
                return;
            }
            muted = known.muted;
            exports.clone_from(&known.exports);
            view.clone_from(&known.picture.view);
            self.remove_track(now, key);
        }
        if let Some(replaced) = self.tracks.at(transport, mid) {
            self.remove_track(now, replaced);
        }
        let key = self.tracks.insert(Track {
            id: id.to_owned(),
            home,
            kind,
            muted,
            exports: exports.clone(),
            source: Source {
                rids,
                ..Source::default()
            },
            picture: Picture::new(view),
        });
        for shard in exports {
            self.begin_export(now, key, shard);
        }
        self.reconcile_all(now, id);
    }

    pub(crate) fn unpublish(&mut self, now: Instant, id: &str) {
        if let Some(key) = self.tracks.key(id) {
            self.remove_track(now, key);
        }
    }

    pub(crate) fn remove_track(&mut self, now: Instant, key: TrackKey) {
        let Some(track) = self.tracks.remove(key) else {
            return;
        };
        for subscriber in track.source.subscribers {
            if let Some(sender) = self.senders.get_mut(subscriber.sender) {
                sender.munger.pause();
            }
        }
        for shard in track.exports {
            self.posts.push(shard, Post::Gone { key });
        }
        self.reconcile_all(now, &track.id);
    }

    pub(crate) fn set_muted(&mut self, now: Instant, id: &str, muted: bool) {
        let Some(key) = self.tracks.key(id) else {
            return;
        };
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        if std::mem::replace(&mut track.muted, muted) == muted {
            return;
        }
        track.source.meter.reset();
        if muted {
            // Who comes after the silence is not shown what was before it.
            for layer in &mut track.source.layers {
                layer.store = PacketStore::default();
            }
        }
        self.export_state(key);
        self.steer_all(now, key);
    }

    /// Asks the publisher for a key frame of a layer, as often as it can live with.
    pub(crate) fn request_keyframe(
        &mut self,
        now: Instant,
        key: TrackKey,
        layer: LayerId,
        need: Need,
    ) {
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        if track.kind == Some(MediaKind::Video)
            && let Some(found) = track.source.layer_mut(layer)
            && found.limiter.request(need, now)
        {
            self.send_keyframe_request(key, layer, need);
        }
    }

    /// Notices layers that fall silent, and asks for key frames that are awaited.
    pub(crate) fn follow_layers(&mut self, now: Instant) {
        let keys: Vec<TrackKey> = self.tracks.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.follow_silence(now, key);
            self.remind_of_keyframes(now, key);
        }
    }

    /// Who speaks, and whose codec nobody understands.
    pub(crate) fn tell_sound(&mut self, now: Instant) {
        if now >= self.next_levels {
            self.next_levels = now + LEVEL_INTERVAL;
            self.tell_levels(now);
        }
        self.tell_failed_formats(now);
    }

    /// Sends the requests whose time has come, and repeats those that somebody still waits for: requests get lost, and a
    /// track may be published after its first key frame has passed.
    fn remind_of_keyframes(&mut self, now: Instant, key: TrackKey) {
        let Some(track) = self.tracks.get_mut(key).filter(|track| !track.muted) else {
            return;
        };
        for subscriber in &track.source.subscribers {
            let sender = self.senders.get(subscriber.sender);
            let connected = |sender: &&Sender| {
                let egress = self.egress.get(sender.egress);
                egress.is_some_and(|egress| egress.seal.is_some())
            };
            let wanted = sender
                .filter(connected)
                .filter(|sender| sender.munger.awaits_keyframe())
                .and_then(|sender| sender.munger.wanted());
            let awaited = |layer: &&mut Layer| Some(layer.id) == wanted;
            if let Some(layer) = track.source.layers.iter_mut().find(awaited) {
                layer.limiter.remind(now);
            }
        }
        let due = track.source.layers.iter_mut();
        let due: Vec<LayerId> = due
            .filter_map(|layer| layer.limiter.poll(now).then_some(layer.id))
            .collect();
        for layer in due {
            self.send_keyframe_request(key, layer, Need::Repair);
        }
    }

    fn tell_levels(&mut self, now: Instant) {
        let levels = self
            .tracks
            .iter()
            .filter(|(_, track)| track.home.is_here() && !track.muted)
            .filter(|(_, track)| track.kind == Some(MediaKind::Audio))
            .map(|(_, track)| (track.id.clone(), track.source.meter.level(now)));
        let levels: Vec<AudioLevel> = self
            .speakers
            .changes(levels)
            .into_iter()
            .map(|(track, level)| AudioLevel {
                track,
                level: f64::from(level),
            })
            .collect();
        if !levels.is_empty() {
            self.emit(Event::AudioLevels { levels });
        }
    }

    /// A transport has gone, with what it published and received.
    pub(crate) fn forget_media(&mut self, now: Instant, transport: &Transport) {
        let id = transport.id;
        for key in transport.negotiation.flowing() {
            if let Some(track) = self.tracks.get_mut(key) {
                let others = &mut track.source.subscribers;
                others.retain(|subscriber| subscriber.transport != id);
            }
        }
        for key in self.tracks.owned(id) {
            self.remove_track(now, key);
        }
    }
}
