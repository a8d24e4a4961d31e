use super::*;
use crate::media::Codec;
use crate::media::testing::Random;
use crate::media::testing::svc::{Encoder, Made, Shape};
use std::time::Instant;

const SHAPES: [(u8, u8, bool); 7] = [
    (1, 1, false),
    (1, 2, false),
    (1, 3, false),
    (2, 1, true),
    (3, 1, false),
    (3, 3, false),
    (3, 3, true),
];

#[test]
fn reads_what_an_encoder_says_of_its_layers() {
    for (seed, (spatial, temporal, key_only)) in (1..).zip(SHAPES) {
        let mut random = Random::new(seed);
        let shape = Shape {
            spatial,
            temporal,
            key_only,
        };
        let mut encoder = Encoder::new(&mut random, Codec::Av1, shape);
        let mut reader = Reader::default();
        let mut numbers = vec![];
        for picture in 0..400 {
            for made in encoder.picture(&mut random, picture % 50 == 0, Instant::now()) {
                let bytes = made.packet.dependency_descriptor.clone().unwrap();
                let reading = reader.read(&bytes).unwrap();
                let frame = reading.frame.unwrap();
                let number = frame.number.unwrap();
                assert_eq!(number as u16, frame_number(&bytes).unwrap());
                if numbers.len() as u64 == made.frame {
                    numbers.push(number);
                }
                assert_eq!(numbers[made.frame as usize], number);
                assert_eq!(
                    (frame.spatial, frame.temporal),
                    (made.spatial, made.temporal)
                );
                let references = frame.references.iter().take_while(|d| **d > 0);
                let references: Vec<u64> = references.map(|d| number - u64::from(*d)).collect();
                let expected = made.references.iter().map(|r| numbers[*r as usize]);
                assert_eq!(references, expected.collect::<Vec<_>>());
                assert_eq!(
                    reading.starts_sequence,
                    made.key && made.spatial == 0 && frame.begins
                );
                for selection in Selection::every() {
                    let reached = selection.spatial.min(spatial - 1);
                    let needs = match key_only && !made.key {
                        true => reached == made.spatial,
                        false => reached >= made.spatial,
                    };
                    let needs = needs && selection.temporal >= made.temporal;
                    assert_eq!(
                        frame.part_of.has(selection),
                        needs,
                        "{selection:?} {made:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn without_templates_nothing_is_known_but_the_number() {
    let mut reader = Reader::default();
    let nothing = Some(Reading::default());
    assert_eq!(reader.read(&[0xC0, 0x12, 0x34]), nothing);
    assert_eq!(frame_number(&[0xC0, 0x12, 0x34]), Some(0x1234));
    assert_eq!(frame_number(&[0xC0, 0x12]), None);
    assert_eq!(reader.read(&[0xC0, 0x12]), None);
    assert_eq!(reader.read(&[]), None);
    // The structure is announced and cut.
    assert_eq!(reader.read(&[0xC0, 0x12, 0x34, 0x80]), None);
}

#[test]
fn a_target_that_is_not_made_any_more_is_replaced_by_the_next_lower() {
    let mut random = Random::new(9);
    let shape = Shape {
        spatial: 3,
        temporal: 1,
        key_only: true,
    };
    let mut encoder = Encoder::new(&mut random, Codec::Av1, shape);
    let mut reader = Reader::default();
    let mut last = None;
    for _ in 0..2 {
        for made in encoder.picture(&mut random, false, Instant::now()) {
            let bytes = made.packet.dependency_descriptor.unwrap();
            last = Some((reader.read(&bytes).unwrap(), bytes.to_vec()));
        }
    }
    let (reading, mut bytes) = last.unwrap();
    let highest = reading.frame.unwrap();
    assert_eq!(highest.spatial, 2);
    assert!(highest.part_of.has(Selection::ALL));
    // The same frame again, saying that the two lower targets are all that is made.
    bytes.truncate(3);
    bytes.extend([0b0100_0011, 0]);
    let frame = reader.read(&bytes).unwrap().frame.unwrap();
    assert!(!frame.part_of.has(Selection::ALL));
}

#[test]
fn survives_mutated_descriptors() {
    let mut random = Random::new(10);
    let shape = Shape {
        spatial: 3,
        temporal: 3,
        key_only: true,
    };
    let mut encoder = Encoder::new(&mut random, Codec::Av1, shape);
    let mut reader = Reader::default();
    for round in 0..20_000 {
        for made in encoder.picture(&mut random, round % 5 == 0, Instant::now()) {
            let bytes = made.packet.dependency_descriptor.unwrap();
            reader.read(&random.mutate(&bytes));
        }
    }
    // What is right is read again, whatever was heard before.
    let key = encoder.picture(&mut random, true, Instant::now());
    let mut fresh = Reader::default();
    for made in key {
        let bytes = made.packet.dependency_descriptor.unwrap();
        fresh.read(&bytes);
        assert!(fresh.read(&bytes).unwrap().frame.is_some());
    }
}

const LAYERED: Shape = Shape {
    spatial: 3,
    temporal: 1,
    key_only: true,
};

/// The mandatory fields alone.
fn plain(made: &Made) -> Vec<u8> {
    made.packet.dependency_descriptor.as_ref().unwrap()[..3].to_vec()
}

/// The same, saying which targets are made from there on.
fn tells(made: &Made, mask: u8) -> Vec<u8> {
    [plain(made), vec![0b0100_0000 | mask, 0]].concat()
}

/// Found by a simulated call: packets of layers that came after the publisher had given these up were thrown away, and pictures had no end.
#[test]
fn what_comes_late_is_judged_by_what_was_so_then() {
    let mut random = Random::new(11);
    let mut encoder = Encoder::new(&mut random, Codec::Av1, LAYERED);
    let mut reader = Reader::default();
    for made in encoder.picture(&mut random, true, Instant::now()) {
        reader.read(&made.packet.dependency_descriptor.unwrap());
    }
    let [before, after] = [(), ()].map(|()| encoder.picture(&mut random, false, Instant::now()));
    let lowest = reader.read(&tells(&after[0], 0b001)).unwrap();
    assert!(lowest.frame.unwrap().top_of.has(Selection::ALL));
    for made in before {
        let bytes = made.packet.dependency_descriptor.unwrap();
        let frame = reader.read(&bytes).unwrap().frame.unwrap();
        assert_eq!(frame.part_of.has(Selection::ALL), made.spatial == 2);
        assert_eq!(frame.top_of.has(Selection::ALL), made.spatial == 2);
    }
}

/// Found by a simulated call: the start of a key frame with more layers came after pictures that had been read without them.
#[test]
fn nobody_begins_with_what_was_read_otherwise_before() {
    let mut random = Random::new(12);
    let mut encoder = Encoder::new(&mut random, Codec::Av1, LAYERED);
    let mut reader = Reader::default();
    for made in encoder.picture(&mut random, true, Instant::now()) {
        reader.read(&made.packet.dependency_descriptor.unwrap());
    }
    let fewer = encoder.picture(&mut random, false, Instant::now());
    reader.read(&tells(&fewer[0], 0b001));
    let mut key = encoder.picture(&mut random, true, Instant::now());
    let start = key.remove(0).packet.dependency_descriptor.unwrap();
    let mut read = |bytes: &[u8]| reader.read(bytes).unwrap();
    let tops = |reading: Reading| reading.frame.unwrap().top_of.has(Selection::ALL);
    for made in key {
        let reading = read(&plain(&made));
        assert_eq!(tops(reading), made.spatial == 0);
    }
    let late = read(&start);
    assert!(late.starts_sequence && late.overtaken && tops(late));
    // From here on it counts, and the next one is a start again.
    let next = encoder.picture(&mut random, false, Instant::now());
    for made in &next {
        let reading = read(&plain(made));
        assert_eq!(tops(reading), made.spatial == 2);
    }
    let mut key = encoder.picture(&mut random, true, Instant::now());
    let start = key.remove(0).packet.dependency_descriptor.unwrap();
    for made in key {
        read(&plain(&made));
    }
    // Nothing that it says is new.
    assert!(!read(&start).overtaken);
}
