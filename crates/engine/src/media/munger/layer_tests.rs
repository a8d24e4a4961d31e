//! Streams with layers inside: what a subscriber is given of them can be decoded, whatever is selected, lost or late.

use super::segments::MAX_SEGMENTS;
use super::*;
use crate::media::codec::Codec;
use crate::media::dependency::Reader;
use crate::media::testing::Random;
use crate::media::testing::svc::{Encoder, Made, Shape};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

mod clocks;
mod markers;

const LAYER: LayerId = LayerId(1);

struct Subscriber {
    munger: Munger,
    reader: Reader,
    /// What was given out under each number.
    got: BTreeMap<u64, (Made, Rewrite)>,
    /// Frames of which something was held back, and something given.
    held: HashSet<u64>,
    given: HashSet<u64>,
}

impl Subscriber {
    fn new(selection: Selection) -> Subscriber {
        let mut munger = Munger::new(7_000, 90_000, true);
        munger.want(LAYER, selection);
        Subscriber {
            munger,
            reader: Reader::default(),
            got: BTreeMap::new(),
            held: HashSet::new(),
            given: HashSet::new(),
        }
    }

    fn take(&mut self, mut made: Made, now: Instant) {
        made.packet.read_descriptor(&mut self.reader);
        let before = self.munger.given.clone();
        let runs = self.munger.current().is_some();
        let Some(rewrite) = self.munger.next(LAYER, &made.packet, now) else {
            // A double takes nothing back; what comes before a late key frame has its number and is sent when it is asked for.
            if !self.given.contains(&made.frame) && runs {
                self.held.insert(made.frame);
            }
            return;
        };
        assert_eq!(before.look(rewrite.seq), Seen::New);
        let origin = self.munger.origin(rewrite.seq as u16).unwrap();
        assert_eq!((origin.layer, origin.in_seq), (LAYER, made.packet.seq));
        assert_eq!(origin.rewrite(&made.packet), rewrite);
        match rewrite.blank {
            true => self.held.insert(made.frame),
            false => {
                for reference in &made.references {
                    assert!(
                        !self.held.contains(reference),
                        "frame {} needs {reference}: {made:?}",
                        made.frame
                    );
                }
                self.given.insert(made.frame)
            }
        };
        self.got.insert(rewrite.seq, (made, rewrite));
    }

    /// Numbers without a hole, times that never go back, one marker at the end of each picture.
    fn is_seamless(&self) {
        let all: Vec<&(Made, Rewrite)> = self.got.values().collect();
        assert!(all.len() > 100, "{} packets", all.len());
        for pair in all.windows(2) {
            let [(before, one), (after, two)] = [pair[0], pair[1]];
            assert_eq!(two.seq, one.seq + 1);
            assert!(two.timestamp.wrapping_sub(one.timestamp) as i32 >= 0);
            assert_eq!(
                one.marker,
                before.picture != after.picture,
                "{before:?} {after:?}"
            );
        }
    }

    /// The pictures and the layers in them that went out from a picture on.
    fn layers_since(&self, picture: u64) -> HashSet<(u8, u8)> {
        let late = self.got.values().filter(|(made, _)| made.picture > picture);
        late.map(|(made, _)| (made.spatial, made.temporal))
            .collect()
    }
}

const SHAPES: [(Codec, u8, u8, bool); 9] = [
    (Codec::Vp8, 1, 2, false),
    (Codec::Vp8, 1, 3, false),
    (Codec::Vp9, 1, 3, false),
    (Codec::Vp9, 3, 1, false),
    (Codec::Vp9, 3, 3, false),
    (Codec::Av1, 1, 3, false),
    (Codec::Av1, 3, 1, true),
    (Codec::Av1, 3, 3, false),
    (Codec::Av1, 3, 3, true),
];

fn encoder(random: &mut Random, at: usize) -> Encoder {
    let (codec, spatial, temporal, key_only) = SHAPES[at];
    let shape = Shape {
        spatial,
        temporal,
        key_only,
    };
    Encoder::new(random, codec, shape)
}

