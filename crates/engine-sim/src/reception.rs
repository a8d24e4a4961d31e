//! What a subscriber makes of what it is sent: each packet once, reports, and requests for what is missing.

mod estimate;

use crate::arrival::Arrival;
use engine::command::TransportId;
use engine::media::ingest::Receiver;
use engine::media::rtcp::{Feedback, parse, write_nack, write_picture_loss, write_receiver_report};
use engine::media::twcc::Arrivals;
use engine::media::window::{Seen, SeenWindow};
use estimate::Estimate;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The SSRC that reports come from.
pub const REPORTER: u32 = 7;
const APPLICATION: u8 = 15;
const PAYLOAD_FEEDBACK: u8 = 206;

/// Arrivals are told this long after the first one that was not.
const ARRIVALS_WAIT: Duration = Duration::from_millis(100);

/// What a client tells of its path beside losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// When each packet came: transport-wide feedback, as browsers do.
    Arrivals,
    /// What it estimates: REMB, as browsers did before.
    Estimate,
    Nothing,
}

impl Telling {
    /// Clients of all sorts are in every call.
    pub fn of(transport: TransportId) -> Telling {
        match transport / 2 % 3 {
            1 => Telling::Arrivals,
            2 => Telling::Estimate,
            _ => Telling::Nothing,
        }
    }
}

pub struct Reception {
    streams: BTreeMap<u32, Incoming>,
    path: Path,
}

/// What is known of the path, as a client tells it.
enum Path {
    Arrivals(Arrivals, Option<Instant>),
    Estimate(Estimate),
    Nothing,
}

struct Incoming {
    receiver: Receiver,
    seen: SeenWindow<32>,
    video: bool,
}

impl Reception {
    pub fn new(telling: Telling, now: Instant) -> Reception {
        Reception {
            streams: BTreeMap::new(),
            path: match telling {
                Telling::Arrivals => Path::Arrivals(Arrivals::new(now), None),
                Telling::Estimate => Path::Estimate(Estimate::default()),
                Telling::Nothing => Path::Nothing,
            },
        }
    }

    /// Takes a packet of media. True when it is new, by itself or as a retransmission.
    pub fn take(&mut self, now: Instant, arrival: &Arrival) -> bool {
        match (&mut self.path, arrival.transport_number) {
            (Path::Arrivals(arrivals, due), Some(number)) => {
                arrivals.note(number, now);
                due.get_or_insert(now + ARRIVALS_WAIT);
            }
            (Path::Estimate(estimate), _) if arrival.video => {
                estimate.note(now, arrival.sent, arrival.size)
            }
            _ => {}
        }
        let (ssrc, number) = match arrival.repeats {
            Some((ssrc, _)) => (ssrc, None),
            None => (arrival.ssrc, Some(arrival.index)),
        };
        if number.is_none() && !self.streams.contains_key(&ssrc) {
            return false;
        }
        let stream = self.streams.entry(ssrc).or_insert_with(|| Incoming {
            receiver: Receiver::new(
                if arrival.video { 90_000 } else { 48_000 },
                arrival.video,
                now,
            ),
            seen: SeenWindow::default(),
            video: arrival.video,
        });
        let number = match (number, arrival.repeats) {
            (Some(index), _) => {
                if stream.seen.look(index) == Seen::New {
                    stream.receiver.arrived(index, arrival.timestamp, now);
                }
                Some(index)
            }
            (None, Some((_, original))) => stream.receiver.repaired(original, now),
            (None, None) => None,
        };
        number.is_some_and(|number| stream.seen.mark(number) == Seen::New)
    }

    /// When something is to be asked for again, or arrivals are to be told.
    pub fn due(&self) -> Option<Instant> {
        let nacks = self
            .streams
            .values()
            .filter_map(|stream| stream.receiver.nack.as_ref());
        let told = match &self.path {
            Path::Arrivals(_, due) => *due,
            _ => None,
        };
        nacks.filter_map(|nack| nack.due()).chain(told).min()
    }

    /// Takes what the engine's reports say about its streams.
    pub fn hear(&mut self, now: Instant, findings: &[Feedback]) {
        for finding in findings {
            match finding {
                Feedback::SenderReport { ssrc, ntp, .. } => {
                    if let Some(stream) = self.streams.get_mut(ssrc) {
                        stream.receiver.reported(*ntp, now);
                    }
                }
                Feedback::Goodbye { ssrc } => {
                    self.streams.remove(ssrc);
                }
                _ => {}
            }
        }
    }

