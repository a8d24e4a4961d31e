//! Corpora out of a simulated call: what clients and the engine really say.

use crate::input::write_piece;
use engine::media::demux::{Class, classify};
use engine::media::framing::write_frame;
use engine::media::rtcp::{self, Feedback};
use engine::media::{Keys, Open, Profile};
use engine_sim::feed::{Kind, TrackPlan};
use engine_sim::random::Random;
use engine_sim::wire::Conditions;
use engine_sim::world::World;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// Files of one target.
const FILES: usize = 12;
/// Datagrams of one file.
const TOGETHER: usize = 6;

/// Inputs by target.
pub type Recorded = BTreeMap<&'static str, Vec<Vec<u8>>>;

pub fn record() -> Recorded {
    let mut world = World::new(7);
    world.all_conditions(Conditions::losing(0.05));
    let heard = Rc::new(RefCell::new(Vec::new()));
    let taken = heard.clone();
    world.tap = Some(Box::new(move |up, id, bytes| {
        taken.borrow_mut().push((up, id, bytes.to_vec()))
    }));
    let plans = [(1, Kind::Audio), (2, Kind::Video), (3, Kind::Simulcast)];
    let publisher = world.publisher(&plans.map(|(track, kind)| TrackPlan { track, kind }));
    let subscriber = world.subscriber(&[1, 2, 3]);
    world.run_for(Duration::from_secs(4));
    let mut open: BTreeMap<u32, Open> = BTreeMap::new();
    for id in [publisher, subscriber] {
        let slot = world.machine.keys(id).expect("it is open");
        let keys = slot.get().expect("it is connected");
        let profile = Profile::from_dtls(&keys.profile).expect("a profile of ours");
        let (_, opening) = Keys::from_dtls(&keys.material, profile, keys.active).expect("keys");
        open.insert(id, opening);
    }
    let mut recorded = Recorded::new();
    let mut add = |target, bytes: Vec<u8>| recorded.entry(target).or_default().push(bytes);
    for (up, id, bytes) in heard.take() {
        let class = classify(&bytes);
        if class == Class::Stun {
            add("stun", bytes.clone());
        }
        if !up {
            continue;
        }
        let mut from = vec![if id == publisher { 1 } else { 2 }];
        write_piece(&mut from, &bytes);
        add("datagram", from);
        let mut frame = Vec::new();
        write_frame(&mut frame, &bytes);
        add("framing", frame);
        let mut plain = bytes.clone();
        let opening = open.get_mut(&id).expect("both have keys");
        match class {
            Class::Rtp => {
                let Some(opened) = opening.open_rtp(&mut plain) else {
                    continue;
                };
                plain.truncate(opened.len);
                add("rtp", plain.clone());
                let payload = plain[opened.header_len..].to_vec();
                if payload.len() != 80 {
                    add("vp8", payload);
                }
                let mut piece = Vec::new();
                write_piece(&mut piece, &plain);
                add("publisher_rtp", piece.clone());
                let mut sealed = vec![0, 5, 0];
                sealed.extend(piece);
                add("srtp", sealed);
            }
            Class::Rtcp => {
                let Some(length) = opening.open_rtcp(&mut plain) else {
                    continue;
                };
                plain.truncate(length);
                add("rtcp", plain.clone());
                let mut findings = Vec::new();
                rtcp::parse(&plain, &mut findings);
                for finding in findings {
                    if let Feedback::Arrivals { start, len } = finding {
                        // Twelve packets, 5 ms apart, and what the client tells.
                        let mut events = vec![12];
                        events.extend([5u8, 100].repeat(12));
                        events.push(100);
                        write_piece(&mut events, &plain[start..start + len]);
                        add("arrivals", events);
                    }
                }
                let mut piece = Vec::new();
                write_piece(&mut piece, &plain);
                add(
                    if id == publisher {
                        "publisher_rtcp"
                    } else {
                        "feedback"
                    },
                    piece,
                );
            }
            _ => {}
        }
    }
    for sdp in &world.descriptions {
        add("sdp", sdp.clone().into_bytes());
        if sdp.contains("a=sendonly") {
            add("offer", sdp.clone().into_bytes());
        }
    }
    for inputs in recorded.values_mut() {
        *inputs = some(inputs);
    }
    for target in [
        "datagram",
        "publisher_rtp",
        "publisher_rtcp",
        "feedback",
        "arrivals",
        "srtp",
    ] {
        let inputs = recorded.entry(target).or_default();
        let together: Vec<Vec<u8>> = inputs
            .chunks(TOGETHER)
            .map(|inputs| inputs.concat())
            .collect();
        *inputs = together;
    }
    let streams = recorded.entry("framing").or_default();
    *streams = (0..).zip(streams.chunks(TOGETHER)).map(in_pieces).collect();
    for (target, inputs) in by_hand() {
        recorded.insert(target, inputs);
    }
    for target in [
        "munger",
        "store",
        "nack",
        "transport_feedback",
        "receiver",
        "allocator",
        "estimate",
    ] {
        recorded.insert(target, drawn(target));
    }
    recorded
}

