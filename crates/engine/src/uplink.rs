//! Media from publishers.

use crate::command::TransportId;
use crate::engine::Engine;
use crate::event::OfferedMedia;
use crate::tracks::Track;
use std::time::Instant;
use str0m::media::{Mid, SenderFeedback};
use str0m::rtp::RtpPacket;

#[derive(Default)]
pub struct Uplink {
    media: Vec<OfferedMedia>,
}

#[derive(Default)]
pub struct Source {}

impl Engine {
    pub(crate) fn publish(&mut self, now: Instant, id: &str, transport: TransportId, mid: &str) {
        let mid = Mid::from(mid);
        let Some(owner) = self.transports.get(&transport) else {
            return;
        };
        let known = self.tracks.key(id).and_then(|key| self.tracks.get(key));
        if known.is_some_and(|track| track.transport == transport && track.mid == mid) {
            return;
        }
        let kind = owner.uplink.media.iter().find(|m| Mid::from(m.mid.as_str()) == mid).map(|m| m.kind);
        self.tracks.insert(Track { id: id.to_owned(), transport, mid, kind, muted: false, source: Source::default() });
        self.reconcile_all(now, id);
    }

    pub(crate) fn unpublish(&mut self, now: Instant, id: &str) {
        if let Some(key) = self.tracks.key(id) {
            self.tracks.remove(key);
            self.reconcile_all(now, id);
        }
    }

    pub(crate) fn set_muted(&mut self, _now: Instant, id: &str, muted: bool) {
        if let Some(track) = self.tracks.key(id).and_then(|key| self.tracks.get_mut(key)) {
            track.muted = muted;
        }
    }

    pub(crate) fn offer_accepted(&mut self, _now: Instant, id: TransportId, media: &[OfferedMedia]) {
        if let Some(transport) = self.transports.get_mut(&id) {
            transport.uplink.media = media.to_vec();
        }
    }

    pub(crate) fn receive_rtp(&mut self, _now: Instant, _id: TransportId, _packet: RtpPacket) {}

    pub(crate) fn receive_report(&mut self, _id: TransportId, _report: &SenderFeedback) {}

    pub(crate) fn media_housekeeping(&mut self, _now: Instant) {}
}