    /// One compound of what is missing and of what came. Empty when there is nothing to tell now.
    pub fn ask(&mut self, now: Instant) -> Vec<u8> {
        let mut requests = Vec::new();
        let mut missing = Vec::new();
        for (ssrc, stream) in &mut self.streams {
            let Some(nack) = stream
                .receiver
                .nack
                .as_mut()
                .filter(|n| n.due() <= Some(now) && n.due().is_some())
            else {
                continue;
            };
            missing.clear();
            nack.collect(now, None, &mut missing);
            write_nack(&mut requests, REPORTER, *ssrc, &missing);
        }
        if let Path::Arrivals(arrivals, due) = &mut self.path
            && due.is_some_and(|due| due <= now)
        {
            *due = None;
            while arrivals.has_news() {
                arrivals.write(&mut requests, REPORTER, 0);
            }
        }
        compound(requests)
    }

    /// A receiver report about all streams, and an estimate where one is made.
    pub fn report(&mut self, now: Instant) -> Vec<u8> {
        let streams = self.streams.iter_mut();
        let blocks = streams.filter_map(|(ssrc, stream)| stream.receiver.report(*ssrc, now));
        let blocks: Vec<_> = blocks.collect();
        if blocks.is_empty() {
            return Vec::new();
        }
        let mut out = Vec::new();
        write_receiver_report(&mut out, REPORTER, &blocks);
        if let Path::Estimate(estimate) = &mut self.path
            && let Some(estimate) = estimate.report(now)
        {
            let ssrcs = self.streams.iter().filter(|(_, stream)| stream.video);
            let ssrcs: Vec<u32> = ssrcs.map(|(ssrc, _)| *ssrc).collect();
            write_estimate(&mut out, estimate, &ssrcs);
        }
        out
    }

    /// Asks for key frames of all pictures.
    pub fn ask_for_keys(&self) -> Vec<u8> {
        let mut requests = Vec::new();
        for (ssrc, _) in self.streams.iter().filter(|(_, stream)| stream.video) {
            write_picture_loss(&mut requests, REPORTER, *ssrc);
        }
        compound(requests)
    }
}

/// A compound begins with a report, if an empty one.
fn compound(requests: Vec<u8>) -> Vec<u8> {
    if requests.is_empty() {
        return requests;
    }
    let mut out = Vec::new();
    write_receiver_report(&mut out, REPORTER, &[]);
    out.extend(requests);
    out
}

/// REMB (draft-alvestrand-rmcat-remb-03).
fn write_estimate(out: &mut Vec<u8>, bitrate: u64, ssrcs: &[u32]) {
    let ssrcs = &ssrcs[..ssrcs.len().min(31)];
    let exponent = (64 - bitrate.leading_zeros()).saturating_sub(18);
    let mantissa = (bitrate >> exponent) as u32;
    out.extend([0x80 | APPLICATION, PAYLOAD_FEEDBACK]);
    out.extend((4 + ssrcs.len() as u16).to_be_bytes());
    out.extend(REPORTER.to_be_bytes());
    out.extend([0; 4]);
    out.extend(b"REMB");
    out.extend(((ssrcs.len() as u32) << 24 | exponent << 18 | mantissa).to_be_bytes());
    ssrcs.iter().for_each(|ssrc| out.extend(ssrc.to_be_bytes()));
}

/// What a compound in the clear says.
pub fn findings(plain: &[u8]) -> Vec<Feedback> {
    let mut findings = Vec::new();
    parse(plain, &mut findings);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_read_as_it_was_written() {
        for bitrate in [1, 30_000, 262_143, 262_144, 5_000_000, u64::MAX >> 1] {
            let mut out = Vec::new();
            write_estimate(&mut out, bitrate, &[1, 2]);
            let [Feedback::Remb { bitrate: read }] = findings(&out)[..] else {
                panic!("{:?}", findings(&out));
            };
            assert!(
                read <= bitrate && read + (read >> 16) + 1 >= bitrate,
                "{read} {bitrate}"
            );
        }
    }
}
