//! What each subscriber of a track is to see: its aim, the layers that arrive and its switches become one wish to its munger.

use crate::command::TransportId;
use crate::downlink::Sender;
use crate::engine::Engine;
use crate::media::keyframe::Need;
use crate::media::{Aim, LayerId, Selection};
use crate::tracks::{Track, TrackKey};
use std::time::Instant;

impl Track {
    /// The layer that a subscriber is to see, and what of it; `None` shows nothing.
    pub fn wanted(&self, sender: &Sender) -> Option<(LayerId, Selection)> {
        let shows = sender.enabled && !self.muted;
        let current = sender.munger.wanted().filter(|_| shows);
        self.source.pick(sender.aim, current).filter(|_| shows)
    }
}

impl Engine {
    /// Sets how much of a track's quality an m-line of a subscriber gets. It goes on with what it shows until a key frame of
    /// another layer has come, which is asked for at once.
    pub(crate) fn aim(&mut self, now: Instant, id: TransportId, slot: usize, aim: Aim) {
        let Some(transport) = self.transports.get(&id) else {
            return;
        };
        let Some(slot_state) = transport.negotiation.slots.get(slot) else {
            return;
        };
        let bound = slot_state.track.as_ref().filter(|track| track.bound);
        let sender = slot_state.sender.and_then(|key| self.senders.get_mut(key));
        let (Some(key), Some(sender)) = (bound.map(|t| t.key), sender) else {
            return;
        };
        if std::mem::replace(&mut sender.aim, aim) != aim {
            self.steer(now, id, slot, key);
        }
    }

    /// After something changed for all subscribers of a track.
    pub(crate) fn steer_all(&mut self, now: Instant, key: TrackKey) {
        let source = self.tracks.get(key).map(|track| &track.source);
        let subscribers = source.map(|source| source.subscribers.clone());
        for subscriber in subscribers.unwrap_or_default() {
            self.steer(now, subscriber.transport, subscriber.slot, key);
        }
    }

    /// After something changed for one subscriber.
    pub(crate) fn steer(&mut self, now: Instant, id: TransportId, slot: usize, key: TrackKey) {
        let transport = self.transports.get(&id);
        let sender = transport.and_then(|transport| transport.sender(slot, key));
        let sender = sender.and_then(|sender| self.senders.get_mut(sender));
        let (Some(sender), Some(track)) = (sender, self.tracks.get(key)) else {
            return;
        };
        let wanted = track.wanted(sender);
        let before = sender.munger.target();
        if wanted == before {
            return;
        }
        sender.munger.follow(wanted);
        if before.is_none() {
            self.replay(now, id, slot, key);
        }
        self.ask_for_picture(now, id, slot, key);
    }

    /// Asks for the key frame that a subscriber waits for, if it does.
    pub(crate) fn ask_for_picture(
        &mut self,
        now: Instant,
        id: TransportId,
        slot: usize,
        key: TrackKey,
    ) {
        let sender = self.sender(id, slot, key);
        let waits = sender.filter(|sender| sender.munger.awaits_keyframe());
        if let Some(layer) = waits.and_then(|sender| sender.munger.wanted()) {
            self.request_keyframe(now, key, layer, Need::Newcomer);
        }
    }

    /// A subscriber's decoder has lost its way.
    pub(crate) fn repair_picture(
        &mut self,
        now: Instant,
        id: TransportId,
        slot: usize,
        key: TrackKey,
    ) {
        let sender = self.sender(id, slot, key);
        if let Some(layer) = sender.and_then(|sender| sender.munger.wanted()) {
            self.request_keyframe(now, key, layer, Need::Repair);
        }
    }
}