#[test]
fn every_selection_is_reached_and_can_be_decoded() {
    for (at, shape) in SHAPES.iter().enumerate() {
        let mut random = Random::new(at as u64 + 1);
        let mut encoder = encoder(&mut random, at);
        let mut subscriber = Subscriber::new(Selection::new(0, 0));
        let mut now = Instant::now();
        for round in 0..60 {
            let target = Selection::new(random.below(4) as u8, random.below(4) as u8);
            subscriber.munger.want(LAYER, target);
            let mut waited = 0;
            for _ in 0..40 {
                now += Duration::from_millis(33);
                let wanted = subscriber.munger.awaits_keyframe();
                waited += u64::from(wanted);
                for made in encoder.picture(&mut random, wanted && waited > 3, now) {
                    subscriber.take(made, now);
                }
            }
            assert!(!subscriber.munger.awaits_keyframe(), "round {round}");
            let last = subscriber.got.values().next_back().unwrap().0.picture;
            let seen = subscriber.layers_since(last - 8);
            let Shape {
                spatial,
                temporal,
                key_only,
            } = encoder.shape;
            let top = target.spatial.min(spatial - 1);
            let lowest = if key_only { top } else { 0 };
            let expected: HashSet<(u8, u8)> = (lowest..=top)
                .flat_map(|s| (0..=target.temporal.min(temporal - 1)).map(move |t| (s, t)))
                .collect();
            assert_eq!(seen, expected, "{shape:?} at {target:?}");
        }
        subscriber.is_seamless();
    }
}

#[test]
fn vp8_picture_ids_close_over_what_is_dropped() {
    let mut random = Random::new(50);
    let mut encoder = encoder(&mut random, 1);
    let mut subscriber = Subscriber::new(Selection::new(0, 1));
    let mut now = Instant::now();
    for picture in 0..600 {
        now += Duration::from_millis(33);
        for made in encoder.picture(&mut random, picture % 200 == 0, now) {
            subscriber.take(made, now);
        }
        if picture % 50 == 49 {
            let temporal = random.below(3) as u8;
            subscriber.munger.want(LAYER, Selection::new(0, temporal));
        }
    }
    subscriber.is_seamless();
    let all: Vec<&(Made, Rewrite)> = subscriber.got.values().collect();
    for pair in all.windows(2) {
        let [(before, one), (after, two)] = [pair[0], pair[1]];
        let [first, second] = [one, two].map(|rewrite| rewrite.pictures.unwrap());
        let step = second.picture.unwrap().wrapping_sub(first.picture.unwrap()) & 0x7FFF;
        assert_eq!(step, u16::from(before.picture != after.picture));
        let base = second
            .base_layer
            .unwrap()
            .wrapping_sub(first.base_layer.unwrap());
        let begins_base = before.picture != after.picture && after.temporal == 0;
        assert_eq!(base, u8::from(begins_base));
    }
}

#[test]
fn active_targets_are_told_from_when_some_are_left_out_to_the_next_key_frame() {
    let mut random = Random::new(55);
    let mut encoder = encoder(&mut random, 7);
    let mut subscriber = Subscriber::new(Selection::ALL);
    let mut now = Instant::now();
    let mut told = |subscriber: &mut Subscriber, pictures: u32, key: bool| {
        let mut told = HashSet::new();
        for picture in 0..pictures {
            now += Duration::from_millis(33);
            for made in encoder.picture(&mut random, key && picture == 0, now) {
                subscriber.take(made, now);
                let (_, rewrite) = subscriber.got.values().next_back().unwrap();
                told.insert(rewrite.active.map(|active| active.mask));
            }
        }
        told
    };
    assert_eq!(told(&mut subscriber, 20, true), HashSet::from([None]));
    // The temporal layers of each spatial one are next to each other.
    let lower = Selection::new(2, 1);
    subscriber.munger.want(LAYER, lower);
    told(&mut subscriber, 4, false);
    let two = HashSet::from([Some(0b011_011_011)]);
    assert_eq!(told(&mut subscriber, 20, false), two);
    subscriber.munger.want(LAYER, Selection::ALL);
    told(&mut subscriber, 4, false);
    let all = HashSet::from([Some(0b111_111_111)]);
    assert_eq!(told(&mut subscriber, 20, false), all);
    assert_eq!(told(&mut subscriber, 20, true), HashSet::from([None]));
    subscriber.munger.want(LAYER, Selection::new(0, 3));
    told(&mut subscriber, 1, false);
    let lowest = HashSet::from([Some(0b111)]);
    assert_eq!(told(&mut subscriber, 20, true), lowest);
}

