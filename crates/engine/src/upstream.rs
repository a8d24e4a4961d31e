//! What publishers are told by RTCP: what is missing, how it arrives, when each packet came, and that a key frame is wanted.

use crate::command::TransportId;
use crate::downlink::EgressPath;
use crate::engine::Engine;
use crate::media::keyframe::Need;
use crate::media::{LayerId, Ntp, rtcp};
use crate::shard::Post;
use crate::tracks::{Home, TrackKey};
use crate::uplink::Uplink;
use std::time::{Duration, Instant};

/// The SSRC that our reports come from, as those of other receivers without media of their own do.
const REPORTER: u32 = 1;
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// More often lets the sender react sooner, more rarely costs it less; browsers send feedback at 50 to 100 ms.
const ARRIVALS_INTERVAL: Duration = Duration::from_millis(50);
/// A compound packet stays below what fits everywhere.
const COMPOUND_LIMIT: usize = 1_100;

/// When a publisher is told what.
#[derive(Debug, Default, Clone, Copy)]
pub struct Schedule {
    /// The engine's timer is set to it.
    pub due: Option<Instant>,
    /// When the stream of the last packet wants to ask for what is missing.
    pub hole: Option<Instant>,
    reported: Option<Instant>,
    told_arrivals: Option<Instant>,
}

impl Uplink {
    /// When there is something to say; None as long as nothing comes.
    fn feedback_due(&self, now: Instant) -> Option<Instant> {
        let after = |at: Option<Instant>, interval| at.map_or(now, |at| at + interval);
        let arrivals = self.arrivals.as_ref().filter(|a| a.has_news());
        let arrivals = arrivals.map(|_| after(self.schedule.told_arrivals, ARRIVALS_INTERVAL));
        let mut due = arrivals;
        for receiver in self.receivers.values() {
            let holes = receiver.nack.as_ref().and_then(|nack| nack.due());
            let report = receiver.has_news();
            let report = report.then(|| after(self.schedule.reported, REPORT_INTERVAL));
            due = [due, holes, report].into_iter().flatten().min();
        }
        due
    }

    /// Everything that is to be said now, as compound packets. Returns the streams that lost something for good.
    fn feedback(&mut self, now: Instant, clock: Ntp, compounds: &mut Vec<Vec<u8>>) -> Vec<u32> {
        let mut lost = Vec::new();
        let mut blocks = Vec::new();
        let due = |at: Option<Instant>, interval| at.is_none_or(|at| now >= at + interval);
        let reports = due(self.schedule.reported, REPORT_INTERVAL);
        let mut parts = Vec::new();
        for (&ssrc, receiver) in &mut self.receivers {
            if reports {
                blocks.extend(receiver.report(ssrc, now));
            }
            let Some(nack) = &mut receiver.nack else {
                continue;
            };
            let mut missing = Vec::new();
            nack.collect(now, self.round_trip, &mut missing);
            // Every number may need a pair of four bytes.
            for missing in missing.chunks(200) {
                let mut part = Vec::new();
                rtcp::write_nack(&mut part, REPORTER, ssrc, missing);
                parts.push(part);
            }
            if nack.take_lost() {
                lost.push(ssrc);
            }
        }
        if let Some(arrivals) = &mut self.arrivals
            && due(self.schedule.told_arrivals, ARRIVALS_INTERVAL)
            && arrivals.has_news()
        {
            self.schedule.told_arrivals = Some(now);
            // Any stream of the client will do; the numbers are those of the transport.
            let media = self.receivers.keys().next().copied().unwrap_or_default();
            while arrivals.has_news() {
                let mut part = Vec::new();
                arrivals.write(&mut part, REPORTER, media);
                parts.push(part);
            }
        }
        let mut compound = Vec::new();
        if !blocks.is_empty() {
            self.schedule.reported = Some(now);
            // Reports on 31 streams fill most of a datagram.
            for blocks in blocks.chunks(31) {
                finish(&mut compound, compounds);
                rtcp::write_receiver_report(&mut compound, REPORTER, blocks);
            }
            rtcp::write_reference_time(&mut compound, REPORTER, clock);
        }
        for part in parts {
            if compound.len() + part.len() > COMPOUND_LIMIT {
                finish(&mut compound, compounds);
            }
            if compound.is_empty() {
                rtcp::write_receiver_report(&mut compound, REPORTER, &[]);
            }
            compound.extend_from_slice(&part);
        }
        finish(&mut compound, compounds);
        lost
    }

