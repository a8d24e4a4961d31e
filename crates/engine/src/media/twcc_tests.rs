use super::*;
use crate::media::testing::Random;
use std::collections::BTreeMap;
use str0m::rtp::rtcp::Twcc;

const MS: Duration = Duration::from_millis(1);

/// Reads a message by the draft, in other words than the writer: number to arrival in ticks.
fn read(message: &[u8]) -> (BTreeMap<u16, Option<i64>>, u8) {
    let word = |at: usize| u16::from_be_bytes([message[at], message[at + 1]]);
    assert_eq!((message[0] & 0xDF, message[1]), (0x8F, 205));
    assert_eq!(4 * (usize::from(word(2)) + 1), message.len());
    let padding = match message[0] & 0x20 {
        0 => 0,
        _ => usize::from(*message.last().unwrap()),
    };
    let (base, count) = (word(12), usize::from(word(14)));
    let reference = i64::from(u32::from_be_bytes([
        0,
        message[16],
        message[17],
        message[18],
    ]));
    let (mut at, mut symbols) = (20, vec![]);
    while symbols.len() < count {
        let chunk = word(at);
        at += 2;
        match chunk >> 14 {
            0 | 1 => {
                symbols.extend((0..chunk & 0x1FFF).map(|_| chunk >> 13 & 3));
            }
            2 => symbols.extend((0..14).map(|i| chunk >> (13 - i) & 1)),
            _ => symbols.extend((0..7).map(|i| chunk >> (12 - 2 * i) & 3)),
        }
    }
    symbols.truncate(count);
    let mut time = reference * 256;
    let mut found = BTreeMap::new();
    for (i, symbol) in symbols.into_iter().enumerate() {
        let arrived = match symbol {
            0 => None,
            1 => {
                time += i64::from(message[at]);
                at += 1;
                Some(time)
            }
            2 => {
                time += i64::from(word(at) as i16);
                at += 2;
                Some(time)
            }
            _ => panic!("a symbol that means nothing"),
        };
        found.insert(base.wrapping_add(i as u16), arrived);
    }
    assert_eq!(at + padding, message.len());
    (found, message[19])
}

/// Whether str0m's parser takes a message, and how many packets it finds to have come.
fn known_to_str0m(message: &[u8]) -> usize {
    let read = Twcc::try_from(&message[4..]);
    read.expect("a message that str0m takes").delta.len()
}

fn written(arrivals: &mut Arrivals) -> Vec<u8> {
    let mut out = vec![];
    arrivals.write(&mut out, 1, 9);
    out
}

#[test]
fn a_message_byte_for_byte() {
    let start = Instant::now();
    let mut arrivals = Arrivals::new(start);
    assert!(!arrivals.has_news());
    assert!(written(&mut arrivals).is_empty());
    arrivals.note(65_534, start + 65 * MS);
    arrivals.note(65_535, start + 66 * MS);
    arrivals.note(1, start + 166 * MS);
    assert_eq!(
        written(&mut arrivals),
        [
            0xAF,
            205,
            0,
            6,
            0,
            0,
            0,
            1,
            0,
            0,
            0,
            9, // sender 1, media 9, padded
            0xFF,
            0xFE,
            0,
            4,
            0,
            0,
            1,
            0, // base, four statuses, 64 ms, message 0
            // Two-bit symbols: small, small, missing, large.
            0b1101_0100,
            0b1000_0000,
            4,
            4,
            1,
            0x90,
            0,
            2,
        ]
    );
    assert!(!arrivals.has_news());
}

#[test]
fn a_late_packet_is_told_of_after_all() {
    let start = Instant::now();
    let mut arrivals = Arrivals::new(start);
    arrivals.note(10, start);
    arrivals.note(12, start + MS);
    let (first, count) = read(&written(&mut arrivals));
    assert_eq!((first[&11], count), (None, 0));
    arrivals.note(14, start + 2 * MS);
    arrivals.note(11, start + 3 * MS);
    let (late, count) = read(&written(&mut arrivals));
    assert_eq!((late.len(), late[&11], count), (1, Some(12), 1));
    let (second, count) = read(&written(&mut arrivals));
    assert_eq!((second[&13], second[&14], count), (None, Some(8), 2));
    // So late that nobody remembers sending it.
    arrivals.note(15u16.wrapping_sub(600), start + 4 * MS);
    assert!(!arrivals.has_news());
}

