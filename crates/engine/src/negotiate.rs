//! Offers and answers. Publishers offer and we answer; so do clients with a single transport, and there the answer carries
//! tracks to them too. Towards subscribers we offer: one offer is in flight, what is wanted meanwhile is looked at when its
//! answer has come.

use crate::command::{TransportId, TransportRole, WantedTrack};
use crate::engine::Engine;
use crate::event::{Event, MediaKind, MidTrack, OfferedMedia};
use crate::ids::IdSet;
use crate::restart::Restart;
use crate::sdp::{self, Section};
use crate::sdp_job::{Parsed, SdpJob, SdpResult};
use crate::single::Request;
use crate::slots::{Slot, SlotState};
use crate::tracks::TrackKey;
use crate::transport::Transport;
use std::time::Instant;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};

/// Descriptions of one transport that may wait for the parser.
const JOB_LIMIT: u32 = 8;

#[derive(Default)]
pub struct Negotiation {
    /// Descriptions that are being read.
    pub jobs: u32,
    pub wanted: Vec<WantedTrack>,
    /// The first `subscribe` has come.
    started: bool,
    pub last_offer: u32,
    pub in_flight: Option<InFlight>,
    pub slots: Vec<Slot>,
    /// Tracks that this subscriber was told it cannot have.
    pub failed: Vec<TrackKey>,
    /// Tracks that m-lines have lost, which may still flow there.
    pub released: Vec<TrackKey>,
    /// SSRCs that ended and whose end the subscriber is still to be told.
    pub ended: Vec<u32>,
    /// The newest SSRC that an m-line got for another track.
    pub last_ssrc: Option<u32>,
    /// What a client with a single transport has to offer.
    pub request: Request,
    /// The next offer restarts ICE.
    pub restarts: bool,
}

/// A track that is wanted and there.
pub struct Desired {
    pub key: TrackKey,
    pub kind: MediaKind,
    pub wanted: WantedTrack,
}

pub struct InFlight {
    pub offer: u32,
    pub pending: SdpPendingOffer,
    /// ICE begins anew with the answer.
    pub restart: Option<Restart>,
}

impl Engine {
    pub(crate) fn queue_offer(&mut self, id: TransportId, offer: u32, sdp: String) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let refused = if !transport.role.answers() {
            Some("offers to subscriber transports are ours to make")
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
        let desired = self.desired(id);
        if let Some(transport) = self.transports.get_mut(&id)
            && transport.role.sends()
        {
            transport.fit_tracks(&offered, desired, &mut self.senders);
        }
        let answer = self.operate(now, id, |transport| {
            let answer = transport.rtc.sdp_api().accept_offer(sdp);
            transport.settle_answer(answer.is_ok());
            transport.take_streams();
            answer.map(|answer| answer.to_sdp_string())
        });
        let mut answer = match answer {
            Some(Ok(answer)) => answer,
            Some(Err(error)) => return self.negotiation_failed(id, offer, error.to_string()),
            // The transport is gone, and its end has been told.
            None => return,
        };
        self.restart_ice(id, &mut answer);
        let asking = |section: &&Section| {
            section.kind != Some(MediaKind::Audio) || section.nack && section.sends
        };
        let others = offered.iter().filter(|section| !asking(section));
        let others: Vec<String> = others.map(|section| section.mid.clone()).collect();
        let answer = sdp::without_nack(&answer, &others);
        let answered = sdp::scan(&answer);
        let media = offered_media(&offered, &answered);
        self.offer_accepted(now, id, &media, &offered, &answered);
        let Some(transport) = self.transports.get(&id) else {
            return;
        };
        let (sdp, tracks) = transport.name_tracks(answer);
        self.emit(Event::Answered {
            transport: id,
            offer,
            sdp,
            media,
            tracks,
        });
        self.bind_offered(now, id);
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
        let restart = flight.restart;
        let result = self.operate(now, id, |transport| {
            transport.rtc.sdp_api().accept_answer(flight.pending, sdp)?;
            transport.settle_slots();
            transport.take_streams();
            Ok(())
        });
        match result {
            Some(Ok(())) => {
                self.settle_restart(id, restart);
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
        if !transport.role.sends() {
            return;
        }
        transport.negotiation.wanted = wanted;
        transport.negotiation.started = true;
        let failed = &mut transport.negotiation.failed;
        failed.retain(|key| self.tracks.get(*key).is_some());
        self.apply_wishes(now, id);
        self.reconcile(now, id);
    }

    /// Whether the subscriber has this track switched on.
    pub(crate) fn enabled(transport: &Transport, track: &str) -> bool {
        let wanted = &transport.negotiation.wanted;
        wanted.iter().any(|w| w.track == track && w.enabled)
    }

    /// What a transport wants of the tracks that there are, audio first.
    fn desired(&self, id: TransportId) -> Vec<Desired> {
        let negotiation = self.transports.get(&id).map(|t| &t.negotiation);
        let mut desired: Vec<Desired> = Vec::new();
        let mut known: IdSet<TrackKey> = IdSet::default();
        for wanted in negotiation.iter().flat_map(|n| &n.wanted) {
            let key = self.tracks.key(&wanted.track);
            let track = key.and_then(|key| Some((key, self.tracks.get(key)?.kind?)));
            if let Some((key, kind)) = track
                && !negotiation.is_some_and(|n| n.failed.contains(&key) && !n.carries(key))
                && known.insert(key)
            {
                let wanted = wanted.clone();
                desired.push(Desired { key, kind, wanted });
            }
        }
        desired.sort_by_key(|desired| desired.kind == MediaKind::Video);
        desired
    }

    /// Makes an offer if what is wanted differs from what the m-lines carry and no offer is in flight, or has the client make one.
    pub(crate) fn reconcile(&mut self, now: Instant, id: TransportId) {
        let desired = self.desired(id);
        self.exchange(now, id, &desired);
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let negotiation = &transport.negotiation;
        if !negotiation.started || negotiation.in_flight.is_some() || negotiation.jobs > 0 {
            return;
        }
        let mut wanted = negotiation.wanted.iter();
        if wanted.any(|w| self.expected.contains_key(&w.track)) {
            return;
        }
        if transport.role == TransportRole::Single {
            return self.require_sections(id, &desired);
        }
        let first = transport.data.reliable.is_none();
        let changes = transport.negotiation.assign(desired, &mut self.senders);
        let ufrag = self.new_ufrag(id);
        let offered = self.operate(now, id, |transport| {
            Ok(transport.offer(first, changes, ufrag))
        });
        self.say_ended(id);
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
    pub(crate) fn drop_released(&mut self, id: TransportId) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let released = std::mem::take(&mut transport.negotiation.released);
        let slots = &transport.negotiation.slots;
        for key in released {
            let Some(track) = self.tracks.get_mut(key) else {
                continue;
            };
            track.source.subscribers.retain(|subscriber| {
                let slot = slots.get(subscriber.slot);
                let carried = slot.and_then(|slot| slot.track.as_ref());
                subscriber.transport != id || carried.is_some_and(|carried| carried.key == key)
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
