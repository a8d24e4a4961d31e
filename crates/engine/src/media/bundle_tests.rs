use super::*;
use crate::media::testing::Random;

fn line(mid: &str, rids: &[&str], payload_types: &[u8]) -> Line {
    Line {
        mid: Mid::from(mid),
        rids: rids.iter().map(|rid| Rid::from(*rid)).collect(),
        payload_types: payload_types.to_vec(),
        streams: Vec::new(),
    }
}

fn bundle(lines: &[Line]) -> (Bundle, Instant) {
    let now = Instant::now();
    let mut bundle = Bundle::default();
    bundle.negotiated(lines.to_vec(), now);
    (bundle, now)
}

/// A packet's names, empty for none. 97 is the payload type of retransmissions.
fn labels(mid: &str, rid: &str, repaired: &str, payload_type: u8) -> Labels {
    let name = |rid: &str| (!rid.is_empty()).then(|| Rid::from(rid));
    Labels {
        mid: (!mid.is_empty()).then(|| Mid::from(mid)),
        rid: name(rid),
        repaired: name(repaired),
        payload_type,
        repairs: payload_type == 97,
    }
}

fn place(mid: &str, rid: &str, repairs: Option<Option<u32>>) -> Option<Place> {
    Some(Place {
        mid: Mid::from(mid),
        rid: (!rid.is_empty()).then(|| Rid::from(rid)),
        repairs,
    })
}

#[test]
fn names_on_early_packets_are_remembered() {
    let (mut bundle, now) = bundle(&[line("0", &["q", "h"], &[96, 97]), line("1", &[], &[96, 97])]);
    let none = labels("", "", "", 96);
    assert_eq!(bundle.place(7, &none, now), None);
    assert_eq!(bundle.place(7, &labels("0", "", "", 96), now), None);
    assert_eq!(
        bundle.place(7, &labels("0", "h", "", 96), now),
        place("0", "h", None)
    );
    assert_eq!(bundle.place(7, &none, now), place("0", "h", None));
    assert_eq!(
        bundle.place(7, &labels("0", "", "", 96), now),
        place("0", "h", None)
    );
    let repair = place("0", "h", Some(None));
    assert_eq!(bundle.place(8, &labels("0", "", "h", 97), now), repair);
    // Padding on the retransmission stream may have the main payload type.
    assert_eq!(bundle.place(8, &none, now), repair);
    assert_eq!(bundle.repaired(&repair.unwrap()), Some(7));
    assert_eq!(
        bundle.place(9, &labels("1", "", "", 97), now),
        place("1", "", Some(None))
    );
    assert_eq!(bundle.place(10, &labels("2", "", "", 96), now), None);
    assert_eq!(bundle.place(11, &labels("0", "x", "", 96), now), None);
}

#[test]
fn an_ssrc_may_move_to_another_line() {
    let (mut bundle, now) = bundle(&[line("0", &[], &[111]), line("1", &[], &[111])]);
    assert_eq!(
        bundle.place(7, &labels("0", "", "", 111), now),
        place("0", "", None)
    );
    assert_eq!(
        bundle.place(7, &labels("1", "", "", 111), now),
        place("1", "", None)
    );
    assert_eq!(
        bundle.place(7, &labels("", "", "", 111), now),
        place("1", "", None)
    );
}

#[test]
fn a_payload_type_that_one_line_has_says_where() {
    let (mut bundle, now) = bundle(&[
        line("0", &[], &[111]),
        line("1", &[], &[96]),
        line("2", &[], &[96]),
    ]);
    assert_eq!(
        bundle.place(1, &labels("", "", "", 111), now),
        place("0", "", None)
    );
    assert_eq!(bundle.place(2, &labels("", "", "", 96), now), None);
}

#[test]
fn the_description_names_streams() {
    let mut camera = line("0", &["q", "h"], &[96, 97]);
    let named = |ssrc, rid: &str, repairs| Signalled {
        ssrc,
        rid: Some(Rid::from(rid)),
        repairs,
    };
    camera.streams = vec![
        named(1, "q", None),
        named(2, "h", None),
        named(12, "h", Some(2)),
    ];
    let (mut bundle, now) = bundle(&[camera.clone()]);
    let none = labels("", "", "", 96);
    assert_eq!(bundle.place(2, &none, now), place("0", "h", None));
    let repair = bundle.place(12, &none, now).unwrap();
    assert_eq!(bundle.repaired(&repair), Some(2));
    assert_eq!(
        bundle.primary(Mid::from("0"), Some(Rid::from("q"))),
        Some(1)
    );
    // What a later description no longer names is forgotten; what was learned stays as long as its line does.
    bundle.place(5, &labels("0", "q", "", 96), now);
    camera.streams.truncate(1);
    bundle.negotiated(vec![camera], now);
    assert_eq!(bundle.place(2, &none, now), None);
    assert_eq!(bundle.place(5, &none, now), place("0", "q", None));
    bundle.negotiated(vec![line("3", &[], &[96])], now);
    assert_eq!(bundle.known(5), None);
}

#[test]
fn who_starts_anew_takes_over() {
    let (mut bundle, now) = bundle(&[line("0", &[], &[96])]);
    let label = labels("0", "", "", 96);
    bundle.place(9, &label, now);
    bundle.place(3, &label, now + Duration::from_millis(1));
    assert_eq!(bundle.primary(Mid::from("0"), None), Some(3));
}

#[test]
fn inventing_streams_takes_no_known_one_away() {
    let (mut bundle, start) = bundle(&[line("0", &[], &[96])]);
    let label = labels("0", "", "", 96);
    let mut random = Random::new(4);
    bundle.place(1, &label, start);
    let mut now = start;
    for _ in 0..2_000 {
        now += Duration::from_millis(20);
        let ssrc = random.next() as u32;
        if bundle.admits(ssrc, now) {
            bundle.place(ssrc, &label, now);
        }
        assert!(bundle.admits(1, now));
        assert_eq!(
            bundle.place(1, &labels("", "", "", 96), now),
            place("0", "", None)
        );
        assert!(bundle.streams.len() <= STREAM_LIMIT);
    }
    assert!(!bundle.admits(2, now));
    assert!(bundle.admits(2, now + PATIENCE));
}
