//! The invariants of every packet that leaves the engine.

mod active;
mod ends;
mod frames;
mod order;
mod place;
mod recent;
mod run;
mod stream;

use crate::arrival::Arrival;
use crate::payload::Pictures;
use crate::tag::Tag;
use crate::truth::{Known, Truth};
use engine::command::TransportId;
use engine::ids::IdMap;
use run::Sent;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};
use stream::Stream;

/// Violations kept; one is enough to fail.
const KEPT: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Every packet opens with the client's keys.
    Opens,
    /// No (SSRC, rollover, sequence) and no SRTCP index twice: under GCM it would give the key stream away.
    NonceOnce,
    /// No packet of a track that is not wanted, muted, or gone.
    Wanted,
    /// The MID is the one of the m-line that carries the track, the SSRC the announced one.
    Mid,
    /// Numbers go on: holes only for what the publisher's stream still owes, none where a layer changes.
    Sequence,
    /// Timestamps go with the source's, and with the clock where the source changes.
    Timestamp,
    /// Picture ids, TL0PICIDX and KEYIDX of VP8 and VP9 go on.
    Pictures,
    /// Dependency descriptors arrive as they were made, but for their frame numbers, which go on, and their active decode targets, which
    /// are those that are left: what goes out is of one of them, and what is left out is not.
    Descriptor,
    /// Payloads arrive byte for byte, but for those counters: nothing that may be encrypted is touched.
    Payload,
    /// A picture ends with its marker, whatever is left out of it.
    Marker,
    /// No picture without its key frame first; nothing left out that a later picture needs.
    KeyFirst,
    /// A retransmission is what went out under its number.
    Repair,
    /// What is wanted comes.
    Liveness,
    /// It comes in the size that is wanted, and publishers are told of the largest.
    Size,
    /// It comes as fast as it is wanted.
    Pace,
    /// What is more important does not stay away for what is less so.
    Priority,
    /// A path is not filled with more than it carries.
    Budget,
    /// What is told of a path is so: its round trip and its losses.
    Quality,
    /// Nothing that the engine sends makes a client give up.
    Client,
    /// The engine does not grow.
    Memory,
    /// Nothing in the engine panics.
    Panic,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Since the beginning of the world.
    pub at: Duration,
    pub rule: Rule,
    pub transport: TransportId,
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation {
            at,
            rule,
            transport,
            what,
        } = self;
        write!(
            f,
            "{:.3} s, transport {transport}, {rule:?}: {what}",
            at.as_secs_f64()
        )
    }
}

/// A media packet on its way out, opened.
#[derive(Debug, Clone)]
pub struct Seen {
    pub at: Instant,
    pub transport: TransportId,
    pub ssrc: u32,
    /// Rollover counter and sequence number.
    pub index: u64,
    /// Bytes as it left.
    pub size: usize,
    /// Its number among all packets of the transport.
    pub transport_number: Option<u16>,
    pub payload_type: u8,
    pub timestamp: u32,
    pub marker: bool,
    pub mid: Option<Rc<str>>,
    pub descriptor: Option<Vec<u8>>,
    /// The number that a retransmission repeats.
    pub original: Option<u16>,
    pub payload: Vec<u8>,
}

impl Seen {
    /// The packet of a source that it is.
    pub fn identify(&self, truth: &Truth) -> Option<(Tag, Option<Pictures>)> {
        let offer = truth.offer(self.transport)?;
        match truth.identify(offer, self.payload_type, &self.payload)? {
            Known::Packet(tag, pictures) => Some((tag, pictures)),
            Known::Nothing => None,
        }
    }

    /// What its client hears of.
    pub fn arrival(&self, truth: &Truth) -> Arrival {
        let offer = truth.offer(self.transport);
        let announced = offer.and_then(|offer| offer.announced.get(&self.ssrc));
        let track = announced.and_then(|(mid, _)| offer?.carried(mid));
        let video = track.and_then(|track| truth.tracks.get(&track));
        Arrival {
            ssrc: self.ssrc,
            index: self.index,
            timestamp: self.timestamp,
            video: video.is_some_and(|track| track.kind.is_video()),
            sent: self.at,
            size: self.size,
            transport_number: self.transport_number,
            repeats: announced.and_then(|(_, media)| *media).zip(self.original),
            tag: None,
        }
    }
}

