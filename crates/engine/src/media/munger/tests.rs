use super::segments::MAX_SEGMENTS;
use super::*;
use crate::media::codec::vp8;
use crate::media::testing::Random;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

mod lives;

const KEY: [u8; 7] = [0x90, 0xF0, 0x80, 0, 0, 0, 0x10];
const MS: Duration = Duration::from_millis(1);

/// One publisher's encoder for one layer: VP8 frames of a few packets.
struct Layer {
    id: LayerId,
    seq: u64,
    timestamp: u32,
    ids: PictureIds,
    wide: bool,
}

impl Layer {
    fn new(random: &mut Random, id: u64) -> Layer {
        Layer {
            id: LayerId(id),
            seq: random.below(70_000),
            timestamp: random.next() as u32,
            ids: PictureIds {
                picture: Some(random.below(1 << 15) as u16),
                base_layer: Some(random.below(256) as u8),
                key: Some(random.below(32) as u8),
            },
            wide: true,
        }
    }

    fn frame(&mut self, key: bool, packets: u64, at: Instant) -> Vec<MediaPacket> {
        self.ids = self.ids.plus(PictureIds {
            picture: Some(1),
            base_layer: Some(1),
            key: Some(u8::from(key)),
        });
        let mut frame = vec![];
        for number in 0..packets {
            let mut payload = KEY.to_vec();
            payload[0] = if number == 0 { 0x90 } else { 0x80 };
            payload[6] = if key { 0x10 } else { 0x11 };
            if !self.wide {
                payload.remove(2);
                payload[2] = 0;
            }
            let empty = vp8::Descriptor::parse(&payload).unwrap();
            empty.pictures.write(&mut payload, &self.ids);
            frame.push(MediaPacket::new(
                Codec::Vp8,
                self.seq,
                self.timestamp,
                number + 1 == packets,
                payload.into(),
                at,
            ));
            self.seq += 1;
        }
        frame
    }

    fn padding(&mut self, at: Instant) -> MediaPacket {
        self.seq += 1;
        MediaPacket::new(
            Codec::Vp8,
            self.seq - 1,
            self.timestamp,
            false,
            [].into(),
            at,
        )
    }
}

/// Everything a subscriber was sent.
#[derive(Default)]
struct Receiver {
    got: HashMap<u64, (LayerId, u64, Rewrite)>,
}

impl Receiver {
    fn take(
        &mut self,
        munger: &mut Munger,
        layer: LayerId,
        packet: &MediaPacket,
        now: Instant,
    ) -> Option<Rewrite> {
        let rewrite = munger.next(layer, packet, now)?;
        let before = self.got.insert(rewrite.seq, (layer, packet.seq, rewrite));
        assert_eq!(before, None, "number {} given out twice", rewrite.seq);
        let origin = munger.origin(rewrite.seq as u16).unwrap();
        assert_eq!((origin.layer, origin.in_seq), (layer, packet.seq));
        assert_eq!(origin.rewrite(packet), rewrite);
        Some(rewrite)
    }

    /// Sequence numbers from first to last without a hole.
    fn in_order(&self) -> Vec<Rewrite> {
        let mut all: Vec<Rewrite> = self.got.values().map(|entry| entry.2).collect();
        all.sort_by_key(|rewrite| rewrite.seq);
        all
    }
}

fn video() -> Munger {
    Munger::new(40_000 % 32_768, 90_000, true)
}

