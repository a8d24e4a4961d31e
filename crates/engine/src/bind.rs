//! Tracks are bound to m-lines when the answer comes, and are shown from then on: the picture as it stands first.

use crate::command::TransportId;
use crate::downlink::{EgressPath, Sender};
use crate::engine::Engine;
use crate::event::Event;
use crate::media::rtcp;
use crate::slab::Key;
use crate::slots::{Slot, SlotState};
use crate::source::Subscriber;
use crate::tracks::TrackKey;
use std::time::Instant;

impl Engine {
    /// After an answer: every m-line that carries a new track gets its sender and its publisher is asked for a picture.
    pub(crate) fn bind_slots(&mut self, now: Instant, id: TransportId) {
        let Some(transport) = self.transports.get(&id) else {
            return;
        };
        let new = |slot: &Slot| slot.track.as_ref().is_some_and(|t| !t.bound);
        let slots = transport.negotiation.slots.iter().enumerate();
        let slots: Vec<usize> = slots.filter(|(_, s)| new(s)).map(|(i, _)| i).collect();
        let bound: Vec<(usize, TrackKey)> = slots
            .into_iter()
            .filter_map(|slot| Some((slot, self.bind_slot(id, slot)?)))
            .collect();
        self.take_wishes(id);
        self.allocate(now, id);
        for (slot, key) in bound {
            self.steer(now, id, slot, key);
        }
    }

    /// Returns the track that flows on the m-line from now on.
    fn bind_slot(&mut self, id: TransportId, index: usize) -> Option<TrackKey> {
        let (first_seq, rtx_seq) = (self.first_seq(), self.first_seq());
        let transport = self.transports.get_mut(&id)?;
        let made = transport.make_sender(index, first_seq, rtx_seq);
        let slot = transport.negotiation.slots.get_mut(index)?;
        let assigned = slot.track.as_mut()?;
        let (key, track) = (assigned.key, assigned.id.clone());
        if slot.state == SlotState::Dead {
            slot.track = None;
            let reason = "the client refused the m-line".to_owned();
            self.subscription_failed(id, key, track, reason, false);
            return None;
        }
        assigned.bound = true;
        let cname = assigned
            .stream_id
            .split('|')
            .next()
            .unwrap_or_default()
            .to_owned();
        let wanted = &transport.negotiation.wanted;
        let enabled = wanted.iter().any(|w| w.track == track && w.enabled);
        let before = slot.sender.take();
        before.map(|before| self.senders.remove(before));
        let mut made = made?;
        (made.cname, made.enabled) = (cname, enabled);
        let name = self.senders.insert(made);
        slot.sender = Some(name);
        self.join_source(id, index, key, track, name)
    }

    /// The track flows to the m-line from now on, if its client speaks the codec.
    pub(crate) fn join_source(
        &mut self,
        id: TransportId,
        index: usize,
        key: TrackKey,
        track: String,
        name: Key<Sender>,
    ) -> Option<TrackKey> {
        let sender = self.senders.get_mut(name)?;
        // Unpublished meanwhile: the next offer takes it off.
        let source = self.tracks.get_mut(key).map(|track| &mut track.source)?;
        let format = source.format;
        let here = |s: &Subscriber| s.transport == id && s.slot == index;
        source.subscribers.retain(|subscriber| !here(subscriber));
        source.subscribers.push(Subscriber {
            transport: id,
            slot: index,
            sender: name,
        });
        if let Some(format) = format
            && sender.format(&format.spec, &self.transports).is_none()
        {
            let reason = format!("the client does not speak {}", format.spec.codec);
            self.subscription_failed(id, key, track, reason, true);
            return None;
        }
        self.emit(Event::SubscriptionStarted {
            transport: id,
            track,
        });
        Some(key)
    }

