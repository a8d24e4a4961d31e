//! Looks at every datagram that leaves the engine, before the wire can touch it, with the keys of the client it is for.

use crate::arrival::Arrival;
use crate::description::Format;
use crate::rules::{Rule, Rules, Seen, Violation};
use crate::tag::Tag;
use crate::truth::Truth;
use engine::command::TransportId;
use engine::ids::IdMap;
use engine::internals::KeySlot;
use engine::media::demux::{Class, classify};
use engine::media::window::{Seen as Fresh, SeenWindow};
use engine::media::{Keys, Open, Profile, rtp};
use std::rc::Rc;
use std::time::Instant;

/// So far behind the newest one a packet may be and still be opened: the window of replay protection, with some room.
const WINDOW: u64 = 200;

/// Changes what the rules get to see, to prove that they see it.
pub type Sabotage = Box<dyn FnMut(Seen, Option<Tag>) -> Vec<Seen>>;

/// What came of a datagram for the client that it is for, which need not open it again.
#[derive(Debug, Clone)]
pub enum Opened {
    Media(Arrival),
    /// RTCP in the clear.
    Report(Vec<u8>),
}

#[derive(Default)]
pub struct Observer {
    peers: IdMap<TransportId, Peer>,
    pub rules: Rules,
    pub sabotage: Option<Sabotage>,
    /// Packets of media that were opened and judged.
    pub packets: u64,
    /// Packets too late to be opened here and at any client.
    pub late: u64,
    pub reports: u64,
    /// To open the next packet in.
    spare: Vec<u8>,
}

struct Peer {
    keys: KeySlot,
    open: Option<Open>,
    /// Bytes behind the index word of an SRTCP packet.
    tail: usize,
    highest: IdMap<u32, u64>,
    /// SRTCP packets by sender: an index must not come twice.
    reports: IdMap<u32, SeenWindow<64>>,
}

impl Observer {
    pub fn new(start: Instant) -> Self {
        Observer {
            rules: Rules::new(start),
            ..Observer::default()
        }
    }

    /// `keys` are those of the engine's side.
    pub fn joined(&mut self, transport: TransportId, keys: KeySlot) {
        let peer = Peer {
            keys,
            open: None,
            tail: 0,
            highest: IdMap::default(),
            reports: IdMap::default(),
        };
        self.peers.insert(transport, peer);
    }

    pub fn left(&mut self, transport: TransportId) {
        self.peers.remove(&transport);
        self.rules.left(transport);
    }

    /// A packet of media or RTCP leaves the engine for a client. None where it is of no use to that client.
    pub fn leaves(
        &mut self,
        now: Instant,
        transport: TransportId,
        bytes: &[u8],
        truth: &Truth,
    ) -> Option<Opened> {
        let peer = self.peers.get_mut(&transport)?;
        if peer.open.is_none() && !peer.take_keys() {
            let what = "a packet before there are keys".to_owned();
            self.rules.add(now, transport, Rule::Opens, what);
            return None;
        }
        let looked = match classify(bytes) {
            Class::Rtcp => peer.report(bytes.to_vec()).map(Err),
            _ => {
                let mut copy = std::mem::take(&mut self.spare);
                copy.clear();
                copy.extend_from_slice(bytes);
                peer.packet(now, transport, copy, truth).map(Ok)
            }
        };
        match looked {
            Ok(Ok(seen)) => {
                self.packets += 1;
                Some(Opened::Media(self.judge(seen, truth)))
            }
            Ok(Err(report)) => {
                self.reports += 1;
                Some(Opened::Report(report))
            }
            Err(Unopened::Late) => {
                self.late += 1;
                None
            }
            Err(Unopened::Wrong(rule, what)) => {
                self.rules.add(now, transport, rule, what);
                None
            }
        }
    }

    fn judge(&mut self, seen: Seen, truth: &Truth) -> Arrival {
        let mut arrival = seen.arrival(truth);
        let Some(sabotage) = &mut self.sabotage else {
            arrival.tag = self.rules.judge(&seen, truth);
            self.spare = seen.payload;
            return arrival;
        };
        arrival.tag = seen.identify(truth).map(|(tag, _)| tag);
        for seen in sabotage(seen, arrival.tag) {
            self.rules.judge(&seen, truth);
        }
        arrival
    }

    pub fn violations(&self) -> &[Violation] {
        self.rules.violations()
    }
}

enum Unopened {
    Late,
    Wrong(Rule, String),
}

