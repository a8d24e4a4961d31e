use super::*;
use crate::media::testing::Random;

fn findings(compound: &[u8]) -> Vec<Feedback> {
    let mut out = vec![];
    assert!(parse(compound, &mut out), "{compound:?}");
    out
}

fn nack(ssrc: u32, pairs: &[(u16, u16)]) -> Vec<u8> {
    let mut bytes = vec![0x81, 205, 0, 2 + pairs.len() as u8, 0, 0, 0, 1];
    bytes.extend(ssrc.to_be_bytes());
    pairs
        .iter()
        .for_each(|(first, mask)| bytes.extend([first.to_be_bytes(), mask.to_be_bytes()].concat()));
    bytes
}

fn receiver_report(ssrc: u32) -> Vec<u8> {
    let mut bytes = vec![0x81, 201, 0, 7, 0, 0, 0, 1];
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend([64, 0xFF, 0xFF, 0xFE]); // a quarter, minus two
    bytes.extend([0, 1, 0, 9, 0, 0, 0, 30]);
    bytes.extend([0, 10, 0, 0, 0, 1, 0, 0]);
    bytes
}

#[test]
fn reads_a_compound_as_browsers_send_it() {
    let mut compound = receiver_report(0xAABB);
    compound.extend(nack(0xAABB, &[(65_534, 0b101)]));
    write_picture_loss(&mut compound, 1, 0xCCDD);
    // FIR with two entries.
    compound.extend([
        0x84, 206, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, 1, 0, 0, 0, 0, 0, 0, 6, 2, 0, 0, 0,
    ]);
    // REMB: 0x3FFFF << 3.
    compound.extend([0x8F, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0]);
    compound.extend(b"REMB");
    compound.extend([1, 3 << 2 | 3, 0xFF, 0xFF, 0, 0, 0, 9]);
    // An extended report, which is not read.
    compound.extend([0x80, 207, 0, 1, 0, 0, 0, 1]);
    let found = findings(&compound);
    let Feedback::Reception(reception) = found[0] else {
        panic!("{found:?}")
    };
    assert_eq!(
        (
            reception.ssrc,
            reception.fraction_lost,
            reception.lost,
            reception.highest,
            reception.jitter
        ),
        (0xAABB, 64, -2, 0x1_0009, 30)
    );
    assert_eq!(
        reception.round_trip(0x000C_0000),
        Some(Duration::from_secs(1))
    );
    assert_eq!(reception.round_trip(0x000A_0000), None);
    let Feedback::Nack {
        ssrc: 0xAABB,
        missing,
    } = found[1]
    else {
        panic!("{found:?}")
    };
    assert_eq!(missing.seqs().collect::<Vec<_>>(), [65_534, 65_535, 1]);
    assert_eq!(
        found[2..],
        [
            Feedback::KeyframeRequest { ssrc: 0xCCDD },
            Feedback::KeyframeRequest { ssrc: 5 },
            Feedback::KeyframeRequest { ssrc: 6 },
            Feedback::Remb {
                bitrate: 0x3_FFFF << 3
            },
        ]
    );
}

#[test]
fn reads_what_it_writes() {
    let info = SenderInfo {
        ssrc: 77,
        ntp: Ntp(0x0102_0304_0506_0708),
        rtp: 99,
        packets: 3,
        octets: 400,
    };
    for name in ["", "a", "ab", "abc", "abcd", &"x".repeat(300)] {
        let mut bytes = vec![];
        write_sender_report(&mut bytes, &info, name);
        write_goodbye(&mut bytes, &[77, 78]);
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(
            findings(&bytes),
            [
                Feedback::SenderReport {
                    ssrc: 77,
                    ntp: info.ntp,
                    rtp: 99
                },
                Feedback::Goodbye { ssrc: 77 },
                Feedback::Goodbye { ssrc: 78 },
            ]
        );
    }
    let mut bytes = vec![];
    write_goodbye(&mut bytes, &[]);
    assert!(bytes.is_empty());
    write_goodbye(&mut bytes, &[5; 40]);
    assert_eq!(findings(&bytes).len(), 31);
}

