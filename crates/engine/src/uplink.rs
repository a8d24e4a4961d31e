//! Media from publishers: a datagram is opened, given to its m-line and layer, counted, and goes on as a packet of a track.

use crate::command::TransportId;
use crate::engine::Engine;
use crate::event::{MediaKind, OfferedMedia};
use crate::extensions::{Extensions, Said};
use crate::formats::{self, Incoming};
use crate::media::bundle::{Bundle, Line, Place, Signalled};
use crate::media::ingest::Receiver;
use crate::media::rtp::{self, Header};
use crate::media::twcc::Arrivals;
use crate::media::{MediaPacket, Ntp, ReportClock};
use crate::sdp::Section;
use crate::upstream::Schedule;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};
use str0m::Rtc;
use str0m::media::{Mid, Rid};

/// What is known of a publisher transport's media.
#[derive(Default)]
pub struct Uplink {
    pub media: Vec<OfferedMedia>,
    formats: formats::Table,
    extensions: Extensions,
    bundle: Bundle,
    /// M-lines whose packets may be asked for again.
    nacks: Vec<Mid>,
    /// The streams of media, by SSRC; none is here that `bundle` does not know.
    pub receivers: HashMap<u32, Receiver>,
    /// Packets with a transport-wide number, where the client writes it.
    pub arrivals: Option<Arrivals>,
    pub schedule: Schedule,
    pub round_trip: Option<Duration>,
}

/// A packet of media that is to go on.
struct Received {
    place: Place,
    ssrc: u32,
    format: Incoming,
    packet: MediaPacket,
}

impl Uplink {
    /// Takes what an offer and its answer agree on.
    fn negotiated(&mut self, rtc: &Rtc, now: Instant, offer: &[Section], answer: &[Section]) {
        let both = offer.iter().filter_map(|offered| {
            let answered = answer.iter().find(|a| a.mid == offered.mid)?;
            let sends = offered.kind.is_some() && offered.sends && answered.receives;
            (sends && !answered.refused).then_some((offered, answered))
        });
        let both: Vec<(&Section, &Section)> = both.collect();
        self.formats = formats::Table::new(rtc.codec_config().params());
        let mids = both
            .iter()
            .map(|(section, _)| Mid::from(section.mid.as_str()));
        let rids = both.iter().flat_map(|(section, _)| &section.rids);
        let rids = rids.map(|rid| Rid::from(rid.as_str()));
        self.extensions = Extensions::agreed(rtc, mids.collect(), rids.collect());
        let nacks = both.iter().filter(|(_, answered)| answered.nack);
        self.nacks = nacks.map(|(s, _)| Mid::from(s.mid.as_str())).collect();
        let lines = both
            .iter()
            .map(|(offered, answered)| line(offered, answered));
        self.bundle.negotiated(lines.collect(), now);
        let bundle = &self.bundle;
        self.receivers
            .retain(|ssrc, _| bundle.known(*ssrc).is_some());
        if self.extensions.transport_number.is_none() {
            self.arrivals = None;
        } else {
            self.arrivals.get_or_insert_with(|| Arrivals::new(now));
        }
    }

    /// Where a known stream belongs.
    pub fn place(&self, ssrc: u32) -> Option<Place> {
        self.bundle.known(ssrc)
    }

    /// Whether a datagram may be of a stream that we take; asked before it is opened.
    fn admits(&self, datagram: &[u8], now: Instant) -> bool {
        let ssrc = datagram.get(8..).and_then(|rest| rest.first_chunk());
        ssrc.is_some_and(|ssrc| self.bundle.admits(u32::from_be_bytes(*ssrc), now))
    }

    /// Takes an authentic packet in the clear. `index` is its extended sequence number. None for what is no media of a known place.
    fn receive(&mut self, now: Instant, packet: &[u8], index: u64) -> Option<Received> {
        self.schedule.hole = None;
        let header = Header::parse(packet)?;
        let mut said = self.extensions.read(&header);
        said.labels.payload_type = header.payload_type;
        said.labels.repairs = self.formats.repaired(header.payload_type).is_some();
        if let (Some(arrivals), Some(number)) = (&mut self.arrivals, said.transport_number) {
            arrivals.note(number, now);
        }
        let payload = rtp::payload(packet, &header)?;
        let place = self.bundle.place(header.ssrc, &said.labels, now)?;
        if place.repairs.is_some() {
            return self.repair(now, &header, place, &said, payload);
        }
        let format = self.formats.get(header.payload_type)?;
        if !self.receivers.contains_key(&header.ssrc) {
            // It may have taken the room of one that fell silent.
            let bundle = &self.bundle;
            self.receivers
                .retain(|ssrc, _| bundle.known(*ssrc).is_some());
        }
        let nacks = self.nacks.contains(&place.mid);
        let receiver = self.receivers.entry(header.ssrc);
        let receiver =
            receiver.or_insert_with(|| Receiver::new(format.codec.clock_rate(), nacks, now));
        receiver.arrived(index, header.timestamp, now);
        self.schedule.hole = receiver.nack.as_ref().and_then(|nack| nack.due());
        Some(Received {
            place,
            ssrc: header.ssrc,
            format,
            packet: media_packet(now, &header, index, payload, format, &said),
        })
    }

