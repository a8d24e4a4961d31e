//! What is so in the simulated world, whatever the engine believes: who publishes what, who wants what, what has arrived at the engine.

use crate::description::{self, Format};
use crate::feed::Kind;
use crate::payload::{self, Pictures};
use crate::produced::Produced;
use crate::tag::{StreamKey, Tag};
use engine::command::TransportId;
use engine::event::MidTrack;
use engine::ids::IdMap;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What was gathered for a send before a wish changed may still leave.
pub const GRACE: Duration = Duration::from_millis(10);
/// Packets remembered of each source stream.
const FACTS: usize = 1_024;

#[derive(Default)]
pub struct Truth {
    pub tracks: BTreeMap<u16, TrackTruth>,
    wishes: IdMap<(TransportId, u16), Wish>,
    /// When the engine last told that a path does not carry a picture any more.
    pauses: IdMap<(TransportId, u16), Instant>,
    offers: IdMap<TransportId, OfferTruth>,
    streams: IdMap<StreamKey, StreamTruth>,
    sources: IdMap<(TransportId, u32), StreamKey>,
    /// The packets that are remembered, by their fingerprints: stream and number.
    payloads: IdMap<u64, (StreamKey, u32)>,
}

pub struct TrackTruth {
    pub kind: Kind,
    pub transport: TransportId,
    pub generation: u16,
    pub published: bool,
    /// It is gone and the engine was told so. What vanishes is found out later.
    pub ended: bool,
    pub muted: bool,
    /// Its publisher puts what it likes into its own streams; how they go on is nobody's business.
    pub hostile: bool,
    pub changed: Instant,
}

#[derive(Clone, Copy)]
struct Wish {
    enabled: bool,
    changed: Instant,
}

/// What the engine's offers to a subscriber said, or its answers on a single transport.
#[derive(Default)]
pub struct OfferTruth {
    pub mid_extension: Option<u8>,
    pub descriptor_extension: Option<u8>,
    pub number_extension: Option<u8>,
    pub formats: IdMap<u8, Format>,
    /// By SSRC: the m-line, and the SSRC whose packets are repeated, if any. Those of earlier offers stay.
    pub announced: IdMap<u32, (Rc<str>, Option<u32>)>,
    /// M-lines and the tracks that they carry.
    carried: Vec<(String, u16)>,
}

struct StreamTruth {
    first_seq: u64,
    /// Number of the oldest fact.
    oldest: u32,
    facts: VecDeque<Fact>,
}

#[derive(Debug, Clone)]
pub struct Fact {
    pub captured: Instant,
    /// When it came to the engine the first time, not counting retransmissions.
    pub delivered: Option<Instant>,
    pub tag: Tag,
    pub pictures: Option<Pictures>,
    pub descriptor: Option<Rc<[u8]>>,
    fingerprint: u64,
}

/// What a payload turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    Packet(Tag, Option<Pictures>),
    /// Nobody has sent that.
    Nothing,
}

impl Truth {
    pub fn wish(&mut self, transport: TransportId, track: u16, enabled: bool, now: Instant) {
        let wish = self.wishes.entry((transport, track)).or_insert(Wish {
            enabled: !enabled,
            changed: now,
        });
        if wish.enabled != enabled {
            *wish = Wish {
                enabled,
                changed: now,
            };
        }
    }

