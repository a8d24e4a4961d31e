//! Media from publishers: packets of each layer go into its store and on to the track's subscribers.

use crate::codecs::DependencyDescriptor;
use crate::command::TransportId;
use crate::engine::Engine;
use crate::event::{MediaKind, OfferedMedia};
use crate::formats::{self, Incoming};
use crate::media::{MediaPacket, Ntp, ReportClock};
use crate::tracks::Home;
use std::collections::HashMap;
use std::time::{Duration, Instant, UNIX_EPOCH};
use str0m::media::{Mid, Rid, SenderFeedback};
use str0m::rtp::{RtpPacket, Ssrc};

/// Streams a publisher may have; more only come from one that plays with us.
const STREAM_LIMIT: usize = 256;
/// SSRCs of a publisher, those of retransmissions included, that are let through to str0m.
const SSRC_LIMIT: usize = 512;
/// Above the limit, one that was silent for this long makes room.
const SSRC_PATIENCE: Duration = Duration::from_secs(60);

/// What is known of a publisher transport's media.
#[derive(Default)]
pub struct Uplink {
    pub media: Vec<OfferedMedia>,
    formats: formats::Table,
    /// Cache of str0m's knowledge, emptied by every negotiation.
    streams: HashMap<Ssrc, (Mid, Option<Rid>)>,
    /// SSRCs that a packet with a right tag had, and when each was heard last.
    proven: HashMap<u32, Instant>,
}

impl Uplink {
    fn prove(&mut self, now: Instant, ssrc: u32) -> bool {
        if self.proven.len() >= SSRC_LIMIT {
            self.proven
                .retain(|_, heard| now.saturating_duration_since(*heard) < SSRC_PATIENCE);
        }
        let room = self.proven.len() < SSRC_LIMIT;
        if room {
            self.proven.insert(ssrc, now);
        }
        room
    }
}

impl Engine {
    /// Whether an RTP datagram of a publisher may go to str0m, which gives m-lines to SSRCs before it checks a tag: who only
    /// writes a client's address on his datagrams could take its streams away. So the first packet of an SSRC is opened
    /// here as well.
    pub(crate) fn admits(&mut self, now: Instant, id: TransportId, bytes: &[u8]) -> bool {
        let Some(transport) = self.transports.get_mut(&id) else {
            return false;
        };
        let ssrc = bytes.get(8..).and_then(|rest| rest.first_chunk());
        let (Some(ssrc), Some(open)) = (ssrc, transport.downlink.open.as_mut()) else {
            return false;
        };
        let ssrc = u32::from_be_bytes(*ssrc);
        if let Some(heard) = transport.uplink.proven.get_mut(&ssrc) {
            *heard = now;
            return true;
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(bytes);
        open.open_rtp(&mut self.scratch).is_some() && transport.uplink.prove(now, ssrc)
    }

    pub(crate) fn offer_accepted(&mut self, now: Instant, id: TransportId, media: &[OfferedMedia]) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        transport.uplink.media = media.to_vec();
        transport.uplink.streams.clear();
        transport.uplink.formats = formats::Table::new(transport.rtc.codec_config().params());
        let (mut known, mut changed) = (Vec::new(), Vec::new());
        for (key, track) in self.tracks.iter_mut() {
            let at = |m: &&OfferedMedia| track.home == Home::Here(id, Mid::from(m.mid.as_str()));
            if let Some(offered) = media.iter().find(at) {
                changed.push(key);
                if track.kind.is_none() {
                    known.push(track.id.clone());
                }
                track.kind = Some(offered.kind);
                track.source.changes = 0;
                track.source.rids.clone_from(&offered.rids);
            }
        }
        for key in changed {
            self.export_state(key);
        }
        for track in known {
            self.reconcile_all(now, &track);
        }
    }

    pub(crate) fn receive_rtp(&mut self, now: Instant, id: TransportId, packet: RtpPacket) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let ssrc = packet.header.ssrc;
        let known = transport.uplink.streams.get(&ssrc).copied();
        let place = known.or_else(|| {
            let mut api = transport.rtc.direct_api();
            let stream = api.stream_rx(&ssrc)?;
            Some((stream.mid(), stream.rid()))
        });
        let Some((mid, rid)) = place else {
            return;
        };
        if known.is_none() && transport.uplink.streams.len() < STREAM_LIMIT {
            transport.uplink.streams.insert(ssrc, (mid, rid));
        }
        let Some(format) = transport.uplink.formats.get(*packet.header.payload_type) else {
            self.metrics.packets_dropped += 1;
            return;
        };
        let Some(key) = self.tracks.at(id, mid) else {
            return;
        };
        self.receive_layer(now, key, *ssrc, rid, format);
        self.receive_media(now, key, *ssrc, media_packet(now, &packet, format));
    }

    pub(crate) fn receive_report(&mut self, id: TransportId, report: &SenderFeedback) {
        let Some(key) = self.tracks.at(id, report.mid) else {
            return;
        };
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let rate = match track.kind {
            Some(MediaKind::Audio) => 48_000,
            _ => 90_000,
        };
        let info = &report.sender_info;
        let ssrc = *info.ssrc;
        let Some(layer) = track.source.layers.iter_mut().find(|l| l.ssrc == ssrc) else {
            return;
        };
        let Ok(ntp) = info.ntp_time.duration_since(UNIX_EPOCH) else {
            return;
        };
        let clock = ReportClock {
            ntp: Ntp::from_unix(ntp),
            rtp: info.rtp_time.numer() as u32,
            at: report.received_at,
            rate,
        };
        layer.clock = Some(clock);
        self.export_clock(key, ssrc, clock);
    }
}

fn media_packet(now: Instant, packet: &RtpPacket, format: Incoming) -> MediaPacket {
    let header = &packet.header;
    let values = &header.ext_vals;
    let mut media = MediaPacket::new(
        format.codec,
        *packet.seq_no,
        header.timestamp,
        header.marker,
        packet.payload.clone(),
        now,
    );
    media.red = format.red;
    // str0m tells decibels, which are negative; the wire carries them without the sign.
    media.audio_level = values
        .audio_level
        .map(|level| level.unsigned_abs().min(127));
    media.voice_activity = values.voice_activity.unwrap_or_default();
    media.orientation = values
        .video_orientation
        .map(|orientation| orientation as u8);
    let descriptor = values.user_values.get::<DependencyDescriptor>();
    media.dependency_descriptor = descriptor.map(|descriptor| descriptor.0.as_slice().into());
    media
}

#[cfg(test)]
#[path = "uplink_tests.rs"]
mod tests;
