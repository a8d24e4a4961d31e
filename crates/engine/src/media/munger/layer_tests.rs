//! Streams with layers inside: what a subscriber is given of them can be decoded, whatever is selected, lost or late.

use super::segments::MAX_SEGMENTS;
use super::*;
use crate::media::codec::Codec;
use crate::media::codec::vp9::Structure;
use crate::media::dependency::Reader;
use crate::media::ntp::Aligned;
use crate::media::testing::Random;
use crate::media::testing::svc::{Encoder, Made, Shape};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

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

#[test]
fn sender_reports_keep_layers_in_step() {
    let mut random = Random::new(70);
    let mut layers = [encoder(&mut random, 0), encoder(&mut random, 0)];
    let zeros = [layers[0].timestamp, layers[1].timestamp];
    let mut munger = Munger::new(1, 90_000, true);
    let start = Instant::now();
    let mut now = start;
    let mut offset = None;
    for picture in 0..400u32 {
        // What is sent together arrives at any time.
        now += Duration::from_millis(23 + random.below(20));
        munger.want(LayerId(u64::from(picture / 40 % 2)), Selection::ALL);
        for (at, encoder) in layers.iter_mut().enumerate() {
            for mut made in encoder.picture(&mut random, picture % 20 == 0, now) {
                let aligned = made.packet.timestamp.wrapping_sub(zeros[at]);
                made.packet.aligned = Some(Aligned {
                    ticks: aligned,
                    wall: 1,
                });
                let Some(rewrite) = munger.next(LayerId(at as u64), &made.packet, now) else {
                    continue;
                };
                // A change within one picture takes a millisecond, which is not kept.
                let off = rewrite.timestamp.wrapping_sub(aligned);
                assert!(off.wrapping_sub(*offset.get_or_insert(off)) <= 90);
            }
        }
    }
}

/// The timestamp that a new layer begins with, of a picture that the clock of `wall` shows at `ticks`.
fn begun(munger: &mut Munger, (wall, ticks): (u32, u32), now: Instant) -> u32 {
    let mut random = Random::new(u64::from(ticks));
    let layer = LayerId(random.next());
    munger.want(layer, Selection::ALL);
    let mut encoder = encoder(&mut random, 0);
    let mut packet = encoder
        .picture(&mut random, true, now)
        .swap_remove(0)
        .packet;
    packet.aligned = Some(Aligned { ticks, wall });
    munger.next(layer, &packet, now).unwrap().timestamp
}

/// A publisher that has come back from elsewhere, or another in its place: its clock shows nearly the same time, and is another.
#[test]
fn the_clocks_of_two_publishers_are_not_compared() {
    let mut munger = Munger::new(1, 90_000, true);
    let now = Instant::now();
    let first = begun(&mut munger, (1, 500_000), now);
    let second = begun(&mut munger, (2, 770_000), now + Duration::from_secs(4));
    assert_eq!(second.wrapping_sub(first), 360_000);
    // The other's goes on.
    let third = begun(&mut munger, (2, 815_000), now + Duration::from_secs(5));
    assert_eq!(third.wrapping_sub(second), 45_000);
}

