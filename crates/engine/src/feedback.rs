//! What clients say by RTCP: key frame requests, missing packets, how it arrives, what their clocks show.

mod rtx;

pub use rtx::{Room, RtxBudget};

use crate::command::TransportId;
use crate::downlink::{EgressPath, payload_form};
use crate::engine::Engine;
use crate::media::ingest::round_trip;
use crate::media::rtcp::{self, Feedback};
use crate::media::twcc::Report;
use crate::outbox;
use crate::tracks::TrackKey;
use std::time::{Duration, Instant};

/// The publisher may still bring a packet that we lack; after this time a key frame has to help.
const HOLE_PATIENCE: Duration = Duration::from_millis(150);
/// So few losses in one report are chance: of a voice that rests (DTX) a report covers three packets, and one of them is a heavy loss.
const FEW_LOST: u32 = 1;
/// Packets that the transport-wide feedback of one datagram may tell of or pass over; more than anybody remembers is noise.
const MAX_STATUSES: usize = 4_096;

impl Engine {
    /// An SRTCP datagram.
    pub(crate) fn receive_rtcp(&mut self, now: Instant, id: TransportId, bytes: &[u8]) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let mut datagram = std::mem::take(&mut self.scratch);
        datagram.clear();
        datagram.extend_from_slice(bytes);
        let mut findings = std::mem::take(&mut self.findings);
        findings.clear();
        let open = transport.open.as_mut();
        let opened = open.and_then(|open| open.open_rtcp(&mut datagram));
        match opened.and_then(|len| datagram.get(..len)) {
            Some(compound) => {
                rtcp::parse(compound, &mut findings);
            }
            None => self.metrics.packets_dropped += 1,
        }
        let mut statuses = MAX_STATUSES;
        for finding in &findings {
            match *finding {
                Feedback::Arrivals { start, len } => {
                    let message = datagram.get(start..start + len);
                    let report = message.and_then(Report::parse);
                    let fits = |report: &Report| report.len().max(1) <= statuses;
                    if let Some(report) = report.filter(fits) {
                        let looked_for = self.hear_arrivals(now, id, &report);
                        statuses = statuses.saturating_sub(looked_for.max(1));
                    }
                }
                finding => self.hear(now, id, finding),
            }
        }
        self.scratch = datagram;
        self.findings = findings;
    }

    fn hear(&mut self, now: Instant, id: TransportId, feedback: Feedback) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        match feedback {
            Feedback::KeyframeRequest { ssrc } => {
                if let Some((slot, key)) = transport.slot_by_ssrc(&self.senders, ssrc) {
                    self.repair_picture(now, id, slot, key);
                }
            }
            Feedback::Nack { ssrc, missing } => {
                let Some((slot, key)) = transport.slot_by_ssrc(&self.senders, ssrc) else {
                    return;
                };
                let sender = transport.sender(slot, key);
                let share = sender.and_then(|name| Some(&self.senders.get(name)?.share));
                let news = |seq: &u16| share.is_some_and(|share| share.is_since_resumed(*seq));
                let count = missing.seqs().filter(news).count();
                if transport.allocation.budget.hear_missing(now, count) {
                    self.allocate(now, id);
                }
                for seq in missing.seqs() {
                    self.metrics.nacks += 1;
                    let Some(transport) = self.transports.get_mut(&id) else {
                        return;
                    };
                    let room = transport.allocation.room(now);
                    // Looking costs too, so what is not found is paid for as well.
                    if !transport.rtx_budget.take(now, room) {
                        self.metrics.packets_dropped += 1;
                        // A key frame mends so much loss, where there is room for it.
                        if room == Room::Free {
                            self.repair_picture(now, id, slot, key);
                        }
                        return;
                    }
                    self.retransmit(now, id, slot, key, seq);
                }
            }
            Feedback::Reception(reception) => {
                let Some((slot, key)) = transport.slot_by_ssrc(&self.senders, reception.ssrc)
                else {
                    return;
                };
                let source = self.tracks.get(key).map(|track| &track.source);
                let sender = transport.sender(slot, key);
                let (mut began, mut lost) = (None, 0);
                if let Some(sender) = sender.and_then(|sender| self.senders.get_mut(sender)) {
                    began = sender.share.reported.replace(now);
                    let layer = source.zip(sender.munger.current());
                    let clock = layer.and_then(|(source, id)| source.layer(id)?.clock);
                    let middle = clock.map(|clock| clock.extrapolate(now).0.middle());
                    let rtt = middle.and_then(|middle| reception.round_trip(middle));
                    lost = sender.received.note(&reception, rtt);
                }
                if lost > FEW_LOST {
                    self.hear_losses(now, id, &reception, began);
                }
            }
            Feedback::SenderReport { ssrc, ntp, rtp } => {
                self.receive_report(now, id, ssrc, ntp, rtp);
            }
            Feedback::ReferenceEcho { last, delay } => {
                let middle = self.reference_time(now).middle();
                if let Some(rtt) = round_trip(middle, last, delay)
                    && let Some(transport) = self.transports.get_mut(&id)
                {
                    transport.uplink.round_trip = Some(rtt);
                }
            }
            Feedback::Remb { bitrate } => self.hear_estimate(now, id, bitrate),
            Feedback::Arrivals { .. } | Feedback::Goodbye { .. } => {}
        }
    }

    fn retransmit(&mut self, now: Instant, id: TransportId, slot: usize, key: TrackKey, seq: u16) {
        let moment = self.moment(now);
        let (Some(transport), Some(track)) = (self.transports.get(&id), self.tracks.get(key))
        else {
            return;
        };
        let sender = transport.sender(slot, key);
        let Some(sender) = sender.and_then(|sender| self.senders.get_mut(sender)) else {
            return;
        };
        // A paused picture begins with a key frame again; until then the path has no room for it.
        if sender.share.is_paused() {
            return;
        }
        let origin = sender.munger.origin(seq);
        let stored = origin.and_then(|origin| {
            let layer = track.source.layer(origin.layer)?;
            let packet = layer.store.get(origin.in_seq)?;
            // The payload type is that of the codec that comes now.
            let incoming = track.source.format.filter(|f| f.codec == packet.codec)?;
            Some((origin, packet, incoming))
        });
        let Some((origin, packet, incoming)) = stored else {
            if sender.lacks(seq, now) {
                self.repair_picture(now, id, slot, key);
            }
            return;
        };
        let outgoing = sender.format(&incoming.spec, &self.transports);
        let Some((outgoing, rtx)) = outgoing.and_then(|o| Some((o, o.rtx?))) else {
            return;
        };
        let Some(EgressPath {
            seal: Some(seal),
            route: Some(route),
            tail,
            numbers,
        }) = self.egress.get_mut(sender.egress)
        else {
            return;
        };
        let form = payload_form(packet, &outgoing).1;
        let number = sender.rtx_seq;
        sender.rtx_seq += 1;
        let out = &sender.out;
        let rewrite = origin.rewrite(packet);
        let stamp = numbers.stamp(moment.abs_send_time);
        let mut whole = 0;
        let sent = self
            .outbox
            .couple(tail, *route, outbox::Class::Video, |arena| {
                let start = arena.len();
                let header = out.build_rtx(arena, packet, &rewrite, rtx, number, form, stamp);
                let sealed =
                    header.and_then(|header| seal.seal_last(arena, start, header, number).ok());
                whole = sealed.unwrap_or_default();
                sealed.is_some()
            });
        if sent {
            numbers.note(&sender.out, whole, now);
            self.metrics.retransmitted += 1;
            self.metrics.packets_out += 1;
        }
    }
}

impl crate::downlink::Sender {
    /// Notes a packet that nobody has. True when it has been missing for long.
    fn lacks(&mut self, seq: u16, now: Instant) -> bool {
        match self.hole {
            Some((known, since)) if known == seq => {
                let long = now.saturating_duration_since(since) >= HOLE_PATIENCE;
                if long {
                    self.hole = None;
                }
                long
            }
            // A newer hole waits its turn: as long as the old one is asked for, it is the one that hurts.
            Some((_, since)) if now.saturating_duration_since(since) < 4 * HOLE_PATIENCE => false,
            _ => {
                self.hole = Some((seq, now));
                false
            }
        }
    }
}
