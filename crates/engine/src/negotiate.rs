//! Offers and answers. Publishers offer and we answer. Towards subscribers we offer: one offer is in flight, what
//! is wanted meanwhile is looked at when its answer has come. M-lines are never removed; one that fell silent is
//! used again for another track of its kind, under the `msid` of that track.

use crate::command::{TransportId, TransportRole, WantedTrack};
use crate::data::Data;
use crate::downlink::Sender;
use crate::engine::Engine;
use crate::event::{Event, MediaKind, MidTrack, OfferedMedia};
use crate::panics;
use crate::sdp::{self, Section};
use crate::tracks::TrackKey;
use crate::transport::Transport;
use std::collections::HashMap;
use std::time::Instant;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, Reliability};
use str0m::media::{Direction, Mid};

/// Descriptions of one transport that may wait for the parser.
const JOB_LIMIT: u32 = 8;
/// M-lines towards one subscriber.
const SLOT_LIMIT: usize = 400;

/// A description to be parsed away from the media thread.
#[derive(Debug)]
pub struct SdpJob {
    transport: TransportId,
    offer: u32,
    sdp: String,
    is_offer: bool,
}

pub struct SdpResult {
    transport: TransportId,
    offer: u32,
    is_offer: bool,
    parsed: Result<Parsed, String>,
}

enum Parsed {
    Offer(SdpOffer, Vec<Section>),
    Answer(SdpAnswer),
}

impl SdpJob {
    pub fn run(self) -> SdpResult {
        let SdpJob {
            transport,
            offer,
            sdp,
            is_offer,
        } = self;
        let parsed = panics::catch(|| parse(&sdp, is_offer)).unwrap_or_else(Err);
        SdpResult {
            transport,
            offer,
            is_offer,
            parsed,
        }
    }
}

fn parse(text: &str, is_offer: bool) -> Result<Parsed, String> {
    let trimmed = sdp::trim(text)?;
    if is_offer {
        let offer = SdpOffer::from_sdp_string(&trimmed).map_err(|error| error.to_string())?;
        return Ok(Parsed::Offer(offer, sdp::scan(&trimmed)));
    }
    SdpAnswer::from_sdp_string(&trimmed)
        .map(Parsed::Answer)
        .map_err(|error| error.to_string())
}

#[derive(Default)]
pub struct Negotiation {
    jobs: u32,
    wanted: Vec<WantedTrack>,
    /// The first `subscribe` has come.
    started: bool,
    last_offer: u32,
    in_flight: Option<InFlight>,
    pub slots: Vec<Slot>,
    /// Tracks that this subscriber was told it cannot have.
    pub failed: Vec<TrackKey>,
}

struct InFlight {
    offer: u32,
    pending: SdpPendingOffer,
}

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

