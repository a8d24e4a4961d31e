//! What a subscriber's path carries, by transport-wide feedback, and padding that is sent for a moment to find out whether it
//! carries more.

use crate::allocation::Allocation;
use crate::command::TransportId;
use crate::downlink::EgressPath;
use crate::engine::Engine;
use crate::event::MediaKind;
use crate::media::bandwidth::{PROBE_LENGTH, Told};
use crate::media::twcc::Report;
use crate::outbox::Class;
use std::time::{Duration, Instant};

/// From one burst of padding to the next.
const STEP: Duration = Duration::from_millis(10);
/// A burst makes up for no more time than this.
const LONGEST_STEP: Duration = Duration::from_millis(30);
/// Padding of one packet, the most that there can be (RFC 3550 section 5.1), and about what its header, tag and addresses take.
const PADDING: u64 = 255;
const OVERHEAD: u64 = 50;

/// A probe on its way.
#[derive(Debug, Clone, Copy)]
pub struct Padding {
    /// bit/s of padding, beside what is sent anyway.
    rate: u64,
    until: Instant,
    /// When the last burst left.
    last: Instant,
}

impl Engine {
    /// What a subscriber says of the packets of its transport. Returns how many packets had to be looked for, those that it passes over too.
    pub(crate) fn hear_arrivals(
        &mut self,
        now: Instant,
        id: TransportId,
        report: &Report,
    ) -> usize {
        let Some(transport) = self.transports.get_mut(&id) else {
            return 0;
        };
        let egress = self.egress.get_mut(transport.egress);
        let Some(log) = egress.and_then(|egress| egress.numbers.sent.as_mut()) else {
            return 0;
        };
        self.told.clear();
        let over = log.passed_over(report.base(), report.len());
        let looked_for = over.len() + report.len();
        for seq in over {
            let sent = log.missing(seq, now);
            self.told.extend(sent.map(|sent| Told {
                sent: sent.at,
                arrived: None,
                bytes: sent.bytes,
            }));
        }
        for status in report.statuses() {
            let arrived = status.arrived;
            let sent = match arrived {
                Some(_) => log.arrived(status.seq, now),
                None => log.missing(status.seq, now),
            };
            self.told.extend(sent.map(|sent| Told {
                sent: sent.at,
                arrived,
                bytes: sent.bytes,
            }));
        }
        let Allocation {
            gcc,
            probing,
            unheard,
            budget,
            outcome,
            voice,
            ..
        } = &mut transport.allocation;
        let gcc = gcc.get_or_insert_default();
        gcc.hear(now, log.micros(now), &self.told);
        *unheard &= self.told.is_empty();
        let probed = gcc.take_probed(now);
        if let Some(carried) = probed {
            probing.ended(now, carried);
        }
        let overload = budget.hear(now, gcc.as_mut(), outcome.rate);
        let loss = gcc.take_loss(now);
        let lossy = loss.is_some_and(|loss| budget.hear_loss(now, loss, outcome.rate, *voice));
        if overload || lossy {
            probing.hold(now);
        }
        if overload || lossy || probed.is_some() {
            self.allocate(now, id);
        }
        looked_for
    }