#[test]
fn switches_only_where_a_key_frame_starts() {
    let mut random = Random::new(1);
    let (mut low, mut high) = (Layer::new(&mut random, 1), Layer::new(&mut random, 2));
    let (mut munger, mut receiver, now) = (video(), Receiver::default(), Instant::now());
    munger.want(low.id, Selection::ALL);
    assert!(munger.awaits_keyframe());
    assert_eq!(munger.next(low.id, &low.frame(false, 1, now)[0], now), None);
    for packet in low.frame(true, 3, now) {
        receiver.take(&mut munger, low.id, &packet, now).unwrap();
    }
    munger.want(high.id, Selection::ALL);
    for packet in high.frame(false, 2, now) {
        assert_eq!(munger.next(high.id, &packet, now), None);
    }
    for packet in low.frame(false, 2, now + 33 * MS) {
        receiver
            .take(&mut munger, low.id, &packet, now + 33 * MS)
            .unwrap();
    }
    let key = high.frame(true, 3, now);
    for packet in &key {
        receiver
            .take(&mut munger, high.id, packet, now + 66 * MS)
            .unwrap();
    }
    assert_eq!(munger.current(), Some(high.id));
    assert_eq!(munger.next(low.id, &low.frame(true, 1, now)[0], now), None);
    assert_eq!(
        munger.map_timestamp(high.id, key[0].timestamp),
        Some(receiver.in_order()[5].timestamp)
    );
    assert_eq!(munger.map_timestamp(low.id, 0), None);
    let sent = receiver.in_order();
    assert!(sent.windows(2).all(|pair| pair[1].seq == pair[0].seq + 1));
    assert_eq!(sent[0].seq, 40_000 % 32_768);
    assert_eq!(sent.len(), 8);
}

#[test]
fn what_a_left_layer_still_owed_comes_late_and_keeps_its_number() {
    let mut random = Random::new(2);
    let (mut low, mut high) = (Layer::new(&mut random, 1), Layer::new(&mut random, 2));
    let (mut munger, mut receiver, now) = (video(), Receiver::default(), Instant::now());
    munger.want(low.id, Selection::ALL);
    let frame = low.frame(true, 5, now);
    for at in [0, 1, 3] {
        receiver.take(&mut munger, low.id, &frame[at], now).unwrap();
    }
    munger.want(high.id, Selection::ALL);
    let key = high.frame(true, 1, now);
    receiver.take(&mut munger, high.id, &key[0], now).unwrap();
    // Between two that went out: its place is free. Behind the last one: the number belongs to the other layer now.
    let late = receiver.take(&mut munger, low.id, &frame[2], now).unwrap();
    assert_eq!(late.timestamp, frame[2].timestamp);
    assert_eq!(munger.next(low.id, &frame[4], now), None);
    assert_eq!(munger.next(low.id, &frame[2], now), None);
    let sent = receiver.in_order();
    assert!(sent.windows(2).all(|pair| pair[1].seq == pair[0].seq + 1));
}

#[test]
fn padding_leaves_no_hole_and_no_place() {
    let mut random = Random::new(3);
    let mut layer = Layer::new(&mut random, 1);
    let (mut munger, mut receiver, now) = (video(), Receiver::default(), Instant::now());
    munger.want(layer.id, Selection::ALL);
    let mut withheld = vec![];
    for round in 0..200 {
        let frame = layer.frame(round == 0, 3, now);
        for (at, packet) in frame.into_iter().enumerate() {
            if at == 1 && round % 7 == 3 {
                withheld.push(packet);
                continue;
            }
            receiver.take(&mut munger, layer.id, &packet, now).unwrap();
        }
        for _ in 0..round % 3 {
            assert_eq!(munger.next(layer.id, &layer.padding(now), now), None);
        }
        // Late, on the far side of padding.
        for packet in withheld.drain(..) {
            receiver.take(&mut munger, layer.id, &packet, now).unwrap();
        }
    }
    assert!(
        receiver
            .in_order()
            .windows(2)
            .all(|pair| pair[1].seq == pair[0].seq + 1)
    );
    assert!(munger.segments.len() <= MAX_SEGMENTS);
}

#[test]
fn a_nack_finds_what_is_missing_upstream_too() {
    let mut random = Random::new(4);
    let mut layer = Layer::new(&mut random, 1);
    let (mut munger, now) = (video(), Instant::now());
    munger.want(layer.id, Selection::ALL);
    let frame = layer.frame(true, 4, now);
    let first = munger.next(layer.id, &frame[0], now).unwrap();
    assert_eq!(munger.origin(first.seq as u16 + 1), None);
    munger.next(layer.id, &frame[3], now).unwrap();
    let origin = munger.origin(first.seq as u16 + 1).unwrap();
    assert_eq!((origin.layer, origin.in_seq), (layer.id, frame[1].seq));
    assert_eq!(origin.rewrite(&frame[1]).seq, first.seq + 1);
    assert_eq!(munger.origin(first.seq as u16 - 1), None);
    munger.pause();
    assert_eq!(
        munger.origin(first.seq as u16).unwrap().in_seq,
        frame[0].seq
    );
}