    /// The path is up: everything bound begins. Key frames were asked for when the answer came.
    pub(crate) fn start_sending(&mut self, now: Instant, id: TransportId) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let slots = transport.negotiation.slots.iter().enumerate();
        let bound: Vec<(usize, TrackKey)> = slots
            .filter_map(|(i, slot)| Some((i, slot.track.as_ref().filter(|t| t.bound)?.key)))
            .collect();
        for (slot, key) in bound {
            self.replay(now, id, slot, key);
            self.ask_for_picture(now, id, slot, key);
        }
    }

    /// Follows a subscriber that changed its wishes.
    pub(crate) fn apply_wishes(&mut self, now: Instant, id: TransportId) {
        let Some(transport) = self.transports.get(&id) else {
            return;
        };
        let mut changed = Vec::new();
        for (i, slot) in transport.negotiation.slots.iter().enumerate() {
            let sender = slot.sender.and_then(|sender| self.senders.get(sender));
            if let (Some(track), Some(sender)) = (&slot.track, sender) {
                let enabled = Engine::enabled(transport, &track.id);
                if track.bound && enabled != sender.enabled {
                    changed.push((i, track.key, enabled));
                }
            }
        }
        for &(slot, key, enabled) in &changed {
            if let Some(sender) = self.sender(id, slot, key) {
                sender.enabled = enabled;
                sender.share.fresh = true;
            }
        }
        self.take_wishes(id);
        self.allocate(now, id);
        for (slot, key, _) in changed {
            self.steer(now, id, slot, key);
        }
    }

    fn subscription_failed(
        &mut self,
        id: TransportId,
        key: TrackKey,
        track: String,
        reason: String,
        codec: bool,
    ) {
        if let Some(transport) = self.transports.get_mut(&id) {
            transport.negotiation.failed.push(key);
        }
        if let Some(track) = self.tracks.get_mut(key) {
            let others = &mut track.source.subscribers;
            others.retain(|subscriber| subscriber.transport != id);
        }
        self.emit(Event::SubscriptionFailed {
            transport: id,
            track,
            reason,
            codec,
        });
    }

    /// Publishers may change their codec in mid-stream; who does not speak it is told once.
    pub(crate) fn tell_failed_formats(&mut self, now: Instant) {
        for (id, key) in std::mem::take(&mut self.unspoken) {
            let negotiation = self.transports.get(&id).map(|t| &t.negotiation);
            if negotiation.is_none_or(|known| known.failed.contains(&key)) {
                continue;
            }
            let Some(track) = self.tracks.get(key) else {
                continue;
            };
            let codec = track
                .source
                .format
                .map(|format| format.spec.codec.to_string());
            let reason = format!("the client does not speak {}", codec.unwrap_or_default());
            let track = track.id.clone();
            self.subscription_failed(id, key, track, reason, true);
            self.reconcile(now, id);
        }
    }

    /// Our streams end before the DTLS session does: what comes after close_notify is not read.
    pub(crate) fn send_bye(&mut self, id: TransportId) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let slots = transport.negotiation.slots.iter();
        let senders = slots.filter_map(|slot| self.senders.get(slot.sender?));
        let sending = senders.filter(|sender| sender.packets > 0);
        let ssrcs: Vec<u32> = sending.map(|sender| sender.out.ssrc).collect();
        transport.negotiation.ended.extend(ssrcs);
        self.say_ended(id);
    }

    /// Tells a subscriber which SSRCs nothing more comes under.
    pub(crate) fn say_ended(&mut self, id: TransportId) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let ended = std::mem::take(&mut transport.negotiation.ended);
        let Some(EgressPath {
            seal: Some(seal),
            route: Some(route),
            ..
        }) = self.egress.get_mut(transport.egress)
        else {
            return;
        };
        for ssrcs in ended.chunks(31) {
            let mut plain = Vec::new();
            rtcp::write_goodbye(&mut plain, ssrcs);
            self.outbox
                .build(*route, |arena| seal.seal_rtcp(&plain, arena).is_ok());
        }
    }

    pub(crate) fn subscription_count(&self) -> u64 {
        let subscribers = self.tracks.iter().map(|(_, t)| t.source.subscribers.len());
        subscribers.sum::<usize>() as u64
    }

    /// Below 2^15, so that a receiver cannot mistake the first rollover.
    fn first_seq(&mut self) -> u16 {
        (self.random.next() & 0x7fff) as u16
    }
}
