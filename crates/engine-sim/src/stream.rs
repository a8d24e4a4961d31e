//! A publisher's stream on its wire: headers, seals, and packets kept for being asked for again.

use crate::feed::{Feed, Packet};
use engine::media::rtcp::{SenderInfo, write_sender_report};
use engine::media::rtp::{NewHeader, write_header};
use engine::media::{Ntp, Seal};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Header extensions of the clients.
pub const AUDIO_LEVEL: u8 = 1;
pub const TRANSPORT_NUMBER: u8 = 3;
pub const MID: u8 = 4;
pub const DESCRIPTOR: u8 = 8;
pub const RID: u8 = 10;
pub const REPAIRED_RID: u8 = 11;
/// Packets kept of each stream.
const KEPT: usize = 512;
/// What clients say about a voice: -20 dBov, and that it is one.
const LEVEL: u8 = 0x80 | 20;
/// Seconds from 1900 to some day.
const DAY: u64 = 3_900_000_000;

/// One stream of media and of its retransmissions.
pub struct Stream {
    pub feed: Feed,
    pub ssrc: u32,
    /// SSRC and payload type of retransmissions.
    pub repair: Option<(u32, u8)>,
    pub payload_type: u8,
    kept: VecDeque<(u64, Packet)>,
    repairs: u64,
    sent: u32,
    octets: u32,
    last: Option<(Instant, u32)>,
}

/// The sealing side of one client: its streams share the keys and one count of packets.
pub struct Sealing {
    pub seal: Seal,
    number: u16,
}

impl Sealing {
    pub fn new(seal: Seal) -> Sealing {
        Sealing { seal, number: 0 }
    }

    /// A sealed packet. None when the number was sealed before.
    fn packet(
        &mut self,
        header: &NewHeader,
        index: u64,
        extensions: &[(u8, &[u8])],
        payload: [&[u8]; 2],
    ) -> Option<Vec<u8>> {
        self.number = self.number.wrapping_add(1);
        let number = self.number.to_be_bytes();
        let mut list: Vec<(u8, &[u8])> = vec![(TRANSPORT_NUMBER, &number)];
        list.extend(extensions);
        let mut bytes = Vec::with_capacity(payload[1].len() + 128);
        let header_len = write_header(&mut bytes, header, &list);
        payload.iter().for_each(|piece| bytes.extend(*piece));
        self.seal.seal_last(&mut bytes, 0, header_len, index).ok()?;
        Some(bytes)
    }

    pub fn report(&mut self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(plain.len() + 32);
        self.seal.seal_rtcp(plain, &mut bytes).ok()?;
        Some(bytes)
    }
}

impl Stream {
    pub fn new(feed: Feed, ssrc: u32, repair: Option<(u32, u8)>, payload_type: u8) -> Stream {
        Stream {
            feed,
            ssrc,
            repair,
            payload_type,
            kept: VecDeque::new(),
            repairs: 0,
            sent: 0,
            octets: 0,
            last: None,
        }
    }

    /// Seals a packet of the feed, and keeps it.
    pub fn send(&mut self, sealing: &mut Sealing, packet: Packet, now: Instant) -> Option<Vec<u8>> {
        let index = self.feed.first_seq + u64::from(packet.tag.number);
        let header = self.header(&packet, self.payload_type, index, self.ssrc);
        let sealed = self.seal(sealing, &header, index, &packet, RID, &[]);
        self.sent = self.sent.wrapping_add(1);
        self.octets = self.octets.wrapping_add(packet.payload.len() as u32);
        self.last = Some((now, packet.timestamp));
        self.kept.push_back((index, packet));
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
        sealed
    }

    /// The packet with this number again.
    pub fn repeat(&mut self, sealing: &mut Sealing, seq: u16) -> Option<Vec<u8>> {
        let (ssrc, payload_type) = self.repair?;
        let (index, packet) = self.kept.iter().find(|(index, _)| *index as u16 == seq)?;
        // A number of its own, from 1 on.
        let own = self.repairs + 1;
        let header = self.header(packet, payload_type, own, ssrc);
        let original = (*index as u16).to_be_bytes();
        let sealed = self.seal(sealing, &header, own, packet, REPAIRED_RID, &original);
        self.repairs = own;
        sealed
    }

    fn header(&self, packet: &Packet, payload_type: u8, index: u64, ssrc: u32) -> NewHeader {
        NewHeader {
            payload_type,
            marker: packet.marker,
            seq: index as u16,
            timestamp: packet.timestamp,
            ssrc,
        }
    }

    fn seal(
        &self,
        sealing: &mut Sealing,
        header: &NewHeader,
        index: u64,
        packet: &Packet,
        rid: u8,
        original: &[u8],
    ) -> Option<Vec<u8>> {
        let mut extensions: Vec<(u8, &[u8])> = vec![(MID, self.feed.mid.as_bytes())];
        let name = self.feed.rid.as_ref();
        extensions.extend(name.map(|name| (rid, name.as_bytes())));
        extensions.extend(packet.descriptor.iter().map(|d| (DESCRIPTOR, d.as_slice())));
        if !self.feed.plan.kind.is_video() {
            extensions.push((AUDIO_LEVEL, &[LEVEL]));
        }
        sealing.packet(header, index, &extensions, [original, &packet.payload])
    }

    /// Appends a sender report, once something was sent. All feeds of a client go by one clock.
    pub fn write_report(&self, out: &mut Vec<u8>, epoch: Instant, now: Instant) {
        let Some((at, timestamp)) = self.last else {
            return;
        };
        let kind = self.feed.plan.kind;
        let since = now.saturating_duration_since(at).as_micros() as u64;
        let ticks = since * u64::from(kind.step()) / kind.interval().as_micros() as u64;
        let info = SenderInfo {
            ssrc: self.ssrc,
            ntp: Ntp(DAY << 32).plus(now.saturating_duration_since(epoch)),
            rtp: timestamp.wrapping_add(ticks as u32),
            packets: self.sent,
            octets: self.octets,
        };
        if now.saturating_duration_since(at) < Duration::from_secs(5) {
            write_sender_report(out, &info, "client");
        }
    }
}