/// Found by simulated calls (svc 7031, 7230): a frame went out that needs a lost one, which was rightly left out before.
#[test]
fn what_is_lost_where_the_highest_layer_ends_is_hoped_for_if_it_went_out_before() {
    for key_only in [true, false] {
        let mut random = Random::new(61);
        let shape = Shape {
            spatial: 3,
            temporal: 1,
            key_only,
        };
        let mut encoder = Encoder::new(&mut random, Codec::Av1, shape);
        let mut subscriber = Subscriber::new(Selection::ALL);
        let now = Instant::now();
        let mut lost = vec![];
        for picture in 0..8 {
            // The highest layer ends with the fifth picture, and comes again with a key frame.
            let (key, fewer) = (picture == 7, (4..7).contains(&picture));
            for mut made in encoder.picture(&mut random, key, now) {
                let descriptor = made.packet.dependency_descriptor.as_ref().unwrap();
                let tells = [&descriptor[..3], &[0b0100_0011, 0][..]].concat();
                let spatial = made.spatial;
                match picture {
                    4..7 if spatial == 2 => continue,
                    4 => made.packet.dependency_descriptor = Some(tells.into()),
                    3 if spatial == 1 => {
                        lost.push(made);
                        continue;
                    }
                    _ => {}
                }
                let frame = made.frame;
                subscriber.take(made, now);
                let goes = match (key_only, key) {
                    (true, false) => !fewer && (spatial == 2 || picture == 0),
                    _ => true,
                };
                assert_eq!(
                    subscriber.given.contains(&frame),
                    goes,
                    "{key_only}, {picture}, {spatial}"
                );
            }
            let awaits = key_only && fewer;
            assert_eq!(subscriber.munger.awaits_keyframe(), awaits, "{picture}");
        }
        for made in lost {
            let frame = made.frame;
            subscriber.take(made, now);
            assert_ne!(subscriber.given.contains(&frame), key_only);
        }
    }
}

#[test]
fn frame_numbers_keep_their_distances_and_go_on_over_a_switch() {
    let mut random = Random::new(60);
    let mut one = encoder(&mut random, 7);
    let mut other = encoder(&mut random, 7);
    let mut munger = Munger::new(1, 90_000, true);
    let mut readers = [Reader::default(), Reader::default()];
    let mut now = Instant::now();
    let mut last: Option<(usize, u64, u16)> = None;
    for round in 0..40 {
        let layer = round % 2;
        munger.want(LayerId(layer as u64), Selection::new(1, 3));
        for picture in 0..20 {
            now += Duration::from_millis(33);
            for (at, encoder) in [&mut one, &mut other].into_iter().enumerate() {
                for mut made in encoder.picture(&mut random, picture == 5, now) {
                    made.packet.read_descriptor(&mut readers[at]);
                    let id = LayerId(at as u64);
                    let Some(rewrite) = munger.next(id, &made.packet, now) else {
                        continue;
                    };
                    let number = rewrite.frame_number.unwrap();
                    if let Some((layer, frame, before)) = last {
                        let expected = match layer == at {
                            true => (made.frame - frame) as u16,
                            false => 1,
                        };
                        assert_eq!(number.wrapping_sub(before), expected);
                    }
                    last = Some((at, made.frame, number));
                }
            }
        }
    }
}

/// Loss, disorder and doubles upstream, and a restless subscriber.
fn rough_life(seed: u64) {
    let mut random = Random::new(seed);
    let at = random.below(SHAPES.len() as u64) as usize;
    let mut encoder = encoder(&mut random, at);
    let mut subscriber = Subscriber::new(Selection::ALL);
    let mut now = Instant::now();
    let mut held: Vec<Made> = vec![];
    let mut key = true;
    for _ in 0..1_500 {
        now += Duration::from_millis(33);
        let mut queue = vec![];
        for made in encoder.picture(&mut random, std::mem::take(&mut key), now) {
            match random.below(40) {
                0 => {}
                1 | 2 => held.push(made),
                3 => queue.extend([made.clone(), made]),
                _ => queue.push(made),
            }
        }
        while !held.is_empty() && random.one_in(2) {
            let at = random.below(queue.len() as u64 + 1) as usize;
            let late = held.swap_remove(random.below(held.len() as u64) as usize);
            queue.insert(at, late);
        }
        for made in queue {
            subscriber.take(made, now);
        }
        match random.below(30) {
            0 => {
                let target = Selection::new(random.below(4) as u8, random.below(4) as u8);
                subscriber.munger.want(LAYER, target);
            }
            1 => key = true,
            2 if random.one_in(4) => {
                subscriber.munger.pause();
                subscriber.munger.want(LAYER, Selection::ALL);
            }
            _ => key = subscriber.munger.awaits_keyframe() && random.one_in(4),
        }
    }
    let numbers: HashMap<u64, u64> = subscriber
        .got
        .iter()
        .map(|(seq, (made, _))| (made.packet.seq, *seq))
        .collect();
    assert!(numbers.len() > 500 && numbers.len() == subscriber.got.len());
    assert!(subscriber.munger.segments.len() <= MAX_SEGMENTS);
}

#[test]
fn nothing_goes_out_that_needs_what_was_held_back() {
    for seed in 300..360 {
        rough_life(seed);
    }
}
