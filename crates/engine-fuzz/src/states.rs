//! State machines that foreign numbers drive.

use crate::input::Input;
use engine::media::bandwidth::{Estimator, Gcc, Told};
use engine::media::ingest::Receiver;
use engine::media::nack::NackGenerator;
use engine::media::rtcp;
use engine::media::sent::SentLog;
use engine::media::twcc::{Arrivals, Report};
use engine::media::{Codec, LayerId, MediaPacket, Munger, Ntp, PacketStore, Selection};
use std::collections::HashSet;
use std::time::{Duration, Instant};

const CODECS: [Codec; 5] = [Codec::Opus, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1];

/// Extended numbers that move about as a stream's do, and jump now and then.
fn step(seq: &mut u64, input: &mut Input) -> u64 {
    let by = input.byte();
    *seq = match by {
        0..=199 => seq.saturating_add_signed(i64::from(by) - 100),
        200..=250 => seq.saturating_add(u64::from(by - 199) * 37),
        _ => seq.saturating_add_signed(i64::from(input.short()) * 3 - 90_000),
    };
    *seq
}

/// Packets of two layers in any order; no number is given out twice, and what was given out is found again.
pub fn munger(data: &[u8]) {
    let mut input = Input(data);
    let start = Instant::now();
    let mut now = start;
    let codec = CODECS[usize::from(input.byte()) % CODECS.len()];
    let mut munger = Munger::new(input.short() & 0x7fff, codec.clock_rate(), codec.is_video());
    let mut seqs = [1_000u64, 90_000];
    let mut given = HashSet::new();
    while !input.is_empty() {
        let what = input.byte();
        now += Duration::from_millis(u64::from(what >> 4));
        let index = usize::from(what & 1);
        let layer = LayerId(index as u64);
        match what & 0x0e {
            0 => munger.pause(),
            2 => munger.want(
                layer,
                Selection {
                    spatial: input.byte() & 1,
                    temporal: input.byte() & 3,
                },
            ),
            4 => {
                if let Some(origin) = munger.origin(input.short()) {
                    assert!(origin.layer.0 <= 1);
                }
            }
            _ => {
                let seq = step(&mut seqs[index], &mut input);
                let timestamp = input.word();
                let payload = input.piece();
                let packet =
                    MediaPacket::new(codec, seq, timestamp, what & 0x80 != 0, payload.into(), now);
                if let Some(rewrite) = munger.next(layer, &packet, now) {
                    assert!(
                        given.insert(rewrite.seq),
                        "number {} is given out twice",
                        rewrite.seq
                    );
                    let highest = munger.highest().expect("one was given out");
                    assert!(rewrite.seq <= highest);
                    if let Some(origin) = munger
                        .origin(rewrite.seq as u16)
                        .filter(|_| rewrite.seq == highest)
                    {
                        assert_eq!((origin.layer, origin.in_seq), (layer, seq));
                        assert_eq!(origin.rewrite(&packet), rewrite);
                    }
                }
            }
        }
    }
}

pub fn store(data: &[u8]) {
    let mut input = Input(data);
    let codec = CODECS[usize::from(input.byte()) % CODECS.len()];
    let mut store = PacketStore::default();
    let mut now = Instant::now();
    let mut seq = 5_000;
    while !input.is_empty() {
        now += Duration::from_millis(u64::from(input.byte()));
        let number = step(&mut seq, &mut input);
        let timestamp = input.word();
        let packet = MediaPacket::new(codec, number, timestamp, true, input.piece().into(), now);
        let length = packet.payload.len();
        let kept = store.push(packet).is_some();
        if kept {
            assert_eq!(
                store.get(number).map(|packet| packet.payload.len()),
                Some(length)
            );
        }
        assert!(store.bytes() <= (1 << 20) + usize::from(u16::MAX));
        let shown = store.since_key(50).into_iter().flatten().count();
        assert!(shown <= 50);
    }
}

/// What is asked for again has a bound, and nothing is asked for that has come.
pub fn nack(data: &[u8]) {
    let mut input = Input(data);
    let mut generator = NackGenerator::default();
    let mut now = Instant::now();
    let mut seq: u64 = 70_000;
    let mut highest = 0;
    let mut out = Vec::new();
    while !input.is_empty() {
        now += Duration::from_millis(u64::from(input.byte() >> 2));
        let number = step(&mut seq, &mut input);
        generator.arrived(number, now);
        let round_trip = match input.byte() {
            0 => None,
            time => Some(Duration::from_millis(u64::from(time))),
        };
        out.clear();
        generator.collect(now, round_trip, &mut out);
        highest = number.max(highest);
        // Farther away it could be another number's lower half.
        if highest - number < 0x8000 {
            assert!(!out.contains(&(number as u16)), "what has just come");
        }
        let mut message = Vec::new();
        rtcp::write_nack(&mut message, 1, 2, &out);
        let mut findings = Vec::new();
        assert!(
            rtcp::parse(&message, &mut findings),
            "our own message is read"
        );
        let _ = (generator.take_lost(), generator.due());
    }
}