    /// Why no packet of the track may go to the transport now.
    pub fn forbids(
        &self,
        transport: TransportId,
        track: u16,
        now: Instant,
    ) -> Option<&'static str> {
        let past = |changed: Instant| now > changed + GRACE;
        let Some(truth) = self.tracks.get(&track) else {
            return Some("an unknown track");
        };
        if truth.ended && past(truth.changed) {
            return Some("an unpublished track");
        }
        if truth.muted && past(truth.changed) {
            return Some("a muted track");
        }
        match self.wishes.get(&(transport, track)) {
            None => Some("a track that was never wanted"),
            Some(wish) if !wish.enabled && past(wish.changed) => Some("a track not wanted now"),
            Some(_) => None,
        }
    }

    /// When something last began or ended for this subscriber and track.
    pub fn changed(&self, transport: TransportId, track: u16) -> Option<Instant> {
        let wish = self
            .wishes
            .get(&(transport, track))
            .map(|wish| wish.changed);
        let track = self.tracks.get(&track).map(|track| track.changed);
        wish.max(track)
    }

    /// The engine has told that the path does not carry the picture.
    pub fn paused(&mut self, transport: TransportId, track: u16, now: Instant) {
        self.pauses.insert((transport, track), now);
    }

    /// When a picture was last taken away from a subscriber for its path.
    pub fn pause(&self, transport: TransportId, track: u16) -> Option<Instant> {
        self.pauses.get(&(transport, track)).copied()
    }

    /// Whether the track should be coming at the subscriber.
    pub fn flows(&self, transport: TransportId, track: u16) -> bool {
        let wish = self.wishes.get(&(transport, track));
        let track = self.tracks.get(&track);
        wish.is_some_and(|wish| wish.enabled) && track.is_some_and(|t| t.published && !t.muted)
    }

    pub fn offered(
        &mut self,
        transport: TransportId,
        sdp: &str,
        tracks: &[MidTrack],
        name: impl Fn(&str) -> Option<u16>,
    ) {
        let offer = self.offers.entry(transport).or_default();
        offer.read(sdp);
        offer.carried = tracks
            .iter()
            .filter_map(|carried| Some((carried.mid.clone(), name(&carried.track)?)))
            .collect();
    }

    pub fn offer(&self, transport: TransportId) -> Option<&OfferTruth> {
        self.offers.get(&transport)
    }

    pub fn left(&mut self, transport: TransportId) {
        self.wishes.retain(|(id, _), _| *id != transport);
        self.pauses.retain(|(id, _), _| *id != transport);
        self.offers.remove(&transport);
        self.sources.retain(|(id, _), _| *id != transport);
    }

    /// Nobody will send or hear of the track again.
    pub fn over(&mut self, track: u16) {
        self.tracks.remove(&track);
        self.wishes.retain(|(_, other), _| *other != track);
        self.pauses.retain(|(_, other), _| *other != track);
        self.forget(|key| key.0 == track);
    }

    pub fn produced(&mut self, transport: TransportId, packet: &Produced, now: Instant) {
        let key = packet.tag.stream();
        self.sources.insert((transport, packet.ssrc), key);
        let stream = self.streams.entry(key).or_insert(StreamTruth {
            first_seq: packet.first_seq,
            oldest: packet.tag.number,
            facts: VecDeque::new(),
        });
        let place = (key, packet.tag.number);
        self.payloads.insert(packet.reading.fingerprint, place);
        stream.facts.push_back(Fact {
            captured: now,
            delivered: None,
            tag: packet.tag,
            pictures: packet.reading.pictures,
            descriptor: packet.descriptor.clone(),
            fingerprint: packet.reading.fingerprint,
        });
        if stream.facts.len() > FACTS
            && let Some(fact) = stream.facts.pop_front()
        {
            self.payloads.remove(&fact.fingerprint);
            stream.oldest += 1;
        }
    }

    fn packet(&self, fingerprint: u64) -> Option<&Tag> {
        let (key, number) = *self.payloads.get(&fingerprint)?;
        self.fact(key, number).map(|fact| &fact.tag)
    }

    /// What a payload of a payload type is. None for a form that was not agreed on; RED must hold the frames that were sent in a row.
    pub fn identify(&self, offer: &OfferTruth, payload_type: u8, bytes: &[u8]) -> Option<Known> {
        let known = |fingerprint: u64, pictures| {
            let tag = self.packet(fingerprint);
            tag.map_or(Known::Nothing, |tag| Known::Packet(*tag, pictures))
        };
        match offer.formats.get(&payload_type)? {
            Format::Media(codec) => {
                let reading = payload::read(*codec, bytes);
                Some(known(reading.fingerprint, reading.pictures))
            }
            Format::Repair(media) if *media != payload_type => self.identify(offer, *media, bytes),
            Format::Repair(_) => None,
            Format::Red => {
                let frames = payload::read_red(bytes, payload::OPUS).unwrap_or_default();
                let tags = frames.iter().map(|frame| self.packet(*frame));
                let tags: Option<Vec<&Tag>> = tags.collect();
                let row = |pair: &[&Tag]| {
                    pair[0].stream() == pair[1].stream() && pair[0].number + 1 == pair[1].number
                };
                let tags = tags.filter(|tags| tags.windows(2).all(row));
                let newest = tags.and_then(|tags| tags.last().copied());
                Some(newest.map_or(Known::Nothing, |tag| Known::Packet(*tag, None)))
            }
        }
    }

    /// The engine was given the packet with this SSRC and sequence number, and took it.
    pub fn delivered(&mut self, transport: TransportId, ssrc: u32, seq: u16, now: Instant) {
        let key = self.sources.get(&(transport, ssrc));
        let Some(stream) = key.and_then(|key| self.streams.get_mut(key)) else {
            return;
        };
        let newest = stream.first_seq + u64::from(stream.oldest) + stream.facts.len() as u64;
        let back = (newest as u16).wrapping_sub(seq);
        let at = stream.facts.len().checked_sub(usize::from(back));
        if let Some(fact) = at.and_then(|at| stream.facts.get_mut(at)) {
            fact.delivered.get_or_insert(now);
        }
    }

    /// What is so of a packet; None when that is too long ago.
    pub fn fact(&self, key: StreamKey, number: u32) -> Option<&Fact> {
        let stream = self.streams.get(&key)?;
        let at = number.checked_sub(stream.oldest)? as usize;
        stream.facts.get(at)
    }

    /// The packets from one number to before another, in their order. None when they are too long ago.
    pub fn facts(
        &self,
        key: StreamKey,
        from: u32,
        to: u32,
    ) -> Option<impl DoubleEndedIterator<Item = &Fact> + Clone> {
        let stream = self.streams.get(&key)?;
        let first = from.checked_sub(stream.oldest)? as usize;
        let end = to.checked_sub(stream.oldest)? as usize;
        (first <= end && end <= stream.facts.len()).then(|| stream.facts.range(first..end))
    }

    /// The packets from a number on, in their order. None when that is too long ago.
    pub fn facts_from(&self, key: StreamKey, from: u32) -> Option<impl Iterator<Item = &Fact>> {
        let stream = self.streams.get(&key)?;
        let first = from.checked_sub(stream.oldest)? as usize;
        Some(stream.facts.iter().skip(first))
    }

    /// Streams of earlier generations are of no interest any more.
    pub fn restarted(&mut self, track: u16, generation: u16) {
        self.forget(|key| key.0 == track && key.2 + 1 < generation);
    }

    fn forget(&mut self, over: impl Fn(&StreamKey) -> bool) {
        for (_, stream) in self.streams.extract_if(|key, _| over(key)) {
            for fact in stream.facts {
                self.payloads.remove(&fact.fingerprint);
            }
        }
    }
}

impl OfferTruth {
    /// The track that an m-line carries.
    pub fn carried(&self, mid: &str) -> Option<u16> {
        let mut lines = self.carried.iter();
        lines.find(|(carried, _)| carried == mid).map(|line| line.1)
    }

    fn read(&mut self, sdp: &str) {
        for section in description::sections(sdp) {
            let extension = |uri| section.extension(uri);
            self.mid_extension = extension(description::MID).or(self.mid_extension);
            self.descriptor_extension =
                extension(description::DESCRIPTOR).or(self.descriptor_extension);
            self.number_extension =
                extension(description::TRANSPORT_NUMBER).or(self.number_extension);
            for ssrc in &section.ssrcs {
                let repeats = section.repeats(*ssrc);
                self.announced.insert(*ssrc, (section.mid.into(), repeats));
            }
            self.formats.extend(section.formats);
        }
    }
}