pub struct Rules {
    start: Instant,
    streams: IdMap<(TransportId, u32), Stream>,
    /// The packet of a track that last went to a client, and when.
    sent: IdMap<(TransportId, u16), (Instant, Tag)>,
    violations: Vec<Violation>,
    count: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Rules::new(Instant::now())
    }
}

type Broken = (Rule, String);

impl Rules {
    pub fn new(start: Instant) -> Self {
        Rules {
            start,
            streams: IdMap::default(),
            sent: IdMap::default(),
            violations: Vec::new(),
            count: 0,
        }
    }

    pub fn left(&mut self, transport: TransportId) {
        self.streams.retain(|(id, _), _| *id != transport);
        self.sent.retain(|(id, _), _| *id != transport);
    }

    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// When a packet of the track last left for the client, since the beginning.
    pub fn sent(&self, transport: TransportId, track: u16) -> Option<Duration> {
        let (at, _) = self.sent.get(&(transport, track))?;
        Some(at.saturating_duration_since(self.start))
    }

    /// The packet of the track that last left for the client.
    pub fn newest(&self, transport: TransportId, track: u16) -> Option<Tag> {
        self.sent.get(&(transport, track)).map(|(_, tag)| *tag)
    }

    /// All of them, those not kept included.
    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn add(&mut self, now: Instant, transport: TransportId, rule: Rule, what: String) {
        self.count += 1;
        if self.violations.len() < KEPT {
            self.violations.push(Violation {
                at: now.saturating_duration_since(self.start),
                rule,
                transport,
                what,
            });
        }
    }

    /// Forgets what broke a rule so far: it was meant to.
    pub fn forgive(&mut self, rule: Rule) {
        self.violations.retain(|violation| violation.rule != rule);
    }

    /// Judges a packet. Returns what it is.
    pub fn judge(&mut self, seen: &Seen, truth: &Truth) -> Option<Tag> {
        let (at, transport) = (seen.at, seen.transport);
        let known = seen.identify(truth);
        let stream = self.streams.entry((transport, seen.ssrc));
        let stream = stream.or_insert_with(|| Stream::new(at));
        let mut broken = Vec::new();
        broken.extend(stream.once(seen).err());
        broken.extend(place::in_place(seen, known.map(|(tag, _)| tag), truth).err());
        if seen.payload.is_empty() && seen.original.is_none() {
            stream.note_blank(seen.index);
        }
        if let Some((tag, pictures)) = known {
            self.sent.insert((transport, tag.track), (at, tag));
            broken.extend(place::wanted(seen, &tag, truth).err());
            broken.extend(place::descriptor(seen, &tag, truth).err());
            let track = truth.tracks.get(&tag.track);
            let hostile = track.is_some_and(|track| track.hostile);
            if seen.original.is_none() && !hostile {
                let sent = Sent::of(seen, tag, pictures, truth);
                broken.extend(stream.goes_on(sent, transport, truth).err());
            }
        }
        if seen.original.is_some() {
            broken.extend(self.repairs(seen, truth).err());
        }
        for (rule, what) in broken {
            let what = format!("{what} (SSRC {:08x}, packet {})", seen.ssrc, seen.index);
            self.add(at, transport, rule, what);
        }
        known.map(|(tag, _)| tag)
    }

    fn repairs(&self, seen: &Seen, truth: &Truth) -> Result<(), Broken> {
        let offer = truth.offer(seen.transport);
        let announced = offer.and_then(|offer| offer.announced.get(&seen.ssrc));
        let media = announced.and_then(|(_, media)| *media);
        let stream = media.and_then(|media| self.streams.get(&(seen.transport, media)));
        let sent = stream.and_then(|stream| stream.newest(seen.original?));
        match sent {
            Some(sent) if !sent.is_repeated_by(seen, truth) => {
                let what = format!("a retransmission is not what went out as {}", sent.seq);
                Err((Rule::Repair, what))
            }
            _ => Ok(()),
        }
    }
}
