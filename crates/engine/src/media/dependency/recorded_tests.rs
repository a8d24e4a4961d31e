//! What Chromium sends: the descriptor against what the payload says of itself, and a subscriber of a lower layer.

use super::*;
use crate::media::codec::{Codec, vp9};
use crate::media::{LayerId, MediaPacket, Munger};
use std::time::{Duration, Instant};

const VP9: &str = include_str!("chromium-vp9.txt");
const AV1: &str = include_str!("chromium-av1.txt");

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .map(|digit| digit.to_digit(16).unwrap() as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// The packets, read in the order of their numbers.
fn recorded(codec: Codec, text: &str) -> Vec<MediaPacket> {
    let mut reader = Reader::default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let packets = lines.map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        let (seq, timestamp) = (fields[0].parse().unwrap(), fields[1].parse().unwrap());
        let payload = bytes(fields[4]).into();
        let marker = fields[2] == "1";
        let mut packet = MediaPacket::new(codec, seq, timestamp, marker, payload, Instant::now());
        packet.dependency_descriptor = Some(bytes(fields[3]).into());
        packet.read_descriptor(&mut reader);
        packet
    });
    packets.collect()
}

#[test]
fn vp9_says_the_same_in_both_descriptors() {
    for packet in recorded(Codec::Vp9, VP9) {
        let own = vp9::Descriptor::parse(&packet.payload).unwrap().frame();
        let frame = packet.frame.unwrap();
        assert!(frame.number.is_some());
        assert_eq!(
            (own.spatial, own.temporal, own.begins, own.ends),
            (frame.spatial, frame.temporal, frame.begins, frame.ends)
        );
    }
}

/// RFC 9628: without the dependency descriptor the Z bits tell which selections need a frame.
#[test]
fn vp9_needs_the_same_frames_by_either_descriptor() {
    let mut structure = vp9::Structure::default();
    let mut lower = 0;
    for packet in recorded(Codec::Vp9, VP9) {
        let own = vp9::Descriptor::parse(&packet.payload).unwrap();
        let frame = packet.frame.unwrap();
        assert_eq!(
            structure.part_of(packet.seq, &own),
            frame.part_of,
            "{own:?}"
        );
        lower += usize::from(!frame.part_of.has(Selection::ALL));
    }
    assert!(
        lower > 10,
        "{lower} frames that the highest layer needs not"
    );
}

#[test]
fn av1_says_the_same_in_its_units() {
    let mut compared = 0;
    for packet in recorded(Codec::Av1, AV1) {
        let frame = packet.frame.unwrap();
        // A frame unit (type 6) with an extension header, first in its packet.
        if let [0x10 | 0x50, 0x34, extension, ..] = *packet.payload {
            assert_eq!(
                (extension >> 3 & 3, extension >> 5),
                (frame.spatial, frame.temporal)
            );
            compared += 1;
        }
        let key = packet.keyframe_start;
        assert_eq!(key, frame.begins && frame.references == [0; 8]);
    }
    assert!(compared > 20, "{compared} of them");
}

#[test]
fn a_lower_layer_of_what_chromium_sends_can_be_decoded() {
    for (codec, text) in [(Codec::Vp9, VP9), (Codec::Av1, AV1)] {
        let target = Selection::new(1, 0);
        let mut munger = Munger::new(100, 90_000, true);
        munger.want(LayerId(1), target);
        let start = Instant::now();
        let mut sent: Vec<(u64, u32, bool)> = vec![];
        let mut gone: Vec<u64> = vec![];
        let packets = recorded(codec, text);
        for (step, packet) in packets.iter().enumerate() {
            let now = start + Duration::from_millis(5 * step as u64);
            let Some(rewrite) = munger.next(LayerId(1), packet, now) else {
                continue;
            };
            let frame = packet.frame.unwrap();
            assert!(frame.spatial <= 1 && frame.temporal == 0);
            let number = frame.number.unwrap();
            for distance in frame.references.iter().take_while(|d| **d > 0) {
                assert!(gone.contains(&(number - u64::from(*distance))));
            }
            gone.push(number);
            sent.push((rewrite.seq, rewrite.timestamp, rewrite.marker));
        }
        assert!(sent.len() > 6 && sent.len() < packets.len() / 2);
        for pair in sent.windows(2) {
            assert_eq!(pair[1].0, pair[0].0 + 1);
            assert_eq!(pair[0].2, pair[0].1 != pair[1].1, "a marker ends a picture");
        }
    }
}

/// AV1 RTP specification, section A.4: what is told to be there is there, and what goes out is of it.
#[test]
fn a_subscriber_is_told_which_targets_are_left() {
    let mut restricted = 0;
    for ((codec, text), target) in [(Codec::Vp9, VP9), (Codec::Av1, AV1)]
        .into_iter()
        .flat_map(|recording| Selection::every().map(move |selection| (recording, selection)))
    {
        let mut munger = Munger::new(100, 90_000, true);
        munger.want(LayerId(1), target);
        let mut receiver = Reader::default();
        let mut left_out: Vec<Template> = vec![];
        for packet in recorded(codec, text) {
            let made = packet.dependency_descriptor.as_deref().unwrap();
            let mut bits = Bits::new(made);
            let head = Head::read(&mut bits, made.len() > 3).unwrap();
            let rewrite = munger.next(LayerId(1), &packet, packet.arrived);
            let rewrite = rewrite.filter(|rewrite| !rewrite.blank);
            if let Some(rewrite) = rewrite {
                let mut out = [0; 256];
                let active = rewrite.active.zip(packet.active);
                let number = rewrite.frame_number.unwrap();
                let len = super::rewrite(made, number, active, &mut out);
                let got = receiver.read(&out[..len]).unwrap().frame.unwrap();
                let own = packet.frame.unwrap();
                assert_eq!(
                    (
                        got.spatial,
                        got.temporal,
                        got.begins,
                        got.ends,
                        got.references
                    ),
                    (
                        own.spatial,
                        own.temporal,
                        own.begins,
                        own.ends,
                        own.references
                    )
                );
                assert_eq!(frame_number(&out), Some(number));
                restricted += usize::from(active.is_some());
            }
            let Some(state) = receiver.states.back() else {
                continue;
            };
            let template = state.structure.template(head.template).unwrap();
            let targets = 0..state.structure.target_count() as u8;
            let of = targets.filter(|target| template.indication(*target) != NOT_PRESENT);
            let told = |target: u8| state.active >> target & 1 != 0;
            match rewrite {
                Some(_) => assert!(of.clone().any(told), "{target:?}"),
                None => left_out.push(*template),
            }
            for template in &left_out {
                for target in 0..state.structure.target_count() as u8 {
                    let needs = template.indication(target) != NOT_PRESENT;
                    assert!(!(needs && told(target)), "{target} of {target:?}");
                }
            }
        }
    }
    assert!(restricted > 100, "{restricted}");
}
