//! A newcomer is shown the packets since the last key frame, so that it sees a picture at once: a run of them at a time,
//! since all together would overflow buffers on the way.

use crate::command::TransportId;
use crate::downlink::Sender;
use crate::engine::Engine;
use crate::fanout::{Forwarding, OutRun};
use crate::media::keyframe::Need;
use crate::media::train::RUN;
use crate::outbox::Outbox;
use crate::slab::Key;
use crate::tracks::TrackKey;
use std::time::{Duration, Instant};

/// Packets of a group of pictures that a newcomer is shown; more is dearer than a new key frame.
const REPLAY_LIMIT: usize = 120;
/// Who is further behind than this does not catch up by runs: the layer brings more than they take, or its numbers have jumped.
const LAG_LIMIT: u64 = 256;
/// From one run to the next.
const STEP: Duration = Duration::from_millis(5);

impl Engine {
    /// Shows a subscriber the picture as it stands. What comes meanwhile waits its turn.
    pub(crate) fn replay(&mut self, now: Instant, id: TransportId, slot: usize, key: TrackKey) {
        let Some(track) = self.tracks.get(key).filter(|track| !track.muted) else {
            return;
        };
        let transport = self.transports.get(&id).filter(|t| t.connected);
        let Some(name) = transport.and_then(|transport| transport.sender(slot, key)) else {
            return;
        };
        let Some(sender) = self.senders.get_mut(name) else {
            return;
        };
        let wanted = sender.munger.wanted();
        let Some(layer) = wanted.and_then(|wanted| track.source.layer(wanted)) else {
            return;
        };
        let first = layer.store.since_key(REPLAY_LIMIT);
        let Some(first) = first.and_then(|mut packets| Some(packets.next()?.seq)) else {
            return;
        };
        if sender.catch_up.replace((layer.id, first)).is_none() {
            self.catching_up.push((now, key, name));
        }
        self.catch_up(now);
    }

    /// The next run to everybody whose time it is.
    pub(crate) fn catch_up(&mut self, now: Instant) {
        let enough = self.outbox.byte_count() + Outbox::SLICE / 2;
        let mut waiting = std::mem::take(&mut self.catching_up);
        waiting.retain_mut(|(at, key, name)| {
            // They take half a slice at most, so that others go on as well.
            if *at > now || self.outbox.byte_count() >= enough {
                return true;
            }
            *at = now + STEP;
            self.catch_up_one(now, *key, *name)
        });
        waiting.append(&mut self.catching_up);
        self.catching_up = waiting;
    }

    /// False when it has seen everything.
    fn catch_up_one(&mut self, now: Instant, key: TrackKey, name: Key<Sender>) -> bool {
        let moment = self.moment(now);
        let Some(sender) = self.senders.get_mut(name) else {
            return false;
        };
        let Some((layer, next)) = sender.catch_up.take() else {
            return false;
        };
        let track = self.tracks.get(key).filter(|track| !track.muted);
        let source = track.map(|track| &track.source);
        let found = source.and_then(|source| Some((source.layer(layer)?, source.format?)));
        // Until another layer can begin, the one that runs goes on.
        let goes_on = [sender.munger.wanted(), sender.munger.current()].contains(&Some(layer));
        let Some((layer, incoming)) = found.filter(|_| goes_on) else {
            return false;
        };
        let highest = layer.store.highest().unwrap_or_default();
        if highest.saturating_sub(next) > LAG_LIMIT {
            let layer = layer.id;
            self.request_keyframe(now, key, layer, Need::Repair);
            return false;
        }
        let mut run = Vec::with_capacity(RUN);
        let mut at = next;
        while at <= highest && run.len() < RUN {
            run.extend(layer.store.get(at));
            at += 1;
        }
        let mut forwarding = Forwarding {
            moment: &moment,
            transports: &self.transports,
            egress: &mut self.egress,
            outbox: &mut self.outbox,
            metrics: &mut self.metrics,
            unspoken: &mut self.unspoken,
        };
        forwarding.send(&OutRun::new(key, layer.id, &run, incoming, false), sender);
        if at > highest {
            return false;
        }
        sender.catch_up = Some((layer.id, at));
        true
    }
}