#[test]
fn a_jump_starts_anew() {
    let start = Instant::now();
    let mut arrivals = Arrivals::new(start);
    arrivals.note(1, start);
    arrivals.note(20_000, start + MS);
    assert!(arrivals.pending.len() <= MAX_PENDING);
    let (found, _) = read(&written(&mut arrivals));
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [(20_000, Some(4))]);
}

#[test]
fn what_is_told_of_losses_alone_is_of_the_same_time() {
    let start = Instant::now();
    let mut arrivals = Arrivals::new(start);
    arrivals.note(1, start);
    written(&mut arrivals);
    arrivals.note(1_000, start + 64_000 * MS);
    let mut references = vec![];
    while arrivals.has_news() {
        let message = written(&mut arrivals);
        references.push(u32::from_be_bytes([
            0,
            message[16],
            message[17],
            message[18],
        ]));
    }
    assert_eq!(references, [1_000; 3]);
}

#[test]
fn a_long_silence_takes_two_messages() {
    let start = Instant::now();
    let mut arrivals = Arrivals::new(start);
    arrivals.note(1, start);
    arrivals.note(2, start + 10_000 * MS);
    assert_eq!(read(&written(&mut arrivals)).0.len(), 1);
    assert!(arrivals.has_news());
    assert_eq!(read(&written(&mut arrivals)).0[&2], Some(40_000));
    assert!(!arrivals.has_news());
}

#[test]
fn what_is_told_is_what_arrived() {
    for seed in 1..60 {
        let mut random = Random::new(seed);
        let start = Instant::now();
        let mut arrivals = Arrivals::new(start);
        let mut micros = 1_000;
        let mut next = random.below(65_536);
        let mut truth: BTreeMap<u16, i64> = BTreeMap::new();
        let mut told: BTreeMap<u16, i64> = BTreeMap::new();
        let mut late = vec![];
        for round in 0..40u8 {
            for _ in 0..random.below(700) {
                micros += match random.below(100) {
                    0 => random.below(9_000_000),
                    1..10 => random.below(100_000),
                    _ => random.below(2_000),
                };
                let number = (next % 65_536) as u16;
                next += 1;
                if next > 30_000 + 65_536 {
                    break;
                }
                match random.below(20) {
                    0 => {}
                    1 => late.push(number),
                    _ => {
                        truth.insert(number, micros as i64 / 250);
                        arrivals.note(number, start + Duration::from_micros(micros));
                    }
                }
                if random.one_in(30)
                    && let Some(number) = late.pop()
                {
                    truth.insert(number, micros as i64 / 250);
                    arrivals.note(number, start + Duration::from_micros(micros));
                    late.clear();
                }
            }
            while arrivals.has_news() {
                let message = written(&mut arrivals);
                if message.is_empty() {
                    continue;
                }
                assert!(message.len() < 1_100, "{} bytes", message.len());
                let (found, _) = read(&message);
                let come = found.values().flatten().count();
                assert_eq!(known_to_str0m(&message), come);
                for (number, ticks) in found {
                    if let Some(ticks) = ticks {
                        // The reference time has 24 bits, which is twelve days.
                        assert_eq!(told.insert(number, ticks), None, "twice, round {round}");
                    }
                }
            }
        }
        assert_eq!(told, truth, "seed {seed}");
    }
}

#[test]
fn whatever_numbers_come_memory_is_bounded() {
    let mut random = Random::new(3);
    let start = Instant::now();
    let mut arrivals = Arrivals::new(start);
    for step in 0..200_000 {
        arrivals.note(random.next() as u16, start + MS * step);
        assert!(arrivals.pending.len() <= MAX_PENDING);
        if step % 5_000 == 0 {
            while arrivals.has_news() {
                written(&mut arrivals);
            }
        }
    }
}
