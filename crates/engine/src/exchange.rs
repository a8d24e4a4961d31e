//! A track in another codec takes the place of the former on its m-line. To the client both are one stream under one `msid`, so
//! nothing is negotiated: the numbers run on, and the next picture is the other track's.

use crate::command::TransportId;
use crate::engine::Engine;
use crate::ids::IdSet;
use crate::negotiate::{Desired, Negotiation};
use crate::slots::{Assigned, SlotState};
use crate::tracks::TrackKey;
use std::time::Instant;

impl Negotiation {
    /// What m-lines are to carry instead of a track that is desired no more: another one of the same stream.
    fn exchanges(&self, desired: &[Desired]) -> Vec<(usize, Assigned)> {
        let wanted: IdSet<TrackKey> = desired.iter().map(|desired| desired.key).collect();
        let mut carried = self.carried();
        let slots = self.slots.iter().enumerate();
        let taken = slots.filter(|(_, slot)| slot.state == SlotState::Taken);
        taken
            .filter_map(|(at, slot)| {
                let former = slot.track.as_ref()?;
                if wanted.contains(&former.key) {
                    return None;
                }
                let next = desired.iter().find(|desired| {
                    desired.kind == slot.kind
                        && desired.wanted.stream_id == former.stream_id
                        && !carried.contains(&desired.key)
                })?;
                carried.insert(next.key);
                let next = Assigned {
                    key: next.key,
                    id: next.wanted.track.clone(),
                    ..former.clone()
                };
                Some((at, next))
            })
            .collect()
    }
}

impl Engine {
    pub(crate) fn exchange(&mut self, now: Instant, id: TransportId, desired: &[Desired]) {
        let Some(transport) = self.transports.get(&id) else {
            return;
        };
        let exchanges = transport.negotiation.exchanges(desired);
        if exchanges.is_empty() {
            return;
        }
        let moved: Vec<(usize, TrackKey)> = exchanges
            .into_iter()
            .filter_map(|(slot, next)| Some((slot, self.carry_instead(id, slot, next)?)))
            .collect();
        self.take_wishes(id);
        self.allocate(now, id);
        for (slot, key) in moved {
            self.steer(now, id, slot, key);
        }
    }

    /// Returns the track that flows on the m-line from now on; None where that is for the answer to tell.
    fn carry_instead(&mut self, id: TransportId, index: usize, next: Assigned) -> Option<TrackKey> {
        let transport = self.transports.get_mut(&id)?;
        let enabled = Engine::enabled(transport, &next.id);
        let slot = transport.negotiation.slots.get_mut(index)?;
        let (bound, name) = (next.bound, slot.sender);
        let (key, track) = (next.key, next.id.clone());
        let former = slot.track.replace(next)?;
        if let Some(former) = self.tracks.get_mut(former.key) {
            let others = &mut former.source.subscribers;
            others.retain(|other| other.transport != id || other.slot != index);
        }
        let name = name.filter(|_| bound)?;
        let sender = self.senders.get_mut(name)?;
        // What it has shown has ended; numbers that were asked for again cannot be found any more.
        sender.munger.pause();
        (sender.catch_up, sender.hole) = (None, None);
        sender.enabled = enabled;
        sender.share.fresh = true;
        self.join_source(id, index, key, track, name)
    }
}