    /// A packet of a retransmission stream (RFC 4588): the number of what it repeats stands in front of the payload. Padding, which probes
    /// the path, has none.
    fn repair(
        &mut self,
        now: Instant,
        header: &Header,
        place: Place,
        said: &Said,
        payload: &[u8],
    ) -> Option<Received> {
        let (original, payload) = payload.split_first_chunk()?;
        let format = self
            .formats
            .get(self.formats.repaired(header.payload_type)?)?;
        let ssrc = self.bundle.repaired(&place)?;
        let receiver = self.receivers.get_mut(&ssrc)?;
        let index = receiver.repaired(u16::from_be_bytes(*original), now)?;
        Some(Received {
            place: Place {
                repairs: None,
                ..place
            },
            ssrc,
            format,
            packet: media_packet(now, header, index, payload, format, said),
        })
    }
}

/// Both sides of an m-line that the client sends on.
fn line(offered: &Section, answered: &Section) -> Line {
    let rids: Vec<Rid> = offered.rids.iter().map(|r| Rid::from(r.as_str())).collect();
    let repairs = |ssrc: u32| {
        let pair = offered.repairs.iter().find(|(_, repair)| *repair == ssrc);
        pair.map(|(main, _)| *main)
    };
    let layer = |ssrc: u32| {
        let main = repairs(ssrc).unwrap_or(ssrc);
        offered.layers.iter().position(|layer| *layer == main)
    };
    let streams = offered.ssrcs.iter().filter_map(|&ssrc| {
        let rid = layer(ssrc).and_then(|at| rids.get(at).copied());
        // Where names make the layers, the order of SSRCs tells nothing.
        (rids.is_empty() || rid.is_some()).then_some(Signalled {
            ssrc,
            rid,
            repairs: repairs(ssrc),
        })
    });
    Line {
        mid: Mid::from(offered.mid.as_str()),
        streams: streams.collect(),
        rids,
        payload_types: answered.payload_types.clone(),
    }
}

impl Engine {
    /// An offer was answered: which m-lines media may come on from now.
    pub(crate) fn offer_accepted(
        &mut self,
        now: Instant,
        id: TransportId,
        media: &[OfferedMedia],
        offer: &[Section],
        answer: &[Section],
    ) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        transport.uplink.media = media.to_vec();
        let rtc = &transport.rtc;
        transport.uplink.negotiated(rtc, now, offer, answer);
        let (mut known, mut changed) = (Vec::new(), Vec::new());
        let mut met = HashSet::new();
        for offered in media {
            let Some(key) = self.tracks.at(id, Mid::from(offered.mid.as_str())) else {
                continue;
            };
            // Of two m-lines with one name the first counts.
            if let Some(track) = self.tracks.get_mut(key)
                && met.insert(key)
            {
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

    /// An SRTP datagram of a publisher. Nothing of it is believed before its tag was right.
    pub(crate) fn receive_rtp(&mut self, now: Instant, id: TransportId, bytes: &[u8]) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let mut datagram = std::mem::take(&mut self.scratch);
        datagram.clear();
        datagram.extend_from_slice(bytes);
        let uplink = &mut transport.uplink;
        let open = transport.open.as_mut();
        let opened = open
            .filter(|_| uplink.admits(&datagram, now))
            .and_then(|open| open.open_rtp(&mut datagram));
        let packet = opened.and_then(|opened| Some((opened.index, datagram.get(..opened.len)?)));
        let received = packet.and_then(|(index, packet)| uplink.receive(now, packet, index));
        let proven = packet.is_some();
        self.scratch = datagram;
        if proven {
            self.schedule_feedback(now, id);
        } else {
            self.metrics.packets_dropped += 1;
        }
        let Some(received) = received else {
            return;
        };
        let Received {
            place,
            ssrc,
            format,
            packet,
        } = received;
        let Some(key) = self.tracks.at(id, place.mid) else {
            return;
        };
        // Padding alone makes no layer that could be shown.
        if !packet.payload.is_empty() {
            self.receive_layer(now, key, ssrc, place.rid, format);
        }
        self.receive_media(now, key, ssrc, packet);
    }

    /// A sender report of a publisher, about one of its streams.
    pub(crate) fn receive_report(
        &mut self,
        now: Instant,
        id: TransportId,
        ssrc: u32,
        ntp: Ntp,
        rtp: u32,
    ) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let Some(receiver) = transport.uplink.receivers.get_mut(&ssrc) else {
            return;
        };
        receiver.reported(ntp, now);
        let Some(place) = transport.uplink.place(ssrc) else {
            return;
        };
        let Some(key) = self.tracks.at(id, place.mid) else {
            return;
        };
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let rate = match track.kind {
            Some(MediaKind::Audio) => 48_000,
            _ => 90_000,
        };
        let Some(layer) = track.source.layers.iter_mut().find(|l| l.ssrc == ssrc) else {
            return;
        };
        let clock = ReportClock {
            ntp,
            rtp,
            at: now,
            rate,
            wall: id,
        };
        layer.clock = Some(clock);
        self.export_clock(key, ssrc, clock);
    }
}

fn media_packet(
    now: Instant,
    header: &Header,
    index: u64,
    payload: &[u8],
    format: Incoming,
    said: &Said,
) -> MediaPacket {
    let Header {
        timestamp, marker, ..
    } = *header;
    let codec = format.codec;
    let mut media = MediaPacket::new(codec, index, timestamp, marker, payload.into(), now);
    media.red = format.red;
    media.audio_level = said.audio_level.map(|level| level & 0x7F);
    media.voice_activity = said.audio_level.is_some_and(|level| level & 0x80 != 0);
    media.orientation = said.orientation;
    media.dependency_descriptor = said.dependency_descriptor.map(Into::into);
    media
}