    /// Begins to probe a path if it is time.
    pub(crate) fn probe(&mut self, now: Instant, id: TransportId) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let log = self.egress.get(transport.egress);
        let log = log.and_then(|egress| egress.numbers.sent.as_ref());
        let allocation = &mut transport.allocation;
        let (wanted, sent) = (allocation.outcome.wanted, allocation.outcome.rate);
        let limit = allocation.budget.limit();
        if allocation.probing.is_unheard(now) {
            allocation.unheard = true;
            allocation.padding = None;
            allocation.gcc.iter_mut().for_each(|gcc| gcc.give_up());
        }
        let (Some(gcc), Some(log), Some(limit)) = (&mut allocation.gcc, log, limit) else {
            return;
        };
        let goal = allocation.probing.begin(now, limit, wanted, gcc.queue());
        let Some(goal) = goal else {
            return;
        };
        gcc.begin_probe(log.micros(now));
        // Frames come as they come; half of the media is counted on.
        allocation.padding = Some(Padding {
            rate: goal.saturating_sub(sent / 2),
            until: now + PROBE_LENGTH,
            last: now,
        });
        self.probes.push((now + STEP, id));
    }

    /// More padding to everybody whose time it is.
    pub(crate) fn send_probes(&mut self, now: Instant) {
        let mut probes = std::mem::take(&mut self.probes);
        probes.retain_mut(|(at, id)| {
            if *at > now {
                return true;
            }
            *at = now + STEP;
            self.send_padding(now, *id)
        });
        probes.append(&mut self.probes);
        self.probes = probes;
    }

    /// False when the probe is over.
    fn send_padding(&mut self, now: Instant, id: TransportId) -> bool {
        let padding = self.transports.get_mut(&id);
        let Some(padding) = padding.and_then(|t| t.allocation.padding.as_mut()) else {
            return false;
        };
        let elapsed = now.saturating_duration_since(padding.last);
        let elapsed = elapsed.min(LONGEST_STEP).as_micros() as u64;
        let bytes = padding.rate * elapsed / 8_000_000;
        padding.last = now;
        let over = now >= padding.until;
        let count = bytes.div_ceil(PADDING + OVERHEAD).max(1);
        let each = (bytes / count).saturating_sub(OVERHEAD).clamp(1, PADDING);
        for _ in 0..count {
            self.send_padding_packet(now, id, each as u8);
        }
        if !over {
            return true;
        }
        if let Some(transport) = self.transports.get_mut(&id) {
            let log = self.egress.get(transport.egress);
            let log = log.and_then(|egress| egress.numbers.sent.as_ref());
            transport.allocation.padding = None;
            if let (Some(log), Some(gcc)) = (log, &mut transport.allocation.gcc) {
                gcc.end_probe(log.micros(now));
            }
        }
        false
    }

    /// One packet of nothing but padding on the first RTX stream that there is.
    fn send_padding_packet(&mut self, now: Instant, id: TransportId, bytes: u8) -> Option<()> {
        let moment = self.moment(now);
        let transport = self.transports.get(&id)?;
        let slots = transport.negotiation.slots.iter();
        let videos = slots.filter(|slot| slot.kind == MediaKind::Video);
        let carrier = videos.filter_map(|slot| {
            let track = slot.track.as_ref().filter(|track| track.bound)?;
            let format = self.tracks.get(track.key)?.source.format?;
            let sender = self.senders.get(slot.sender?)?;
            let ids = &sender.out.extensions;
            (sender.out.rtx_ssrc.is_some() && ids.transport_seq.is_some())
                .then_some((slot.sender?, format))
        });
        let (name, format) = carrier.into_iter().next()?;
        let sender = self.senders.get_mut(name)?;
        let rtx = sender.format(&format.spec, &self.transports)?.rtx?;
        let EgressPath {
            seal: Some(seal),
            route: Some(route),
            tail,
            numbers,
        } = self.egress.get_mut(sender.egress)?
        else {
            return None;
        };
        let stamp = numbers.stamp(moment.abs_send_time);
        let number = sender.rtx_seq;
        sender.rtx_seq += 1;
        let out = &sender.out;
        let mut whole = 0;
        let sent = self.outbox.couple(tail, *route, Class::Video, |arena| {
            let start = arena.len();
            let header = out.build_padding(arena, rtx, number, bytes, stamp);
            let sealed =
                header.and_then(|header| seal.seal_last(arena, start, header, number).ok());
            whole = sealed.unwrap_or_default();
            sealed.is_some()
        });
        if sent {
            numbers.note(out, whole, now);
            self.metrics.packets_out += 1;
        }
        Some(())
    }
}
