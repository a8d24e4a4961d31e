//! The newest packets of one layer of a track, kept once for all its subscribers: answers NACKs and shows newcomers the picture.

use super::codec::{Codec, h264};
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
        StoreLimits {
            packets: 512,
            age: Duration::from_secs(2),
            bytes: 1 << 20,
        }
    }
}

/// How far below the very first packet a late one may lie.
const REORDER: u64 = 32;
/// Packets that may stand in front of the picture in an H264 frame: delimiter, parameter sets, supplemental information.
const PARAMETER_PACKETS: u64 = 8;

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
        let limits = StoreLimits {
            packets: limits.packets.max(1),
            ..limits
        };
        PacketStore {
            limits,
            slots: Vec::new(),
            oldest: 0,
            highest: None,
            bytes: 0,
            key: None,
        }
    }

    /// Keeps a packet and gives it back as kept: of several packets of one key frame that look like its start (H264 parameter
    /// sets, then the picture) only the first stays one. `None` for a duplicate or a packet older than the ring.
    pub fn push(&mut self, mut packet: MediaPacket) -> Option<&MediaPacket> {
        let (seq, now) = (packet.seq, packet.arrived);
        if self.highest.is_some() && seq < self.oldest || self.get(seq).is_some() {
            return None;
        }
        packet.keyframe_start &= self.is_whole_start(&packet);
        self.advance(seq);
        if packet.keyframe_start {
            match self.key {
                Some((first, timestamp)) if timestamp == packet.timestamp && first < seq => {
                    packet.keyframe_start = false
                }
                Some((first, _))
                    if first > seq
                        && self
                            .get(first)
                            .is_some_and(|key| key.timestamp != packet.timestamp) => {}
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

    /// Whether nothing can be missing before what looks like the start of a key frame. An H264 picture may have lost the parameter sets in
    /// front of it, and shows nothing without them: then they, or the next key frame, are its start.
    fn is_whole_start(&self, packet: &MediaPacket) -> bool {
        if packet.codec != Codec::H264 || h264::brings_parameters(&packet.payload) {
            return true;
        }
        let before = (1..=PARAMETER_PACKETS).map(|back| self.get(packet.seq.checked_sub(back)?));
        for before in before {
            match before {
                Some(before) if before.timestamp == packet.timestamp => {}
                before => return before.is_some(),
            }
        }
        false
    }

    /// The packet with this extended sequence number.
    pub fn get(&self, seq: u64) -> Option<&MediaPacket> {
        self.slots
            .get(self.slot(seq))?
            .as_ref()
            .filter(|packet| packet.seq == seq)
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
        if let Some(packet) = self
            .slots
            .get_mut(slot)
            .and_then(|place| place.take_if(|packet| packet.seq == oldest))
        {
            self.bytes -= packet.payload.len();
        }
        self.oldest += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::testing::Random;
    use std::collections::BTreeMap;

    fn packet(seq: u64, timestamp: u32, payload: &[u8], arrived: Instant) -> MediaPacket {
        MediaPacket::new(Codec::H264, seq, timestamp, false, payload.into(), arrived)
    }

    const SPS: &[u8] = &[0x67, 1];
    const IDR: &[u8] = &[0x65, 1];
    const DELTA: &[u8] = &[0x61, 1];

    /// Found by a simulated call: who began with the picture alone saw nothing.
    #[test]
    fn a_picture_whose_parameter_sets_may_be_lost_is_no_start() {
        let now = Instant::now();
        let mut store = PacketStore::default();
        let mut starts = |seq, timestamp, payload| {
            let pushed = store.push(packet(seq, timestamp, payload, now));
            pushed.is_some_and(|packet| packet.keyframe_start)
        };
        assert!(!starts(10, 1, DELTA));
        assert!(!starts(12, 2, IDR), "11 is missing");
        assert!(starts(11, 2, SPS), "it came late");
        assert!(!starts(13, 3, DELTA));
        // Parameter sets can be known from the signalling: nothing is missing before these pictures.
        assert!(starts(14, 4, IDR));
        assert!(!starts(15, 5, &[0x06, 1]));
        assert!(starts(16, 5, IDR));
        assert!(!starts(18, 6, &[0x68, 1]));
        assert!(!starts(19, 6, IDR), "17 is missing");
    }

    fn replay(store: &PacketStore, cap: usize) -> Option<Vec<u64>> {
        store
            .since_key(cap)
            .map(|packets| packets.map(|packet| packet.seq).collect())
    }

    #[test]
    fn replays_from_the_first_packet_of_the_newest_key_frame() {
        let now = Instant::now();
        let mut store = PacketStore::default();
        assert_eq!(replay(&store, 60), None);
        for (seq, timestamp, payload) in [
            (9, 1, DELTA),
            (10, 2, SPS),
            (11, 2, IDR),
            (12, 2, IDR),
            (13, 3, DELTA),
        ] {
            let kept = store.push(packet(seq, timestamp, payload, now)).unwrap();
            assert_eq!(kept.keyframe_start, seq == 10);
        }
        assert_eq!(replay(&store, 60).unwrap(), [10, 11, 12, 13]);
        assert_eq!(replay(&store, 4).unwrap(), [10, 11, 12, 13]);
        assert_eq!(replay(&store, 3), None);
        store.push(packet(20, 4, SPS, now));
        assert_eq!(replay(&store, 60).unwrap(), [20]);
        // A late packet of an old key frame takes nothing back.
        assert!(store.push(packet(8, 0, SPS, now)).is_some());
        assert_eq!(replay(&store, 60).unwrap(), [20]);
        // The parameter sets of the newest one, late: it begins there.
        store.push(packet(19, 4, SPS, now));
        assert_eq!(replay(&store, 60).unwrap(), [19, 20]);
    }

    #[test]
    fn a_key_frame_that_fell_out_is_no_picture() {
        let now = Instant::now();
        let mut store = PacketStore::new(StoreLimits {
            packets: 8,
            ..StoreLimits::default()
        });
        store.push(packet(1, 1, SPS, now));
        for seq in 2..=8 {
            store.push(packet(seq, 2, DELTA, now));
        }
        assert!(store.has_key(60));
        store.push(packet(9, 2, DELTA, now));
        assert!(!store.has_key(60));
    }

    #[test]
    fn age_and_bytes_have_bounds() {
        let start = Instant::now();
        let mut store = PacketStore::new(StoreLimits {
            packets: 100,
            age: Duration::from_secs(2),
            bytes: 1_000,
        });
        for seq in 0..50 {
            store.push(packet(seq, 0, &[0; 100], start));
            assert!(store.bytes() <= 1_000);
        }
        assert!(store.get(39).is_none() && store.get(40).is_some());
        store.push(packet(50, 0, DELTA, start + Duration::from_millis(2_001)));
        assert_eq!(store.bytes(), 2);
        assert!(store.get(49).is_none() && store.get(50).is_some());
        // One packet above the bound is still kept: it is the newest.
        store.push(packet(
            51,
            0,
            &[0; 1_400],
            start + Duration::from_millis(2_001),
        ));
        assert_eq!(store.bytes(), 1_400);
    }

    #[test]
    fn agrees_with_a_plain_map() {
        for seed in 1..10 {
            let mut random = Random::new(seed);
            let start = Instant::now();
            let limits = StoreLimits {
                packets: 64,
                age: Duration::from_secs(2),
                bytes: 3_000,
            };
            let (mut store, mut model) = (PacketStore::new(limits), BTreeMap::new());
            let (mut base, mut clock) = (random.below(1 << 40) + 10_000, 0);
            for _ in 0..20_000 {
                base += random.below(3);
                if random.one_in(1_000) {
                    base += random.below(500);
                }
                clock += random.below(30);
                let seq = base - random.below(100);
                let size = random.below(100) as usize + 1;
                let kept = store
                    .push(packet(
                        seq,
                        0,
                        &vec![7; size],
                        start + Duration::from_millis(clock),
                    ))
                    .is_some();
                if kept {
                    assert_eq!(model.insert(seq, size), None);
                }
                let (oldest, highest) = (store.oldest, store.highest.unwrap());
                assert!(highest - oldest < 64 && store.slots.len() <= 64);
                model.retain(|seq, _| *seq >= oldest);
                assert!(model.iter().all(|(seq, size)| {
                    store
                        .get(*seq)
                        .is_some_and(|packet| packet.payload.len() == *size)
                }));
                assert_eq!(store.bytes(), model.values().sum::<usize>());
                assert!(
                    store.bytes() <= 3_000
                        || model.len() == 1
                        || model.keys().all(|other| *other >= seq)
                );
            }
        }
    }
}
