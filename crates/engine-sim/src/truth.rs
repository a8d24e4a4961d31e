//! What is so in the simulated world, whatever the engine believes: who publishes what, who wants what, what has arrived at the engine.

use crate::client::Produced;
use crate::feed::Kind;
use engine::command::TransportId;
use engine::event::MidTrack;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

/// What was gathered for a send before a wish changed may still leave.
pub const GRACE: Duration = Duration::from_millis(10);
/// Packets remembered of each source stream.
const FACTS: usize = 2_048;

/// A stream of a publisher: track, layer, generation.
pub type StreamKey = (u16, u8, u16);

#[derive(Default)]
pub struct Truth {
    pub tracks: BTreeMap<u16, TrackTruth>,
    wishes: HashMap<(TransportId, u16), Wish>,
    offers: HashMap<TransportId, OfferTruth>,
    streams: HashMap<StreamKey, StreamTruth>,
    sources: HashMap<(TransportId, u32), StreamKey>,
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

/// What the engine's offers to a subscriber said.
#[derive(Default)]
pub struct OfferTruth {
    pub mid_extension: Option<u8>,
    pub rtx_types: HashSet<u8>,
    /// By SSRC: the m-line, and the SSRC whose packets are repeated, if any. Those of earlier offers stay.
    pub announced: HashMap<u32, (String, Option<u32>)>,
    /// By m-line: the track that it carries.
    pub carried: HashMap<String, u16>,
}

struct StreamTruth {
    first_seq: u64,
    /// Number of the oldest fact.
    oldest: u32,
    facts: VecDeque<Fact>,
}

#[derive(Debug, Clone, Copy)]
pub struct Fact {
    pub captured: Instant,
    pub temporal: u8,
    /// When it came to the engine the first time, not counting retransmissions.
    pub delivered: Option<Instant>,
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
        self.offers.remove(&transport);
        self.sources.retain(|(id, _), _| *id != transport);
    }

    pub fn produced(&mut self, transport: TransportId, packet: &Produced, now: Instant) {
        let key = packet.tag.stream();
        self.sources.insert((transport, packet.ssrc), key);
        let stream = self.streams.entry(key).or_insert(StreamTruth {
            first_seq: packet.first_seq,
            oldest: packet.tag.number,
            facts: VecDeque::new(),
        });
        stream.facts.push_back(Fact {
            captured: now,
            temporal: packet.tag.temporal,
            delivered: None,
        });
        if stream.facts.len() > FACTS {
            stream.facts.pop_front();
            stream.oldest += 1;
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

    /// When the packet was made; None when that is too long ago.
    pub fn captured(&self, key: StreamKey, number: u32) -> Option<Instant> {
        let stream = self.streams.get(&key)?;
        let at = number.checked_sub(stream.oldest)? as usize;
        stream.facts.get(at).map(|fact| fact.captured)
    }

    /// The packets between two numbers of a stream, both left out. None when they are too long ago.
    pub fn between(&self, key: StreamKey, from: u32, to: u32) -> Option<Vec<Fact>> {
        let stream = self.streams.get(&key)?;
        let first = (from + 1).checked_sub(stream.oldest)? as usize;
        let count = (to - from - 1) as usize;
        let facts = stream.facts.iter().skip(first).take(count);
        let facts: Vec<Fact> = facts.copied().collect();
        (facts.len() == count).then_some(facts)
    }

    /// Streams of earlier generations are of no interest any more.
    pub fn restarted(&mut self, track: u16, generation: u16) {
        self.streams
            .retain(|key, _| key.0 != track || key.2 + 1 >= generation);
    }
}

impl OfferTruth {
    fn read(&mut self, sdp: &str) {
        for section in sdp.split("\r\nm=").skip(1) {
            self.read_section(section);
        }
    }

    fn read_section(&mut self, section: &str) {
        let values = |name| {
            section
                .lines()
                .filter_map(move |line| line.strip_prefix(name))
        };
        for value in values("a=extmap:") {
            if let Some((id, "urn:ietf:params:rtp-hdrext:sdes:mid")) = value.split_once(' ') {
                self.mid_extension = id.parse().ok();
            }
        }
        for value in values("a=rtpmap:") {
            if let Some((pt, codec)) = value.split_once(' ')
                && codec.starts_with("rtx/")
            {
                self.rtx_types.extend(pt.parse::<u8>());
            }
        }
        let mut repairs = HashMap::new();
        for group in values("a=ssrc-group:FID ") {
            if let Some((media, repair)) = group.split_once(' ') {
                repairs.extend(repair.parse::<u32>().ok().zip(media.parse::<u32>().ok()));
            }
        }
        let mid = values("a=mid:").next().unwrap_or_default();
        let ssrcs = values("a=ssrc:").filter_map(|value| value.split(' ').next()?.parse().ok());
        for ssrc in ssrcs {
            self.announced
                .insert(ssrc, (mid.to_owned(), repairs.get(&ssrc).copied()));
        }
    }
}