impl Peer {
    fn take_keys(&mut self) -> bool {
        let keys = self.keys.get().and_then(|keys| {
            let profile = Profile::from_dtls(&keys.profile)?;
            let counter = profile == Profile::Aes128CmSha1_80;
            self.tail = if counter { profile.tag_len() } else { 0 };
            Keys::from_dtls(&keys.material, profile, !keys.active).ok()
        });
        self.open = keys.map(|(_, open)| open);
        self.open.is_some()
    }

    fn report(&mut self, mut bytes: Vec<u8>) -> Result<Vec<u8>, Unopened> {
        let wrong = |what: &str| Err(Unopened::Wrong(Rule::Opens, what.to_owned()));
        let at = bytes.len().checked_sub(4 + self.tail);
        let (Some(index), Some(sender)) = (at.and_then(|at| word(&bytes, at)), word(&bytes, 4))
        else {
            return wrong("an SRTCP packet is cut short");
        };
        let index = u64::from(index & 0x7fff_ffff);
        if self.reports.entry(sender).or_default().mark(index) != Fresh::New {
            let what = format!("SRTCP index {index} of {sender:08x} comes again");
            return Err(Unopened::Wrong(Rule::NonceOnce, what));
        }
        let opened = self.open.as_mut();
        match opened.and_then(|open| open.open_rtcp(&mut bytes)) {
            Some(length) => {
                bytes.truncate(length);
                Ok(bytes)
            }
            None => wrong("an SRTCP packet cannot be opened"),
        }
    }

    fn packet(
        &mut self,
        now: Instant,
        transport: TransportId,
        mut bytes: Vec<u8>,
        truth: &Truth,
    ) -> Result<Seen, Unopened> {
        let wrong = |what: String| Unopened::Wrong(Rule::Opens, what);
        let header = rtp::Header::parse(&bytes).ok_or_else(|| wrong("no RTP header".to_owned()))?;
        let offer = truth.offer(transport);
        let mid = offer.and_then(|offer| header.extension(offer.mid_extension?));
        let descriptor = offer.and_then(|offer| header.extension(offer.descriptor_extension?));
        let number = offer.and_then(|offer| header.extension(offer.number_extension?));
        let format = offer.and_then(|offer| offer.formats.get(&header.payload_type));
        let announced = offer.and_then(|offer| offer.announced.get(&header.ssrc));
        let announced = announced.map(|(mid, _)| mid);
        let repair = matches!(format, Some(Format::Repair(_)));
        let mut seen = Seen {
            at: now,
            transport,
            ssrc: header.ssrc,
            index: 0,
            size: bytes.len(),
            transport_number: number.and_then(|n| Some(u16::from_be_bytes(*n.first_chunk()?))),
            payload_type: header.payload_type,
            timestamp: header.timestamp,
            marker: header.marker,
            descriptor: descriptor.map(<[u8]>::to_vec),
            mid: mid.map(|mid| told(mid, announced)),
            original: None,
            payload: Vec::new(),
        };
        let highest = self.highest.get(&seen.ssrc).copied();
        let (seq, padded) = (header.seq, header.padding);
        seen.index = rtp::extend(highest, seq);
        self.highest.insert(
            seen.ssrc,
            highest.map_or(seen.index, |highest| highest.max(seen.index)),
        );
        let opened = self
            .open
            .as_mut()
            .and_then(|open| open.open_rtp(&mut bytes));
        let Some(opened) = opened else {
            let far = highest.is_some_and(|highest| seen.index + WINDOW < highest);
            let what = format!(
                "packet {} of {:08x} cannot be opened",
                seen.index, seen.ssrc
            );
            return Err(if far { Unopened::Late } else { wrong(what) });
        };
        bytes.truncate(opened.len);
        bytes.drain(..opened.header_len);
        let mut payload = bytes;
        if padded {
            let count = usize::from(payload.last().copied().unwrap_or_default());
            let rest = payload.len().checked_sub(count).filter(|_| count > 0);
            payload.truncate(rest.ok_or_else(|| wrong("impossible padding".to_owned()))?);
        }
        if repair && payload.is_empty() {
            // Padding that probes the path; it repeats nothing.
            seen.original = Some(0);
        } else if repair && let Some(original) = payload.first_chunk() {
            seen.original = Some(u16::from_be_bytes(*original));
            payload.drain(..2);
        }
        seen.payload = payload;
        Ok(seen)
    }
}

/// A MID that a packet tells, most often the one that was announced.
fn told(mid: &[u8], announced: Option<&Rc<str>>) -> Rc<str> {
    match announced.filter(|announced| announced.as_bytes() == mid) {
        Some(announced) => announced.clone(),
        None => String::from_utf8_lossy(mid).into(),
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}