/// Payloads of formats that no simulated client sends, after their specifications.
fn by_hand() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let samples = |samples: &[&[u8]]| samples.iter().map(|sample| sample.to_vec()).collect();
    vec![
        // RFC 6184: a single unit, an aggregate with parameter sets, a first and a later fragment.
        (
            "h264",
            samples(&[
                &[0x65, 1, 2, 3],
                &[0x78, 0, 1, 0x06, 0, 2, 0x67, 0x42, 0, 1, 0x68],
                &[0x7c, 0x85, 1],
                &[0x7c, 0x45, 1],
                &[0x61, 9],
            ]),
        ),
        // RFC 9628: non-flexible with layers, flexible with references, with a scalability structure, the shortest.
        (
            "vp9",
            samples(&[
                &[0xa8, 0x85, 0x05, 0x00, 0x07, 1, 2],
                &[0xf8, 0x81, 0x02, 0x22, 0x03, 0x05, 1],
                &[
                    0x8a, 0x85, 0x05, 0x18, 0x01, 0x40, 0x00, 0xb4, 0x02, 0x04, 0x24, 0x01, 1,
                ],
                &[0x08, 1],
                &[0xac, 0x05, 0x10, 0x09, 7],
            ]),
        ),
        (
            "av1",
            samples(&[&[0x18, 0x0a, 0x0b], &[0x10, 0x0a], &[0x98, 1, 2], &[0x00]]),
        ),
        (
            "red",
            samples(&[
                &[
                    0x80 | 111,
                    0x0f,
                    0x00,
                    3,
                    0x80 | 111,
                    0x07,
                    0x80,
                    2,
                    111,
                    1,
                    1,
                    1,
                    2,
                    2,
                    3,
                    3,
                    3,
                ],
                &[111, 5, 6],
                &[0x80 | 63, 0, 0, 0, 63],
            ]),
        ),
    ]
}

/// A stream of a few frames, and the sizes of the pieces in which it arrives: whole, byte by byte, and between.
fn in_pieces((number, frames): (u8, &[Vec<u8>])) -> Vec<u8> {
    let sizes: &[u8] = match number % 3 {
        0 => &[],
        1 => &[0],
        _ => &[1, 250, 0, 99, number],
    };
    let mut input = vec![sizes.len() as u8];
    input.extend(sizes);
    input.extend(frames.concat());
    input
}

/// Inputs of state machines: any bytes are some order of events.
fn drawn(target: &str) -> Vec<Vec<u8>> {
    let purpose = target
        .bytes()
        .fold(0, |purpose, byte| purpose << 8 | u64::from(byte));
    let mut random = Random::new(1).fork(purpose);
    let lengths = [16, 64, 200, 600, 1_500];
    lengths
        .map(|length| small_pieces(&mut random, length))
        .into()
}

/// Bytes in which lengths stay short, so that one input has many events.
fn small_pieces(random: &mut Random, length: usize) -> Vec<u8> {
    let bytes = (0..length).map(|_| match random.below(3) {
        0 => 0,
        1 => random.below(24) as u8,
        _ => 96 + random.below(110) as u8,
    });
    bytes.collect()
}

/// Some of them, from the beginning to the end, none twice.
fn some(inputs: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let count = FILES * TOGETHER / 2;
    let step = inputs.len().div_ceil(count).max(1);
    let mut some: Vec<Vec<u8>> = inputs.iter().step_by(step).cloned().collect();
    some.dedup();
    some
}