    /// Share of the packets that were lost on their way to us since the last call.
    pub fn take_loss(&mut self) -> (u64, u64) {
        let losses = self.receivers.values_mut().map(|r| r.take_loss());
        losses.fold((0, 0), |sum, loss| (sum.0 + loss.0, sum.1 + loss.1))
    }
}

fn finish(compound: &mut Vec<u8>, compounds: &mut Vec<Vec<u8>>) {
    if !compound.is_empty() {
        compounds.push(std::mem::take(compound));
    }
}

impl Engine {
    /// Sets the timer of a publisher's feedback after something came from it.
    pub(crate) fn schedule_feedback(&mut self, now: Instant, id: TransportId) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let Schedule { due, hole, .. } = transport.uplink.schedule;
        let sooner = match (due, hole) {
            (None, _) => transport.uplink.feedback_due(now),
            (Some(due), Some(hole)) if hole < due => Some(hole),
            _ => return,
        };
        transport.uplink.schedule.due = sooner;
        due.map(|at| self.feedback_timers.remove(&(at, id)));
        sooner.map(|at| self.feedback_timers.insert((at, id)));
    }

    /// Tells publishers what is due.
    pub(crate) fn feed_back(&mut self, now: Instant) {
        while let Some(&(at, id)) = self.feedback_timers.first() {
            if at > now {
                return;
            }
            self.feedback_timers.remove(&(at, id));
            let clock = self.reference_time(now);
            let Some(transport) = self.transports.get_mut(&id) else {
                continue;
            };
            transport.uplink.schedule.due = None;
            let mut compounds = Vec::new();
            let lost = transport.uplink.feedback(now, clock, &mut compounds);
            for compound in compounds {
                self.send_rtcp(id, &compound);
            }
            for ssrc in lost {
                self.mend(now, id, ssrc);
            }
            self.schedule_feedback(now, id);
        }
    }

    /// Asks a publisher, or the shard that it is at, for a key frame of a layer.
    pub(crate) fn send_keyframe_request(&mut self, track: TrackKey, layer: LayerId, need: Need) {
        let Some(track) = self.tracks.get(track) else {
            return;
        };
        let Some(ssrc) = track.source.layer(layer).map(|layer| layer.ssrc) else {
            return;
        };
        match track.home {
            Home::Here(publisher, _) => {
                self.metrics.keyframe_requests += 1;
                let mut compound = Vec::new();
                rtcp::write_receiver_report(&mut compound, REPORTER, &[]);
                rtcp::write_picture_loss(&mut compound, REPORTER, ssrc);
                self.send_rtcp(publisher, &compound);
            }
            Home::Shard(shard, key) => {
                let post = Post::KeyframeRequest { key, ssrc, need };
                self.posts.push(shard, post);
            }
        }
    }

    /// A stream lost what its publisher cannot bring again: who watches it needs a key frame.
    fn mend(&mut self, now: Instant, id: TransportId, ssrc: u32) {
        let place = self.transports.get(&id).and_then(|t| t.uplink.place(ssrc));
        let Some(key) = place.and_then(|place| self.tracks.at(id, place.mid)) else {
            return;
        };
        let Some(track) = self.tracks.get(key) else {
            return;
        };
        let mut layers = track.source.layers.iter();
        let Some(layer) = layers.find(|layer| layer.ssrc == ssrc).map(|l| l.id) else {
            return;
        };
        let exported = !track.exports.is_empty();
        let subscribers = track.source.subscribers.clone();
        let watched = subscribers.into_iter().any(|subscriber| {
            let sender = self.sender(subscriber.transport, subscriber.slot, key);
            sender.is_some_and(|sender| sender.munger.wanted() == Some(layer))
        });
        if watched || exported {
            self.request_keyframe(now, key, layer, Need::Repair);
        }
    }

    /// Our clock in extended reports: any zero will do, but 0 itself means none.
    pub(crate) fn reference_time(&self, now: Instant) -> Ntp {
        let elapsed = now.saturating_duration_since(self.start);
        Ntp(1 << 32).plus(elapsed)
    }

    pub(crate) fn send_rtcp(&mut self, id: TransportId, compound: &[u8]) {
        let egress = self.transports.get(&id).map(|transport| transport.egress);
        let path = egress.and_then(|egress| self.egress.get_mut(egress));
        if let Some(EgressPath {
            seal: Some(seal),
            route: Some(route),
            ..
        }) = path
        {
            self.outbox
                .build(*route, |arena| seal.seal_rtcp(compound, arena).is_ok());
        }
    }
}
