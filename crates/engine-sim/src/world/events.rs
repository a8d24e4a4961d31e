//! What follows from what the engine tells.

use super::{Content, DESCRIPTIONS, SIGNALLING, World, number};
use crate::feed::Kind;
use crate::rules::Rule;
use engine::command::{Command, TransportId, TransportRole};
use engine::event::{Event, MidTrack};

impl World {
    pub(super) fn note(&mut self, event: Event) {
        let kind = match event {
            Event::Offered {
                transport,
                offer,
                sdp,
                tracks,
            } => {
                self.truth.offered(transport, &sdp, &tracks, number);
                self.keep(&sdp);
                let answer = self
                    .clients
                    .get_mut(&transport)
                    .and_then(|client| client.answer(&sdp));
                if let Some(sdp) = answer {
                    let answer = Command::AcceptAnswer {
                        transport,
                        offer,
                        sdp,
                    };
                    self.post(self.now + 2 * SIGNALLING, Content::Command(answer.into()));
                }
                "offered"
            }
            Event::Answered {
                transport,
                offer,
                sdp,
                tracks,
                ..
            } => {
                self.keep(&sdp);
                self.answered(transport, offer, &sdp, &tracks);
                "answered"
            }
            Event::SectionsRequired {
                transport,
                audio,
                video,
            } => {
                let required = self.required.entry(transport).or_default();
                *required = (required.0 + audio, required.1 + video);
                self.offer_sections(transport);
                "sections required"
            }
            Event::WantedLayers { track, spatial } => {
                if let Some(track) = number(&track) {
                    self.wanted_layers.insert(track, spatial);
                    self.follow(track, spatial);
                }
                "wanted layers"
            }
            Event::TransportClosed { transport, reason } => {
                if reason.starts_with("panic") {
                    self.observer
                        .rules
                        .add(self.now, transport, Rule::Panic, reason.clone());
                }
                self.ended.push((transport, reason));
                "transport closed"
            }
            Event::NegotiationFailed {
                transport, message, ..
            } => {
                let what = format!("negotiation failed: {message}");
                self.observer
                    .rules
                    .add(self.now, transport, Rule::Client, what);
                "negotiation failed"
            }
            Event::SubscriptionPaused { transport, track } => {
                if let Some(track) = number(&track) {
                    self.paused.insert((transport, track));
                    self.truth.paused(transport, track, self.now);
                }
                "paused"
            }
            Event::SubscriptionResumed { transport, track } => {
                if let Some(track) = number(&track) {
                    self.paused.remove(&(transport, track));
                    self.resumed.insert((transport, track), self.now);
                }
                "resumed"
            }
            Event::Quality {
                transport,
                loss_percent,
                rtt_ms,
            } => {
                self.qualities.insert(transport, (loss_percent, rtt_ms));
                "quality"
            }
            Event::SubscriptionFailed { .. } => "subscription failed",
            Event::SubscriptionStarted { .. } => "subscription started",
            Event::LayerStarted { .. } => "layer started",
            Event::TransportConnected { .. } => "transport connected",
            Event::DataReceived { .. } => "data",
            _ => "other",
        };
        *self.told.entry(kind).or_default() += 1;
    }

    fn answered(&mut self, transport: TransportId, offer: u32, sdp: &str, tracks: &[MidTrack]) {
        let Some((_, pending)) = self.offers.remove(&offer) else {
            return;
        };
        if let Some(client) = self.clients.get_mut(&transport) {
            if client.role == TransportRole::Single {
                self.truth.offered(transport, sdp, tracks, number);
            }
            client.accept(pending, sdp);
        }
        self.offer_sections(transport);
    }

    /// The m-lines that a single transport needs, unless an offer of its is under way: then after its answer.
    fn offer_sections(&mut self, transport: TransportId) {
        if self.offers.values().any(|(id, _)| *id == transport) {
            return;
        }
        let client = self.clients.get_mut(&transport);
        if let Some((audio, video)) = self.required.remove(&transport)
            && let Some(client) = client.filter(|client| client.alive())
        {
            let (sdp, pending) = client.offer_sections(audio, video);
            self.next_offer += 1;
            let offer = self.next_offer;
            self.offers.insert(offer, (transport, pending));
            let command = Command::AcceptOffer {
                transport,
                offer,
                sdp,
            };
            self.post(self.now + 2 * SIGNALLING, Content::Command(command.into()));
        }
    }

    /// A publisher makes what somebody wants.
    fn follow(&mut self, track: u16, spatial: u8) {
        let truth = self.truth.tracks.get(&track).filter(|_| self.dynacast);
        let Some((id, kind)) = truth.map(|truth| (truth.transport, truth.kind)) else {
            return;
        };
        let now = self.now;
        if let Some(client) = self.clients.get_mut(&id) {
            match kind {
                Kind::Simulcast => {
                    (0..3).for_each(|layer| client.run_layer(track, layer, layer <= spatial, now))
                }
                _ => client
                    .feeds(track)
                    .for_each(|feed| feed.show_layers(spatial + 1)),
            }
        }
    }

    pub(super) fn keep(&mut self, description: &str) {
        if self.descriptions.len() < DESCRIPTIONS {
            self.descriptions.push(description.to_owned());
        }
    }
}
