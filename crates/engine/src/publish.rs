//! Tracks come, go, fall silent and speak again; key frames are asked for; speakers are told.

use crate::command::TransportId;
use crate::engine::Engine;
use crate::event::{AudioLevel, Event, MediaKind};
use crate::media::PacketStore;
use crate::media::keyframe::Need;
use crate::source::Source;
use crate::tracks::{Track, TrackKey};
use crate::transport::Transport;
use std::time::{Duration, Instant};
use str0m::Input;
use str0m::media::{KeyframeRequestKind, Mid};

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
        let mut muted = false;
        if let Some(key) = self.tracks.key(id) {
            let Some(known) = self.tracks.get(key) else {
                return;
            };
            if known.transport == transport && known.mid == mid {
                return;
            }
            muted = known.muted;
            self.remove_track(now, key);
        }
        if let Some(replaced) = self.tracks.at(transport, mid) {
            self.remove_track(now, replaced);
        }
        self.tracks.insert(Track {
            id: id.to_owned(),
            transport,
            mid,
            kind,
            muted,
            source: Source {
                rids,
                ..Source::default()
            },
        });
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
        for (id, slot) in track.source.subscribers {
            let transport = self.transports.get_mut(&id);
            if let Some(sender) = transport.and_then(|t| t.sender(slot, key)) {
                sender.munger.pause();
            }
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
        let chosen = track.source.chosen.filter(|_| !muted);
        let video = track.kind == Some(MediaKind::Video);
        for &(id, slot) in &track.source.subscribers {
            let transport = self.transports.get_mut(&id);
            let Some(sender) = transport.and_then(|t| t.sender(slot, key)) else {
                continue;
            };
            match chosen {
                Some(layer) if sender.enabled => sender.munger.want(layer),
                _ => sender.munger.pause(),
            }
        }
        if !muted && video {
            self.request_keyframe(now, key, Need::Newcomer);
        }
    }

    /// Asks the publisher for a key frame of the chosen layer, as often as it can live with.
    pub(crate) fn request_keyframe(&mut self, now: Instant, key: TrackKey, need: Need) {
        if let Some(track) = self.tracks.get_mut(key)
            && track.kind == Some(MediaKind::Video)
            && track.source.limiter.request(need, now)
        {
            self.send_keyframe_request(now, key);
        }
    }

    fn send_keyframe_request(&mut self, now: Instant, key: TrackKey) {
        let Some(track) = self.tracks.get(key) else {
            return;
        };
        let (mid, publisher) = (track.mid, track.transport);
        // Without a rid str0m would take any of the layers.
        let rid = track.source.chosen_layer().and_then(|layer| layer.rid);
        self.metrics.keyframe_requests += 1;
        self.operate(now, publisher, |transport: &mut Transport| {
            if let Some(stream) = transport.rtc.direct_api().stream_rx_by_mid(mid, rid) {
                stream.request_keyframe(KeyframeRequestKind::Pli);
            }
            transport.rtc.handle_input(Input::Timeout(now))
        });
    }

    pub(crate) fn media_housekeeping(&mut self, now: Instant) {
        let keys: Vec<TrackKey> = self.tracks.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.choose_layer(now, key);
            let due = self.tracks.get_mut(key).map(|t| t.source.limiter.poll(now));
            if due == Some(true) {
                self.send_keyframe_request(now, key);
            }
            if self.awaits_keyframe(key) {
                self.request_keyframe(now, key, Need::Repair);
            }
        }
        if now >= self.next_levels {
            self.next_levels = now + LEVEL_INTERVAL;
            self.tell_levels(now);
        }
        self.tell_failed_formats(now);
        self.send_reports(now);
        self.tell_quality(now);
    }

    /// Somebody who could be shown the track has nothing to begin with. Requests get lost, and a track may be published
    /// after its first key frame has passed.
    fn awaits_keyframe(&mut self, key: TrackKey) -> bool {
        let Some(track) = self.tracks.get(key).filter(|track| !track.muted) else {
            return false;
        };
        let mut subscribers = track.source.subscribers.iter();
        subscribers.any(|&(id, slot)| {
            let connected = self.transports.get_mut(&id).filter(|t| t.connected);
            let sender = connected.and_then(|transport| transport.sender(slot, key));
            sender.is_some_and(|sender| sender.munger.awaits_keyframe())
        })
    }

    fn tell_levels(&mut self, now: Instant) {
        let levels = self
            .tracks
            .iter()
            .filter(|(_, track)| track.kind == Some(MediaKind::Audio) && !track.muted)
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
        for (_, track) in self.tracks.iter_mut() {
            track.source.subscribers.retain(|(other, _)| *other != id);
        }
        let owned = self
            .tracks
            .iter()
            .filter(|(_, track)| track.transport == id);
        let owned: Vec<TrackKey> = owned.map(|(key, _)| key).collect();
        for key in owned {
            self.remove_track(now, key);
        }
    }
}