impl Engine {
    pub(crate) fn queue_offer(&mut self, id: TransportId, offer: u32, sdp: String) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let refused = if transport.role != TransportRole::Publisher {
            Some("offers are accepted on publisher transports only")
        } else if transport.negotiation.jobs >= JOB_LIMIT {
            Some("too many offers at once")
        } else {
            None
        };
        if let Some(message) = refused {
            self.negotiation_failed(id, offer, message.to_owned());
            return;
        }
        transport.negotiation.jobs += 1;
        self.jobs.push(SdpJob {
            transport: id,
            offer,
            sdp,
            is_offer: true,
        });
    }

    pub(crate) fn queue_answer(&mut self, id: TransportId, offer: u32, sdp: String) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let negotiation = &mut transport.negotiation;
        let current = negotiation.in_flight.as_ref().map(|flight| flight.offer);
        // Go and Rust clients leave the id out.
        if current.is_none()
            || (offer != 0 && current != Some(offer))
            || negotiation.jobs >= JOB_LIMIT
        {
            return;
        }
        negotiation.jobs += 1;
        self.jobs.push(SdpJob {
            transport: id,
            offer: current.unwrap_or_default(),
            sdp,
            is_offer: false,
        });
    }

    /// What came of a job from `take_jobs`.
    pub fn parsed(&mut self, now: Instant, result: SdpResult) {
        let SdpResult {
            transport: id,
            offer,
            is_offer,
            parsed,
        } = result;
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        transport.negotiation.jobs = transport.negotiation.jobs.saturating_sub(1);
        match parsed {
            Ok(Parsed::Offer(sdp, sections)) => self.accept_offer(now, id, offer, sdp, sections),
            Ok(Parsed::Answer(sdp)) => self.accept_answer(now, id, offer, sdp),
            Err(message) => {
                if !is_offer {
                    transport.abandon_offer();
                }
                self.negotiation_failed(id, offer, message);
            }
        }
    }

    fn negotiation_failed(&mut self, transport: TransportId, offer: u32, message: String) {
        self.emit(Event::NegotiationFailed {
            transport,
            offer,
            message,
        });
    }

    fn accept_offer(
        &mut self,
        now: Instant,
        id: TransportId,
        offer: u32,
        sdp: SdpOffer,
        offered: Vec<Section>,
    ) {
        let answer = self.operate(now, id, |transport| {
            transport
                .rtc
                .sdp_api()
                .accept_offer(sdp)
                .map(|answer| answer.to_sdp_string())
        });
        let answer = match answer {
            Some(Ok(answer)) => answer,
            Some(Err(error)) => return self.negotiation_failed(id, offer, error.to_string()),
            // The transport is gone, and its end has been told.
            None => return,
        };
        if let Some(ufrag) = sdp::ufrag(&answer) {
            self.rename(id, ufrag);
        }
        let media = offered_media(&offered, &sdp::scan(&answer));
        self.offer_accepted(now, id, &media);
        self.emit(Event::Answered {
            transport: id,
            offer,
            sdp: answer,
            media,
        });
    }

    fn accept_answer(&mut self, now: Instant, id: TransportId, offer: u32, sdp: SdpAnswer) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let current = transport
            .negotiation
            .in_flight
            .take_if(|flight| flight.offer == offer);
        let Some(flight) = current else {
            return;
        };
        let result = self.operate(now, id, |transport| {
            transport.rtc.sdp_api().accept_answer(flight.pending, sdp)?;
            transport.settle_slots();
            Ok(())
        });
        match result {
            Some(Ok(())) => {
                self.bind_slots(now, id);
                self.reconcile(now, id);
            }
            Some(Err(error)) => {
                if let Some(transport) = self.transports.get_mut(&id) {
                    transport.abandon_offer();
                }
                self.drop_released(id);
                self.negotiation_failed(id, offer, error.to_string());
            }
            None => {}
        }
    }

    pub(crate) fn subscribe(&mut self, now: Instant, id: TransportId, wanted: Vec<WantedTrack>) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        if transport.role != TransportRole::Subscriber {
            return;
        }
        transport.negotiation.wanted = wanted;
        transport.negotiation.started = true;
        self.apply_enabled(now, id);
        self.reconcile(now, id);
    }

    /// Whether the subscriber has this track switched on.
    pub(crate) fn enabled(transport: &Transport, track: &str) -> bool {
        let wanted = &transport.negotiation.wanted;
        wanted.iter().any(|w| w.track == track && w.enabled)
    }

    /// Makes an offer if what is wanted differs from what the m-lines carry and no offer is in flight.
    pub(crate) fn reconcile(&mut self, now: Instant, id: TransportId) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let negotiation = &transport.negotiation;
        if !negotiation.started || negotiation.in_flight.is_some() || negotiation.jobs > 0 {
            return;
        }
        let mut desired: Vec<(TrackKey, MediaKind, WantedTrack)> = Vec::new();
        for wanted in &negotiation.wanted {
            let key = self.tracks.key(&wanted.track);
            let track = key.and_then(|key| Some((key, self.tracks.get(key)?.kind?)));
            if let Some((key, kind)) = track
                && !negotiation.failed.contains(&key)
                && !desired.iter().any(|d| d.0 == key)
            {
                desired.push((key, kind, wanted.clone()));
            }
        }
        desired.sort_by_key(|(_, kind, _)| *kind == MediaKind::Video);
        let first = transport.data.reliable.is_none();
        let offered = self.operate(now, id, |transport| Ok(transport.offer(first, desired)));
        let Some(Ok(Some((offer, sdp)))) = offered else {
            return;
        };
        self.drop_released(id);
        let Some(transport) = self.transports.get(&id) else {
            return;
        };
        let tracks = transport
            .negotiation
            .slots
            .iter()
            .filter(|slot| slot.state == SlotState::Taken)
            .filter_map(|slot| {
                Some(MidTrack {
                    mid: slot.mid.to_string(),
                    track: slot.track.as_ref()?.id.clone(),
                })
            })
            .collect();
        self.emit(Event::Offered {
            transport: id,
            offer,
            sdp,
            tracks,
        });
    }

    /// Publishers no longer send to m-lines that lost their track.
    fn drop_released(&mut self, id: TransportId) {
        let Some(transport) = self.transports.get(&id) else {
            return;
        };
        let slots = &transport.negotiation.slots;
        for (key, track) in self.tracks.iter_mut() {
            track.source.subscribers.retain(|&(other, slot)| {
                let carried = slots.get(slot).and_then(|slot| slot.track.as_ref());
                other != id || carried.is_some_and(|carried| carried.key == key)
            });
        }
    }

    /// Every subscriber looks at its wishes again: a track has come or gone.
    pub(crate) fn reconcile_all(&mut self, now: Instant, wanting: &str) {
        let ids: Vec<TransportId> = self
            .transports
            .values()
            .filter(|t| t.negotiation.wanted.iter().any(|w| w.track == wanting))
            .map(|t| t.id)
            .collect();
        for id in ids {
            self.reconcile(now, id);
        }
    }
}

impl Transport {
    fn offer(
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
    fn abandon_offer(&mut self) {
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

    fn settle_slots(&mut self) {
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

/// Both sides of each audio and video m-line put together.
fn offered_media(offer: &[Section], answer: &[Section]) -> Vec<OfferedMedia> {
    offer
        .iter()
        .filter_map(|section| {
            let kind = section.kind?;
            let answered = answer.iter().find(|a| a.mid == section.mid);
            let accepted = answered.is_some_and(|a| a.receives && !a.refused);
            Some(OfferedMedia {
                mid: section.mid.clone(),
                kind,
                stream_id: section.stream_id.clone(),
                track_id: section.track_id.clone(),
                mime_type: answered.map(|a| a.mime_type.clone()).unwrap_or_default(),
                rids: section.rids.clone(),
                sending: section.sends && !section.refused && accepted,
            })
        })
        .collect()
}
