//! Which m-line of a publisher, and which layer of it, a packet belongs to (RFC 9143 section 9.2, RFC 8852): by the names in its header
//! extensions, by its SSRC as signalled or learned, by its payload type where that says it.
//!
//! Only authentic packets are put in. A table of streams is bounded: one that was silent for long makes room.

use std::collections::HashMap;
use std::time::{Duration, Instant};
use str0m::media::{Mid, Rid};

/// Streams of one transport, those of retransmissions included. Below what [`super::Open`] keeps, so that a flood of new SSRCs costs no known one its counters.
const STREAM_LIMIT: usize = 96;
/// Above the limit, a stream that was silent for this long makes room.
const PATIENCE: Duration = Duration::from_secs(60);

/// One m-line that the client sends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its name.
    pub mid: Mid,
    /// Its simulcast layers, by name; empty without simulcast.
    pub rids: Vec<Rid>,
    /// Payload types agreed on, those of retransmissions included.
    pub payload_types: Vec<u8>,
    /// Streams that the description names.
    pub streams: Vec<Signalled>,
}

/// A stream that the description names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signalled {
    /// The stream.
    pub ssrc: u32,
    /// The layer, where SSRCs make the layers.
    pub rid: Option<Rid>,
    /// The stream whose packets it repeats (RFC 4588).
    pub repairs: Option<u32>,
}

/// What a packet says of itself.
#[derive(Debug, Default, Clone, Copy)]
pub struct Labels {
    /// MID extension.
    pub mid: Option<Mid>,
    /// RtpStreamId extension.
    pub rid: Option<Rid>,
    /// RepairedRtpStreamId extension.
    pub repaired: Option<Rid>,
    /// Payload type.
    pub payload_type: u8,
    /// The payload type is one of retransmissions.
    pub repairs: bool,
}

/// Where a stream belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The m-line.
    pub mid: Mid,
    /// The layer.
    pub rid: Option<Rid>,
    /// It repeats packets of another stream: of which one, `None` when only the layer tells.
    pub repairs: Option<Option<u32>>,
}

#[derive(Debug)]
struct Stream {
    place: Place,
    signalled: bool,
    heard: Option<Instant>,
    since: Instant,
}

impl Stream {
    fn is_silent(&self, now: Instant) -> bool {
        let heard = self.heard.unwrap_or(self.since);
        now.saturating_duration_since(heard) >= PATIENCE
    }
}

/// The m-lines and streams of one transport.
#[derive(Debug, Default)]
pub struct Bundle {
    lines: Vec<Line>,
    streams: HashMap<u32, Stream>,
}

impl Bundle {
    /// Takes the m-lines of a new description. What was learned of lines that stay is kept.
    pub fn negotiated(&mut self, lines: Vec<Line>, now: Instant) {
        self.lines = lines;
        let lines = &self.lines;
        self.streams.retain(|_, stream| {
            let line = lines.iter().find(|line| line.mid == stream.place.mid);
            let known = |line: &Line| match stream.place.rid {
                Some(rid) => line.rids.contains(&rid),
                None => line.rids.is_empty(),
            };
            !stream.signalled && line.is_some_and(known)
        });
        for line in lines {
            for named in &line.streams {
                if self.streams.len() >= STREAM_LIMIT {
                    return;
                }
                let place = Place {
                    mid: line.mid,
                    rid: named.rid,
                    repairs: named.repairs.map(Some),
                };
                self.streams.insert(
                    named.ssrc,
                    Stream {
                        place,
                        signalled: true,
                        heard: None,
                        since: now,
                    },
                );
            }
        }
    }

    /// Whether packets of this SSRC can be taken at all: it is known, or there is room. Changes nothing, so that it can be asked of
    /// packets that are not proven yet.
    pub fn admits(&self, ssrc: u32, now: Instant) -> bool {
        self.streams.len() < STREAM_LIMIT
            || self.streams.contains_key(&ssrc)
            || self.streams.values().any(|stream| stream.is_silent(now))
    }

    /// The place of a stream that was signalled or learned.
    pub fn known(&self, ssrc: u32) -> Option<Place> {
        self.streams.get(&ssrc).map(|stream| stream.place)
    }

    /// The place of an authentic packet; `None` when nothing tells it.
    pub fn place(&mut self, ssrc: u32, labels: &Labels, now: Instant) -> Option<Place> {
        let known = self.streams.get_mut(&ssrc);
        let unnamed = labels.mid.is_none() && labels.rid.is_none() && labels.repaired.is_none();
        let known = match known {
            Some(stream) if unnamed => {
                stream.heard = Some(now);
                return Some(stream.place);
            }
            known => known.map(|stream| stream.place),
        };
        let place = self.learn(labels, known)?;
        if known.is_none() && self.streams.len() >= STREAM_LIMIT {
            self.streams.retain(|_, stream| !stream.is_silent(now));
            if self.streams.len() >= STREAM_LIMIT {
                return None;
            }
        }
        let stream = self.streams.entry(ssrc).or_insert(Stream {
            place,
            signalled: false,
            heard: None,
            since: now,
        });
        stream.place = place;
        stream.heard = Some(now);
        Some(place)
    }

    fn learn(&self, labels: &Labels, known: Option<Place>) -> Option<Place> {
        let line = match (labels.mid, known) {
            (Some(mid), _) => self.line(mid)?,
            (None, Some(place)) => self.line(place.mid)?,
            (None, None) => {
                let has = |line: &&Line| line.payload_types.contains(&labels.payload_type);
                let mut having = self.lines.iter().filter(has);
                having.next().filter(|_| having.next().is_none())?
            }
        };
        // Names of layers that were not agreed on say nothing.
        let offered = |rid: &Rid| line.rids.contains(rid);
        let known = known.filter(|place| place.mid == line.mid);
        let (rid, repairs) = match (
            labels.repaired.filter(offered),
            labels.rid.filter(offered),
            known,
        ) {
            (Some(rid), _, _) => (Some(rid), Some(None)),
            (None, Some(rid), _) => (Some(rid), labels.repairs.then_some(None)),
            (None, None, Some(place)) => (place.rid, place.repairs),
            (None, None, None) if line.rids.is_empty() => (None, labels.repairs.then_some(None)),
            (None, None, None) => return None,
        };
        Some(Place {
            mid: line.mid,
            rid,
            repairs,
        })
    }

    fn line(&self, mid: Mid) -> Option<&Line> {
        self.lines.iter().find(|line| line.mid == mid)
    }

    /// The stream whose packets a stream at `place` repeats.
    pub fn repaired(&self, place: &Place) -> Option<u32> {
        match place.repairs? {
            Some(ssrc) => Some(ssrc),
            None => self.primary(place.mid, place.rid),
        }
    }

    /// The stream of a layer: the one heard last, else one that was signalled.
    pub fn primary(&self, mid: Mid, rid: Option<Rid>) -> Option<u32> {
        let streams = self.streams.iter().filter(|(_, stream)| {
            let place = &stream.place;
            place.mid == mid && place.rid == rid && place.repairs.is_none()
        });
        let newest = streams.max_by_key(|(ssrc, stream)| (stream.heard, **ssrc));
        newest.map(|(ssrc, _)| *ssrc)
    }
}

#[cfg(test)]
#[path = "bundle_tests.rs"]
mod tests;