#[test]
fn audio_goes_on_after_pauses_and_restarts() {
    let mut munger = Munger::new(0, 48_000, false);
    let start = Instant::now();
    let packet = |seq, timestamp| {
        MediaPacket::new(
            Codec::Opus,
            seq,
            timestamp,
            false,
            b"opus".as_slice().into(),
            start,
        )
    };
    assert_eq!(munger.next(LayerId(1), &packet(9, 9), start), None);
    munger.want(LayerId(1), Selection::ALL);
    let first = munger.next(LayerId(1), &packet(500, 960), start).unwrap();
    assert_eq!((first.seq, first.timestamp), (1, 960));
    munger.pause();
    assert_eq!(munger.next(LayerId(1), &packet(501, 1_920), start), None);
    munger.want(LayerId(1), Selection::ALL);
    let after = munger
        .next(LayerId(1), &packet(550, 48_960), start + 1_000 * MS)
        .unwrap();
    assert_eq!((after.seq, after.timestamp), (2, 48_960));
    // A publisher that came back: other SSRC, other clock.
    munger.want(LayerId(2), Selection::ALL);
    let restarted = munger
        .next(LayerId(2), &packet(7, 5), start + 1_020 * MS)
        .unwrap();
    assert_eq!((restarted.seq, restarted.timestamp), (3, 48_960 + 1_600));
    assert_eq!(
        munger
            .next(LayerId(2), &packet(8, 965), start + 1_040 * MS)
            .unwrap()
            .timestamp,
        48_960 + 1_600 + 960
    );
    // Numbers that start again far below: believed after a few packets.
    munger.want(LayerId(3), Selection::ALL);
    munger
        .next(LayerId(3), &packet(60_000, 0), start + 1_060 * MS)
        .unwrap();
    let given = (0..20)
        .filter_map(|step| munger.next(LayerId(3), &packet(step, 0), start + 1_080 * MS))
        .count();
    assert_eq!(given, 20 - STALE_RUN as usize + 1);
    // And far above: at once, without a hole.
    let highest = munger.highest().unwrap();
    assert_eq!(
        munger
            .next(LayerId(3), &packet(90_000, 0), start + 1_100 * MS)
            .unwrap()
            .seq,
        highest + 1
    );
}

#[test]
fn a_gap_that_nobody_can_fill_waits_for_a_key_frame() {
    let mut random = Random::new(5);
    let mut layer = Layer::new(&mut random, 1);
    let (mut munger, mut receiver, now) = (video(), Receiver::default(), Instant::now());
    munger.want(layer.id, Selection::ALL);
    receiver
        .take(&mut munger, layer.id, &layer.frame(true, 1, now)[0], now)
        .unwrap();
    layer.seq += MAX_GAP + 1;
    assert!(!munger.awaits_keyframe());
    assert_eq!(
        munger.next(layer.id, &layer.frame(false, 1, now)[0], now),
        None
    );
    assert!(munger.awaits_keyframe(), "nobody would ask for one");
    receiver
        .take(&mut munger, layer.id, &layer.frame(true, 1, now)[0], now)
        .unwrap();
    layer.seq -= MAX_GAP + 1_000;
    assert_eq!(
        munger.next(layer.id, &layer.frame(false, 1, now)[0], now),
        None
    );
    receiver
        .take(&mut munger, layer.id, &layer.frame(true, 1, now)[0], now)
        .unwrap();
    assert!(
        receiver
            .in_order()
            .windows(2)
            .all(|pair| pair[1].seq == pair[0].seq + 1)
    );
}