#[test]
fn what_we_tell_publishers_reads_back() {
    let block = ReceptionBlock {
        ssrc: 0xAABB,
        fraction_lost: 64,
        lost: -2,
        highest: 0x1_0009,
        jitter: 30,
        last_report: 0x000A_0000,
        delay: 0x0001_0000,
    };
    let mut bytes = vec![];
    write_receiver_report(&mut bytes, 1, &[block, ReceptionBlock { lost: 7, ..block }]);
    assert_eq!(bytes[8..32], receiver_report(0xAABB)[8..32]);
    write_nack(&mut bytes, 1, 9, &[65_534, 65_535, 14, 15, 32]);
    write_nack(&mut bytes, 1, 9, &[]);
    write_reference_time(&mut bytes, 1, Ntp(5));
    let found = findings(&bytes);
    let Feedback::Reception(second) = found[1] else {
        panic!("{found:?}")
    };
    assert_eq!(second.lost, 7);
    let pair = |first, mask| Feedback::Nack {
        ssrc: 9,
        missing: Missing { first, mask },
    };
    assert_eq!(
        found[2..],
        [pair(65_534, 1 | 1 << 15), pair(15, 0), pair(32, 0)]
    );
    let mut bytes = vec![];
    write_receiver_report(&mut bytes, 1, &[block; 40]);
    assert_eq!(findings(&bytes).len(), 31);
}

#[test]
fn nacks_name_exactly_what_is_missing() {
    let mut random = Random::new(8);
    for _ in 0..2_000 {
        let mut seq = random.next() as u16;
        let missing: Vec<u16> = (0..random.below(100))
            .map(|_| {
                seq = seq.wrapping_add(1 + random.below(30) as u16);
                seq
            })
            .collect();
        let mut bytes = vec![];
        write_nack(&mut bytes, 1, 2, &missing);
        let named = findings(&bytes)
            .into_iter()
            .flat_map(|finding| match finding {
                Feedback::Nack { missing, .. } => missing.seqs().collect::<Vec<_>>(),
                other => panic!("{other:?}"),
            });
        assert_eq!(named.collect::<Vec<_>>(), missing);
    }
}

#[test]
fn an_echo_of_our_clock_is_read_among_other_blocks() {
    let mut report = vec![0x80, 207, 0, 12, 0, 0, 0, 1];
    report.extend([4, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0]); // their own reference time
    report.extend([5, 0, 0, 6, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 3]);
    report.extend([0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0, 4]);
    report.extend([9, 0, 0, 0]);
    let echo = |last, delay| Feedback::ReferenceEcho { last, delay };
    assert_eq!(findings(&report), [echo(9, 3), echo(8, 4)]);
}

#[test]
fn a_bitrate_beyond_all_bits_is_the_greatest() {
    let mut bytes = vec![0x8F, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0];
    bytes.extend(b"REMB");
    bytes.extend([0, 0xFF, 0xFF, 0xFF]);
    assert_eq!(findings(&bytes), [Feedback::Remb { bitrate: u64::MAX }]);
}

#[test]
fn malformed_compounds_keep_what_made_sense() {
    let mut compound = vec![];
    write_picture_loss(&mut compound, 1, 2);
    compound.extend([0x81, 205, 0, 9, 1, 2]);
    let mut out = vec![];
    assert!(!parse(&compound, &mut out));
    assert_eq!(out, [Feedback::KeyframeRequest { ssrc: 2 }]);
}

#[test]
fn findings_have_a_bound() {
    let mut compound = vec![];
    for _ in 0..2_000 {
        write_picture_loss(&mut compound, 1, 2);
    }
    let mut out = vec![];
    parse(&compound, &mut out);
    assert_eq!(out.len(), MAX_FINDINGS);
}

#[test]
fn survives_mutated_compounds() {
    let mut random = Random::new(20);
    let mut sample = receiver_report(9);
    sample.extend(nack(9, &[(1, 2), (30, 0xFFFF)]));
    write_sender_report(
        &mut sample,
        &SenderInfo {
            ssrc: 1,
            ntp: Ntp(1),
            rtp: 1,
            packets: 1,
            octets: 1,
        },
        "name",
    );
    sample.extend([0x8F, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0]);
    sample.extend(b"REMB");
    sample.extend([0, 1, 2, 3]);
    write_goodbye(&mut sample, &[1, 2, 3]);
    let mut out = vec![];
    for _ in 0..60_000 {
        out.clear();
        parse(&random.mutate(&sample), &mut out);
        for finding in &out {
            match finding {
                Feedback::Nack { missing, .. } => assert!(missing.seqs().count() <= 17),
                Feedback::Reception(reception) => {
                    reception.round_trip(random.next() as u32);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn of_several_estimates_in_one_datagram_the_newest_counts() {
    let mut bytes = Vec::new();
    for mantissa in 1..=60 {
        bytes.extend([0x8F, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0]);
        bytes.extend(b"REMB");
        bytes.extend([0, 1 << 2, 0, mantissa]);
    }
    let mut out = vec![Feedback::Remb { bitrate: 5 }];
    assert!(parse(&bytes, &mut out));
    // What others said before stays.
    let own = Feedback::Remb { bitrate: 60 << 1 };
    assert_eq!(out, [Feedback::Remb { bitrate: 5 }, own]);
}