/// What is shown after a pause may be older than what was shown before.
#[test]
fn a_clock_that_pictures_shown_again_have_moved_ahead_is_not_put_back() {
    let mut munger = Munger::new(1, 90_000, true);
    let now = Instant::now();
    let first = begun(&mut munger, (1, 500_000), now);
    let again = begun(&mut munger, (1, 400_000), now + Duration::from_millis(300));
    assert_eq!(again.wrapping_sub(first), 90);
    let later = begun(&mut munger, (1, 860_000), now + Duration::from_secs(4));
    assert_eq!(later.wrapping_sub(again), 460_000);
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

/// The only packet of one layer of a VP9 picture: Z, and how many layers there are where it tells.
fn vp9(seq: u64, picture: u32, spatial: u8, top_only: bool, told: Option<u8>) -> MediaPacket {
    let key = picture == 0;
    let first = 0x2C | u8::from(!key) << 6 | u8::from(told.is_some()) << 1 | u8::from(top_only);
    let mut payload = vec![first, spatial << 1, 0];
    payload.extend(told.map(|count| (count - 1) << 5));
    payload.push(9);
    let now = Instant::now();
    let timestamp = picture * 3_000;
    MediaPacket::new(Codec::Vp9, seq, timestamp, false, payload.into(), now)
}

/// Takes packets and says of each that goes out its number and marker.
fn marked(packets: Vec<MediaPacket>) -> Vec<Option<(u64, bool)>> {
    let mut munger = Munger::new(1, 90_000, true);
    munger.want(LAYER, Selection::ALL);
    let mut structure = Structure::default();
    let take = |mut packet: MediaPacket| {
        packet.read_structure(&mut structure);
        let rewrite = munger.next(LAYER, &packet, packet.arrived)?;
        let origin = munger.origin(rewrite.seq as u16).unwrap();
        assert_eq!(
            origin.rewrite(&packet),
            rewrite,
            "sent again it is the same"
        );
        Some((rewrite.seq, rewrite.marker))
    };
    packets.into_iter().map(take).collect()
}

fn with_marker(packet: MediaPacket) -> MediaPacket {
    MediaPacket {
        marker: true,
        ..packet
    }
}

/// Found by a simulated call: the packet that tells of fewer layers came late, so the highest one stayed away, and all after it, which
/// may need it.
#[test]
fn pictures_end_though_their_highest_layer_cannot_be_shown_any_more() {
    let given = marked(vec![
        vp9(0, 0, 0, false, Some(3)),
        vp9(1, 0, 1, false, None),
        with_marker(vp9(2, 0, 2, true, None)),
        with_marker(vp9(4, 1, 1, true, None)),
        vp9(3, 1, 0, false, Some(2)),
        vp9(5, 2, 0, false, None),
        with_marker(vp9(6, 2, 1, true, None)),
        vp9(7, 3, 0, false, None),
        with_marker(vp9(8, 3, 1, true, None)),
    ]);
    let expected = [
        Some((1, false)),
        Some((2, false)),
        Some((3, true)),
        None,
        Some((4, true)),
        Some((5, true)),
        None,
        Some((6, true)),
        None,
    ];
    assert_eq!(given, expected);
}

/// Layers that need each other in key pictures only: the highest one is enough, and those that stay away for it end nothing.
#[test]
fn what_is_held_back_below_the_highest_layer_ends_no_picture() {
    let given = marked(vec![
        vp9(0, 0, 0, false, Some(3)),
        vp9(1, 0, 1, false, None),
        with_marker(vp9(2, 0, 2, true, None)),
        vp9(3, 1, 0, false, None),
        vp9(4, 1, 1, true, None),
        with_marker(vp9(5, 1, 2, true, None)),
        vp9(6, 2, 0, false, None),
        vp9(7, 2, 1, true, None),
        with_marker(vp9(8, 2, 2, true, None)),
    ]);
    let markers: Vec<bool> = given
        .into_iter()
        .flatten()
        .map(|(_, marker)| marker)
        .collect();
    let [lower, ends] = [false, true];
    assert_eq!(markers, [lower, lower, ends, lower, ends, lower, ends]);
}

/// Found by a simulated call: the packet that was to have the marker never came, and the one before was sent again as the last.
#[test]
fn a_stream_that_ends_before_a_marker_marks_nothing() {
    let mut munger = Munger::new(1, 90_000, true);
    munger.want(LAYER, Selection::ALL);
    let mut structure = Structure::default();
    let mut last = None;
    for mut packet in [
        vp9(0, 0, 0, false, Some(3)),
        vp9(1, 1, 0, false, None),
        with_marker(vp9(3, 1, 1, true, None)),
    ] {
        packet.read_structure(&mut structure);
        let rewrite = munger.next(LAYER, &packet, packet.arrived);
        last = rewrite.map(|rewrite| (packet, rewrite)).or(last);
    }
    munger.pause();
    let (packet, rewrite) = last.unwrap();
    let origin = munger.origin(rewrite.seq as u16).unwrap();
    assert_eq!((origin.rewrite(&packet), rewrite.marker), (rewrite, false));
}