/// Reports about any arrivals are well-formed and come to an end.
pub fn transport_feedback(data: &[u8]) {
    let mut input = Input(data);
    let start = Instant::now();
    let mut arrivals = Arrivals::new(start);
    let mut now = start;
    let mut seq = 1 << 17;
    while !input.is_empty() {
        now += Duration::from_micros(u64::from(input.byte()) * u64::from(input.byte()) * 20);
        arrivals.note(step(&mut seq, &mut input) as u16, now);
        if input.byte() < 40 {
            drain(&mut arrivals);
        }
    }
    drain(&mut arrivals);
}

fn drain(arrivals: &mut Arrivals) {
    let mut rounds = 0;
    while arrivals.has_news() {
        let mut message = Vec::new();
        arrivals.write(&mut message, 1, 2);
        assert_eq!(message.len() % 4, 0);
        assert!(message.len() <= 1_500, "{} bytes", message.len());
        assert!(
            rtcp::parse(&message, &mut Vec::new()),
            "our own message is read"
        );
        rounds += 1;
        assert!(rounds < 100_000, "it never ends");
    }
}

/// Transport-wide feedback from a subscriber: each packet is told of once, and whatever is told, the estimate is a number that can be
/// used.
pub fn arrivals(data: &[u8]) {
    let mut input = Input(data);
    let start = Instant::now();
    let mut now = start;
    let (mut log, mut gcc) = (SentLog::new(start), Gcc::default());
    let mut sent: u16 = 0;
    let mut told = Vec::new();
    while !input.is_empty() {
        for _ in 0..input.byte() & 31 {
            now += Duration::from_millis(u64::from(input.byte() & 15));
            log.note(sent, 1 + usize::from(input.byte()) * 6, now);
            sent = sent.wrapping_add(1);
        }
        if input.byte() < 20 {
            gcc.begin_probe(log.micros(now));
        } else {
            gcc.end_probe(log.micros(now));
        }
        told.clear();
        let Some(report) = Report::parse(input.piece()) else {
            continue;
        };
        assert!(report.statuses().count() <= report.len());
        for seq in log.passed_over(report.base(), report.len()) {
            log.missing(seq, now);
            assert!(log.missing(seq, now).is_none(), "missing twice");
        }
        for status in report.statuses() {
            let arrived = status.arrived;
            let known = match arrived {
                Some(_) => log.arrived(status.seq, now),
                None => log.missing(status.seq, now),
            };
            assert!(arrived.is_none() || log.arrived(status.seq, now).is_none());
            told.extend(known.map(|sent| Told {
                sent: sent.at,
                arrived,
                bytes: sent.bytes,
            }));
        }
        gcc.hear(now, log.micros(now), &told);
        let _ = (
            gcc.take_overload(0),
            gcc.take_loss(now),
            gcc.take_probed(now),
        );
        let sensible = |rate: u64| (1..1 << 50).contains(&rate);
        assert!(gcc.bitrate().is_none_or(sensible), "{:?}", gcc.bitrate());
        let _ = gcc.queue();
    }
}

pub fn receiver(data: &[u8]) {
    let mut input = Input(data);
    let mut now = Instant::now();
    let mut receiver = Receiver::new(90_000, input.byte() & 1 == 0, now);
    let mut seq = 3_000;
    while !input.is_empty() {
        now += Duration::from_millis(u64::from(input.byte()));
        match input.byte() & 7 {
            0 => {
                let _ = receiver.repaired(input.short(), now);
            }
            1 => receiver.reported(
                Ntp(u64::from(input.word()) << 32 | u64::from(input.word())),
                now,
            ),
            2 => {
                if let Some(block) = receiver.report(7, now) {
                    let mut message = Vec::new();
                    rtcp::write_receiver_report(&mut message, 1, &[block]);
                    assert!(
                        rtcp::parse(&message, &mut Vec::new()),
                        "our own report is read"
                    );
                }
                let (expected, lost) = receiver.take_loss();
                assert!(lost <= expected, "{lost} of {expected} are lost");
            }
            _ => receiver.arrived(step(&mut seq, &mut input), input.word(), now),
        }
    }
}
