//! The newest packets of one layer of a track, kept once for all its subscribers: answers NACKs and shows newcomers the picture.

use super::packet::MediaPacket;
use std::time::{Duration, Instant};

/// Bounds of a [`PacketStore`].
#[derive(Debug, Clone, Copy)]
pub struct StoreLimits {
    /// Packets kept at most.
    pub packets: usize,
    /// Age of the oldest packet. Longer answers later NACKs; nobody asks after two seconds, the picture has moved on.
    pub age: Duration,
    /// Payload bytes kept at most.
    pub bytes: usize,
}

impl Default for StoreLimits {
    fn default() -> Self {
        StoreLimits { packets: 512, age: Duration::from_secs(2), bytes: 1 << 20 }
    }
}

/// How far below the very first packet a late one may lie.
const REORDER: u64 = 32;

/// A ring of packets addressed by extended sequence number.
#[derive(Debug)]
pub struct PacketStore {
    limits: StoreLimits,
    /// Packet `seq` lives at `seq % limits.packets`; grows to that length as it fills.
    slots: Vec<Option<MediaPacket>>,
    /// Everything below is gone.
    oldest: u64,
    highest: Option<u64>,
    bytes: usize,
    /// First packet of the newest key frame and its timestamp.
    key: Option<(u64, u32)>,
}

impl Default for PacketStore {
    fn default() -> Self {
        PacketStore::new(StoreLimits::default())
    }
}

impl PacketStore {
    /// An empty store.
    pub fn new(limits: StoreLimits) -> PacketStore {
        let limits = StoreLimits { packets: limits.packets.max(1), ..limits };
        PacketStore { limits, slots: Vec::new(), oldest: 0, highest: None, bytes: 0, key: None }
    }

    /// Keeps a packet and gives it back as kept: of several packets of one key frame that look like its start (H264 parameter
    /// sets, then the picture) only the first stays one. `None` for a duplicate or a packet older than the ring.
    pub fn push(&mut self, mut packet: MediaPacket) -> Option<&MediaPacket> {
        let (seq, now) = (packet.seq, packet.arrived);
        if self.highest.is_some() && seq < self.oldest || self.get(seq).is_some() {
            return None;
        }
        self.advance(seq);
        if packet.keyframe_start {
            match self.key {
                Some((first, timestamp)) if timestamp == packet.timestamp && first < seq => packet.keyframe_start = false,
                Some((first, _)) if first > seq && self.get(first).is_some_and(|key| key.timestamp != packet.timestamp) => {}
                _ => self.key = Some((seq, packet.timestamp)),
            }
        }
        self.bytes += packet.payload.len();
        let slot = self.slot(seq);
        if self.slots.len() <= slot {
            self.slots.resize_with(slot + 1, || None);
        }
        if let Some(place) = self.slots.get_mut(slot) {
            *place = Some(packet);
        }
        self.evict(seq, now);
        self.get(seq)
    }

    /// The packet with this extended sequence number.
    pub fn get(&self, seq: u64) -> Option<&MediaPacket> {
        self.slots.get(self.slot(seq))?.as_ref().filter(|packet| packet.seq == seq)
    }

    /// The highest extended sequence number so far.
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Payload bytes kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The packets from the start of the newest key frame on, in order. `None` when that start is gone, or when there are more
    /// than `cap`: then a fresh key frame is the better picture.
    pub fn since_key(&self, cap: usize) -> Option<impl Iterator<Item = &MediaPacket>> {
        let (first, _) = self.key?;
        let highest = self.highest?;
        self.get(first)?;
        (highest - first < cap as u64).then(|| (first..=highest).filter_map(|seq| self.get(seq)))
    }

    /// Whether [`PacketStore::since_key`] would show something.
    pub fn has_key(&self, cap: usize) -> bool {
        self.since_key(cap).is_some()
    }

    fn slot(&self, seq: u64) -> usize {
        (seq % self.limits.packets as u64) as usize
    }

    /// Makes room below a new highest packet.
    fn advance(&mut self, seq: u64) {
        match self.highest {
            None => {
                self.oldest = seq.saturating_sub(REORDER.min(self.limits.packets as u64 - 1));
                self.highest = Some(seq);
            }
            Some(highest) if seq > highest => {
                let floor = (seq + 1).saturating_sub(self.limits.packets as u64);
                if floor > highest {
                    self.slots.clear();
                    self.bytes = 0;
                    self.oldest = floor;
                }
                while self.oldest < floor {
                    self.drop_oldest();
                }
                self.highest = Some(seq);
            }
            Some(_) => {}
        }
    }

    /// Enforces age and bytes on everything below `kept`. An empty place at the front stays open for a late packet.
    fn evict(&mut self, kept: u64, now: Instant) {
        while let Some(first) = (self.oldest..kept).find_map(|seq| self.get(seq)) {
            let aged = now.saturating_duration_since(first.arrived) > self.limits.age;
            if !aged && self.bytes <= self.limits.bytes {
                break;
            }
            self.oldest = first.seq;
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let slot = self.slot(self.oldest);
        let oldest = self.oldest;
        if let Some(packet) = self.slots.get_mut(slot).and_then(|place| place.take_if(|packet| packet.seq == oldest)) {
            self.bytes -= packet.payload.len();
        }
        self.oldest += 1;
    }
}
