//! Sender reports to subscribers, and what their receiver reports say about the way there.

use crate::downlink::{EgressPath, Sender};
use crate::engine::Engine;
use crate::event::Event;
use crate::media::rtcp::{self, Reception, SenderInfo};
use crate::slab::Slab;
use crate::transport::Transport;
use std::time::{Duration, Instant};

const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Each interval is that one or less, at random (RFC 3550 section 6.3.1): reports to thousands that joined together do not leave together.
const REPORT_SPREAD: Duration = Duration::from_millis(500);
const QUALITY_INTERVAL: Duration = Duration::from_secs(5);
/// A compound packet stays below what fits everywhere.
const COMPOUND_LIMIT: usize = 1100;

/// The subscriber's view of one stream.
#[derive(Debug, Default, Clone, Copy)]
pub struct Received {
    now: Option<(i32, u32)>,
    /// At the last quality event.
    before: Option<(i32, u32)>,
    rtt: Option<Duration>,
}

impl Received {
    /// Returns how many packets were lost since the last report.
    pub fn note(&mut self, reception: &Reception, rtt: Option<Duration>) -> u32 {
        let state = (reception.lost, reception.highest);
        let before = self.now.replace(state).map_or(0, |(lost, _)| lost);
        self.before.get_or_insert(state);
        self.rtt = rtt.or(self.rtt);
        reception.lost.saturating_sub(before).max(0).unsigned_abs()
    }

    /// Lost and expected packets since the last call.
    fn take(&mut self) -> Option<(u32, u32)> {
        let (lost, highest) = self.now?;
        let (lost_before, highest_before) = self.before.replace((lost, highest))?;
        let expected = highest.wrapping_sub(highest_before);
        // Backwards: the stream began anew, or the report lies.
        if expected > u32::MAX / 2 {
            return None;
        }
        let lost = lost.wrapping_sub(lost_before).max(0).unsigned_abs();
        Some((lost.min(expected), expected))
    }
}

impl Engine {
    pub(crate) fn send_reports(&mut self, now: Instant) {
        let mut compound = Vec::new();
        for transport in self.transports.values() {
            let Some(EgressPath {
                seal: Some(seal),
                route: Some(route),
                ..
            }) = self.egress.get_mut(transport.egress)
            else {
                continue;
            };
            compound.clear();
            let mut flush = |compound: &mut Vec<u8>| {
                if !compound.is_empty() {
                    self.outbox
                        .build(*route, |arena| seal.seal_rtcp(compound, arena).is_ok());
                    compound.clear();
                }
            };
            for slot in &transport.negotiation.slots {
                let sender = slot.sender.and_then(|key| self.senders.get_mut(key));
                let (Some(sender), Some(track)) = (sender, slot.track.as_ref()) else {
                    continue;
                };
                let due = sender.report_at.is_none_or(|at| now >= at);
                let source = self.tracks.get(track.key).map(|track| &track.source);
                if let Some(info) = source.filter(|_| due).and_then(|s| info(sender, s, now)) {
                    let less = REPORT_SPREAD.mul_f64(self.random.share());
                    sender.report_at = Some(now + REPORT_INTERVAL - less);
                    rtcp::write_sender_report(&mut compound, &info, &sender.cname);
                    if compound.len() > COMPOUND_LIMIT {
                        flush(&mut compound);
                    }
                }
            }
            flush(&mut compound);
        }
    }

    /// How media arrives: at subscribers by their reports, from publishers as counted here.
    pub(crate) fn tell_quality(&mut self, now: Instant) {
        if now < self.next_quality {
            return;
        }
        self.next_quality = now + QUALITY_INTERVAL;
        let connected = self.transports.values_mut();
        let senders = &mut self.senders;
        let events: Vec<Event> = connected
            .filter(|transport| transport.connected)
            .map(|transport| quality(transport, senders))
            .collect();
        for event in events {
            self.emit(event);
        }
    }
}

/// The same moment on the publisher's clock and on the outgoing stream, so that audio and video stay in step.
fn info(sender: &Sender, source: &crate::source::Source, now: Instant) -> Option<SenderInfo> {
    let layer = source.layer(sender.munger.current()?)?;
    let (ntp, rtp) = layer.clock?.extrapolate(now);
    Some(SenderInfo {
        ssrc: sender.out.ssrc,
        ntp,
        rtp: sender.munger.map_timestamp(layer.id, rtp)?,
        packets: sender.packets,
        octets: sender.octets,
    })
}

fn quality(transport: &mut Transport, senders: &mut Slab<Sender>) -> Event {
    let mut rtt = transport.uplink.round_trip.unwrap_or_default();
    let (expected_up, lost_up) = transport.uplink.take_loss();
    let (mut lost, mut expected) = (0, 0);
    for key in transport
        .negotiation
        .slots
        .iter()
        .filter_map(|slot| slot.sender)
    {
        let Some(sender) = senders.get_mut(key) else {
            continue;
        };
        rtt = rtt.max(sender.received.rtt.unwrap_or_default());
        if let Some((more_lost, more)) = sender.received.take() {
            lost += u64::from(more_lost);
            expected += u64::from(more);
        }
    }
    let percent = |lost, expected| match expected {
        0 => 0.0,
        _ => 100.0 * lost as f64 / expected as f64,
    };
    Event::Quality {
        transport: transport.id,
        // The worse direction, where there are both.
        loss_percent: f64::max(percent(lost, expected), percent(lost_up, expected_up)),
        rtt_ms: rtt.as_secs_f64() * 1000.0,
    }
}
