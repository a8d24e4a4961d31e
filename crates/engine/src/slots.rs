//! The m-lines towards one subscriber. They are never removed; one that fell silent is used again for another track of
//! its kind, under the `msid` of that track.

use crate::command::WantedTrack;
use crate::data::Data;
use crate::downlink::Sender;
use crate::event::MediaKind;
use crate::negotiate::InFlight;
use crate::sdp;
use crate::tracks::TrackKey;
use crate::transport::Transport;
use std::collections::HashMap;
use str0m::channel::{ChannelConfig, Reliability};
use str0m::media::{Direction, Mid};

/// M-lines towards one subscriber.
const SLOT_LIMIT: usize = 400;

/// One m-line of ours towards a subscriber.
pub struct Slot {
    pub mid: Mid,
    pub kind: MediaKind,
    pub state: SlotState,
    pub track: Option<Assigned>,
    /// Lives on when the track changes: the SSRC and its numbers belong to the m-line.
    pub sender: Option<Sender>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotState {
    /// Carries a track, or will once the answer has come.
    Taken,
    /// Becomes free with the answer to the offer in flight.
    Leaving,
    Free,
    /// Refused by the client for good.
    Dead,
}

#[derive(Clone)]
pub struct Assigned {
    pub key: TrackKey,
    pub id: String,
    pub stream_id: String,
    pub bound: bool,
}

impl Transport {
    pub(crate) fn offer(
        &mut self,
        first: bool,
        desired: Vec<(TrackKey, MediaKind, WantedTrack)>,
    ) -> Option<(u32, String)> {
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
        for slot in slots
            .iter_mut()
            .filter(|slot| slot.state == SlotState::Taken)
        {
            let carried = slot.track.as_ref().map(|track| track.key);
            if !desired.iter().any(|(key, _, _)| Some(*key) == carried) {
                api.set_direction(slot.mid, Direction::Inactive);
                slot.state = SlotState::Leaving;
                slot.track = None;
                if let Some(sender) = &mut slot.sender {
                    sender.munger.pause();
                }
            }
        }
        for (key, kind, wanted) in desired {
            let taken = |slot: &Slot| slot.track.as_ref().is_some_and(|track| track.key == key);
            if slots.iter().any(taken) {
                continue;
            }
            let assigned = Some(Assigned {
                key,
                id: wanted.track.clone(),
                stream_id: wanted.stream_id.clone(),
                bound: false,
            });
            let free = |slot: &&mut Slot| slot.state == SlotState::Free && slot.kind == kind;
            if let Some(slot) = slots.iter_mut().find(free) {
                api.set_direction(slot.mid, Direction::SendOnly);
                slot.state = SlotState::Taken;
                slot.track = assigned;
            } else if slots.len() < SLOT_LIMIT {
                let media = match kind {
                    MediaKind::Audio => str0m::media::MediaKind::Audio,
                    MediaKind::Video => str0m::media::MediaKind::Video,
                };
                let (stream, track) = (Some(wanted.stream_id), Some(wanted.track));
                let mid = api.add_media(media, Direction::SendOnly, stream, track, None);
                slots.push(Slot {
                    mid,
                    kind,
                    state: SlotState::Taken,
                    track: assigned,
                    sender: None,
                });
            }
        }
        let (sdp, pending) = api.apply()?;
        self.negotiation.last_offer += 1;
        let offer = self.negotiation.last_offer;
        self.negotiation.in_flight = Some(InFlight { offer, pending });
        let msids: HashMap<String, (String, String)> = slots
            .iter()
            .filter_map(|slot| {
                let track = slot.track.as_ref()?;
                let msid = (track.stream_id.clone(), track.id.clone());
                Some((slot.mid.to_string(), msid))
            })
            .collect();
        Some((offer, sdp::set_msids(&sdp.to_sdp_string(), &msids)))
    }

    /// The answer was unusable. What the offer changed is undone as far as can be; the next `subscribe` tries again.
    pub(crate) fn abandon_offer(&mut self) {
        self.negotiation.in_flight = None;
        if !self.connected && self.rtc.direct_api().remote_dtls_fingerprint().is_none() {
            // Not even the channels were agreed on.
            self.data = Data::default();
        }
        for slot in &mut self.negotiation.slots {
            let bound = slot.track.as_ref().is_some_and(|track| track.bound);
            if self.rtc.media(slot.mid).is_none() {
                slot.state = SlotState::Dead;
            } else if !bound && slot.state != SlotState::Dead {
                slot.state = SlotState::Free;
            } else {
                continue;
            }
            slot.track = None;
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
