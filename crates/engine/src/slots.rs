//! The m-lines towards one subscriber. They are never removed; one that fell silent is used again for another track of
//! its kind, under the `msid` of that track and SSRCs of its own.

use crate::data::Data;
use crate::downlink::Sender;
use crate::event::MediaKind;
use crate::ids::IdSet;
use crate::negotiate::{Desired, InFlight, Negotiation};
use crate::random::ice_text;
use crate::restart::Restart;
use crate::sdp;
use crate::slab::{Key, Slab};
use crate::tracks::TrackKey;
use crate::transport::Transport;
use std::collections::HashMap;
use str0m::IceCreds;
use str0m::channel::{ChannelConfig, Reliability};
use str0m::media::{Direction, Mid};
use str0m::rtp::Ssrc;

/// M-lines towards one subscriber.
pub const SLOT_LIMIT: usize = 400;

/// One m-line of ours towards a subscriber.
pub struct Slot {
    pub mid: Mid,
    pub kind: MediaKind,
    pub state: SlotState,
    pub track: Option<Assigned>,
    /// Belongs to the track as the SSRC does: what comes after it on the m-line has another.
    pub sender: Option<Key<Sender>>,
    /// What the m-line's packets go out under, and what repeats them, while str0m does not have them.
    pub ssrcs: Option<(Ssrc, Option<Ssrc>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotState {
    /// Carries a track, or will once the answer has come.
    Taken,
    /// Becomes free with the answer to the offer in flight.
    Leaving,
    Free,
    /// Refused by the client: for good where we offer, until it offers otherwise where it does.
    Dead,
}

#[derive(Clone)]
pub struct Assigned {
    pub key: TrackKey,
    pub id: String,
    pub stream_id: String,
    pub bound: bool,
}

/// What an offer changes about the m-lines.
#[derive(Default)]
pub(crate) struct Changes {
    directions: Vec<(Mid, Direction)>,
    /// M-lines that carry another track than before.
    reused: Vec<Mid>,
    /// Tracks for which there is no m-line yet.
    added: Vec<(MediaKind, Assigned)>,
}

impl Negotiation {
    /// Gives tracks to m-lines, and takes m-lines and senders from those that are no longer desired.
    pub(crate) fn assign(&mut self, desired: Vec<Desired>, senders: &mut Slab<Sender>) -> Changes {
        let mut changes = Changes::default();
        let released = self.release(&desired, senders).into_iter();
        changes.directions = released.map(|mid| (mid, Direction::Inactive)).collect();
        let carried = self.carried();
        for desired in desired {
            if carried.contains(&desired.key) {
                continue;
            }
            if let Some(slot) = self.free(desired.kind) {
                changes.directions.push((slot.mid, Direction::SendOnly));
                changes.reused.push(slot.mid);
                slot.take(desired);
            } else if self.slots.len() + changes.added.len() < SLOT_LIMIT {
                changes.added.push((desired.kind, desired.assigned()));
            }
        }
        changes
    }

    /// Stops what is no longer desired. Returns the m-lines that it was on.
    pub(crate) fn release(&mut self, desired: &[Desired], senders: &mut Slab<Sender>) -> Vec<Mid> {
        let mut released = Vec::new();
        let desired: IdSet<TrackKey> = desired.iter().map(|desired| desired.key).collect();
        for at in 0..self.slots.len() {
            let slot = &self.slots[at];
            let carried = slot.track.as_ref().map(|track| track.key);
            let desired = carried.is_some_and(|key| desired.contains(&key));
            if slot.state == SlotState::Taken && !desired {
                released.push(slot.mid);
                self.retire(at, SlotState::Leaving, senders);
            }
        }
        released
    }

    /// Takes the track from an m-line.
    pub(crate) fn retire(&mut self, at: usize, state: SlotState, senders: &mut Slab<Sender>) {
        let Some(slot) = self.slots.get_mut(at) else {
            return;
        };
        slot.state = state;
        slot.release(&mut self.released);
        let sender = slot.sender.take().and_then(|key| senders.remove(key));
        let heard = sender.filter(|sender| sender.packets > 0);
        self.ended.extend(heard.map(|sender| sender.out.ssrc));
    }

    /// Gives tracks to the m-lines that there are. Returns those that have one now.
    pub(crate) fn take_free(&mut self, desired: Vec<Desired>) -> Vec<Mid> {
        let mut taken = Vec::new();
        let carried = self.carried();
        for desired in desired {
            if !carried.contains(&desired.key)
                && let Some(slot) = self.free(desired.kind)
            {
                taken.push(slot.mid);
                slot.take(desired);
            }
        }
        taken
    }

    pub(crate) fn carries(&self, key: TrackKey) -> bool {
        let carried = |slot: &Slot| slot.track.as_ref().map(|track| track.key);
        self.slots.iter().any(|slot| carried(slot) == Some(key))
    }

    /// The tracks that m-lines carry.
    pub(crate) fn carried(&self) -> IdSet<TrackKey> {
        let tracks = self.slots.iter().filter_map(|slot| slot.track.as_ref());
        tracks.map(|track| track.key).collect()
    }

    /// The tracks that flow to the client.
    pub(crate) fn flowing(&self) -> IdSet<TrackKey> {
        let mut flowing = self.carried();
        flowing.extend(&self.released);
        flowing
    }

    fn free(&mut self, kind: MediaKind) -> Option<&mut Slot> {
        let free = |slot: &&mut Slot| slot.state == SlotState::Free && slot.kind == kind;
        self.slots.iter_mut().find(free)
    }
}

impl Changes {
    fn is_empty(&self) -> bool {
        self.directions.is_empty() && self.reused.is_empty() && self.added.is_empty()
    }
}

impl Slot {
    /// Takes the track away.
    pub(crate) fn release(&mut self, released: &mut Vec<TrackKey>) {
        released.extend(self.track.take().map(|track| track.key));
    }

    fn take(&mut self, desired: Desired) {
        self.state = SlotState::Taken;
        self.track = Some(desired.assigned());
    }
}

impl Desired {
    fn assigned(self) -> Assigned {
        Assigned {
            key: self.key,
            id: self.wanted.track,
            stream_id: self.wanted.stream_id,
            bound: false,
        }
    }
}

impl Transport {
    /// `ufrag` is for an offer that restarts ICE.
    pub(crate) fn offer(
        &mut self,
        first: bool,
        changes: Changes,
        ufrag: String,
    ) -> Option<(u32, String)> {
        if !first && changes.is_empty() && !self.negotiation.restarts {
            return None;
        }
        self.take_streams();
        for mid in changes.reused {
            self.renew_ssrcs(mid);
        }
        self.lend_streams();
        let slots = &mut self.negotiation.slots;
        let mut api = self.rtc.sdp_api();
        if first {
            self.data.reliable = Some(api.add_channel_with_config(ChannelConfig {
                label: "_reliable".to_owned(),
                ..Default::default()
            }));
            self.data.lossy = Some(api.add_channel_with_config(ChannelConfig {
                label: "_lossy".to_owned(),
                ordered: false,
                reliability: Reliability::MaxRetransmits { retransmits: 0 },
                ..Default::default()
            }));
        }
        for (mid, direction) in changes.directions {
            api.set_direction(mid, direction);
        }
        for (kind, assigned) in changes.added {
            let media = match kind {
                MediaKind::Audio => str0m::media::MediaKind::Audio,
                MediaKind::Video => str0m::media::MediaKind::Video,
            };
            let (stream, track) = (assigned.stream_id.clone(), assigned.id.clone());
            let mid = api.add_media(media, Direction::SendOnly, Some(stream), Some(track), None);
            slots.push(Slot {
                mid,
                kind,
                state: SlotState::Taken,
                track: Some(assigned),
                sender: None,
                ssrcs: None,
            });
        }
        let restart = self.negotiation.restarts.then(|| Restart {
            theirs: api.ice_restart(true),
            ours: IceCreds {
                ufrag,
                pass: ice_text(24),
            },
        });
        self.negotiation.restarts = false;
        let (sdp, pending) = api.apply()?;
        self.negotiation.last_offer += 1;
        let offer = self.negotiation.last_offer;
        let sdp = sdp.to_sdp_string();
        let sdp = restart.as_ref().map_or(sdp.clone(), |r| r.name(&sdp));
        self.negotiation.in_flight = Some(InFlight {
            offer,
            pending,
            restart,
        });
        let msids: HashMap<String, (String, String)> = slots
            .iter()
            .filter_map(|slot| {
                let track = slot.track.as_ref()?;
                let msid = (track.stream_id.clone(), track.id.clone());
                Some((slot.mid.to_string(), msid))
            })
            .collect();
        Some((offer, sdp::set_msids(&sdp, &msids)))
    }

    /// The answer was unusable. What the offer changed is undone as far as can be; the next `subscribe` tries again.
    pub(crate) fn abandon_offer(&mut self) {
        self.negotiation.in_flight = None;
        self.take_streams();
        if !self.connected && self.rtc.direct_api().remote_dtls_fingerprint().is_none() {
            // Not even the channels were agreed on.
            self.data = Data::default();
        }
        let Negotiation {
            slots, released, ..
        } = &mut self.negotiation;
        for slot in slots {
            let bound = slot.track.as_ref().is_some_and(|track| track.bound);
            if self.rtc.media(slot.mid).is_none() {
                slot.state = SlotState::Dead;
            } else if !bound && slot.state != SlotState::Dead {
                slot.state = SlotState::Free;
            } else {
                continue;
            }
            slot.release(released);
        }
    }

    pub(crate) fn settle_slots(&mut self) {
        for slot in &mut self.negotiation.slots {
            let refused = self
                .rtc
                .media(slot.mid)
                .is_none_or(|media| media.disabled());
            if refused && slot.state != SlotState::Dead {
                slot.state = SlotState::Dead;
            } else if slot.state == SlotState::Leaving {
                slot.state = SlotState::Free;
            }
        }
    }
}
