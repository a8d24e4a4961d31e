use super::*;
use crate::media::frame::Selection;
use crate::media::testing::Random;
use picture::{PictureFields, PictureIds};
use vp8::Descriptor;

#[test]
fn key_frames_are_found_where_they_start() {
    let cases: &[(Codec, &[u8], bool)] = &[
        (Codec::Opus, &[0xFF, 0xFF, 0xFF], false),
        // VP8: S and partition 0, P bit clear.
        (Codec::Vp8, &[0x10, 0x00], true),
        (Codec::Vp8, &[0x10, 0x01], false),
        (Codec::Vp8, &[0x00, 0x00], false),
        (Codec::Vp8, &[0x11, 0x00], false),
        (Codec::Vp8, &[0x90, 0xF0, 0x81, 0x02, 7, 0x41, 0x10], true),
        (Codec::Vp8, &[0x90, 0xF0, 0x81, 0x02, 7, 0x41, 0x11], false),
        (Codec::Vp8, &[0x90, 0x80, 0x05, 0x10], true),
        (Codec::Vp8, &[0x10], false),
        // H264: single units, aggregate, fragments.
        (Codec::H264, &[0x67, 1], true),
        (Codec::H264, &[0x65, 1], true),
        (Codec::H264, &[0x61, 1], false),
        (Codec::H264, &[0x68, 1], false),
        (Codec::H264, &[0x78, 0, 1, 0x06, 0, 2, 0x67, 0x42], true),
        (Codec::H264, &[0x78, 0, 1, 0x06, 0, 2, 0x61, 0x42], false),
        (Codec::H264, &[0x78, 0, 0, 0x67], false),
        (Codec::H264, &[0x7C, 0x85, 1], true),
        (Codec::H264, &[0x7C, 0x05, 1], false),
        (Codec::H264, &[0x7C, 0x81, 1], false),
        // VP9: B set, P clear, spatial layer 0.
        (Codec::Vp9, &[0x88, 0x05, 1], true),
        (Codec::Vp9, &[0x88, 0x85, 0x05, 1], true),
        (Codec::Vp9, &[0xC8, 0x05, 1], false),
        (Codec::Vp9, &[0x80, 0x05, 1], false),
        (Codec::Vp9, &[0xA8, 0x05, 0x00, 7, 1], true),
        (Codec::Vp9, &[0xA8, 0x05, 0x03, 7, 1], false),
        (Codec::Vp9, &[0x88], false),
        // AV1: N set, Z clear.
        (Codec::Av1, &[0x18, 0x0A], true),
        (Codec::Av1, &[0x10, 0x0A], false),
        (Codec::Av1, &[0x98, 0x0A], false),
        (Codec::Av1, &[0x18], false),
    ];
    for (codec, payload, key) in cases {
        assert_eq!(
            starts_keyframe(*codec, payload),
            *key,
            "{codec:?} {payload:02x?}"
        );
        assert!(!starts_keyframe(*codec, &[]));
    }
}

/// Every shape a VP8 descriptor can have.
fn descriptors() -> Vec<Vec<u8>> {
    let mut all = vec![vec![0x10]];
    for flags in 0..16u8 {
        for wide in [false, true] {
            let mut bytes = vec![0x90, flags << 4];
            if flags & 8 != 0 {
                bytes.extend(if wide { vec![0xFF, 0xFE] } else { vec![0x7E] });
            }
            if flags & 4 != 0 {
                bytes.push(0xFF);
            }
            if flags & 3 != 0 {
                bytes.push(0x40 | 0x20 | 31);
            }
            all.push(bytes);
        }
    }
    all
}

#[test]
fn picture_ids_are_rewritten_in_the_width_they_have() {
    for head in descriptors() {
        let mut payload = head.clone();
        payload.extend([0xAA, 0xBB, 0xCC]);
        let descriptor = Descriptor::parse(&payload).unwrap();
        assert_eq!(descriptor.len, head.len());
        let fields = descriptor.pictures;
        let moved = fields.ids.plus(PictureIds {
            picture: Some(3),
            base_layer: Some(5),
            key: Some(2),
        });
        fields.write(&mut payload, &moved);
        let after = Descriptor::parse(&payload).unwrap();
        assert_eq!(payload[head.len()..], [0xAA, 0xBB, 0xCC]);
        let narrow = |id: u16| {
            if fields.wide { id } else { id & 0x7F }
        };
        assert_eq!(
            after.pictures.ids,
            PictureIds {
                picture: moved.picture.map(narrow),
                ..moved
            }
        );
        assert_eq!(
            Descriptor {
                pictures: fields,
                ..after
            },
            descriptor
        );
        assert_eq!(
            PictureFields {
                ids: fields.ids,
                ..after.pictures
            },
            fields
        );
        after.pictures.write(&mut payload, &fields.ids);
        assert_eq!(payload[..head.len()], head);
    }
}

#[test]
fn red_is_taken_apart() {
    let mut payload = vec![0x80 | 111, 0x0F, 0x00, 3, 0x80 | 111, 0x07, 0x80, 2, 111];
    payload.extend([1, 1, 1, 2, 2, 3, 3, 3]);
    let original = payload.clone();
    let blocks = red::blocks(&original).unwrap();
    let shapes: Vec<_> = blocks
        .iter()
        .map(|block| (block.payload_type, block.timestamp_offset, block.data))
        .collect();
    assert_eq!(
        shapes,
        [
            (111, 960, &[1u8, 1, 1][..]),
            (111, 480, &[2, 2]),
            (111, 0, &[3, 3, 3])
        ]
    );
    assert_eq!(red::primary(&original).unwrap(), blocks[2]);
    red::retype(&mut payload, 96).unwrap();
    let retyped = red::blocks(&payload).unwrap();
    assert!(
        retyped
            .iter()
            .zip(shapes)
            .all(|(block, shape)| (block.payload_type, block.data) == (96, shape.2))
    );
    assert_eq!(red::primary(&[111]).unwrap().data, []);
}

#[test]
fn malformed_red_is_refused_and_left_alone() {
    let cases: [&[u8]; 5] = [
        &[],
        &[0x80 | 111],
        &[0x80 | 111, 0, 0, 3],
        &[0x80 | 111, 0, 0, 3, 111, 1, 2],
        &[0xFF; 200],
    ];
    for bytes in cases {
        let mut copy = bytes.to_vec();
        assert_eq!(
            (
                red::blocks(bytes),
                red::primary(bytes),
                red::retype(&mut copy, 96)
            ),
            (None, None, None)
        );
        assert_eq!(copy, bytes);
    }
}

#[test]
fn survives_mutated_payloads() {
    let mut random = Random::new(30);
    let samples: [&[u8]; 6] = [
        &[0x90, 0xF0, 0x81, 0x02, 7, 0x41, 0x10, 1, 2, 3],
        &[0x78, 0, 1, 0x06, 0, 2, 0x61, 0x42, 0, 1, 0x67],
        &[0x7C, 0x85, 1],
        &[
            0xBE, 0x85, 0x05, 0x10, 0x03, 0x04, 0x38, 1, 2, 3, 4, 5, 6, 7, 8, 2, 4, 1, 0x30, 0, 9,
        ],
        &[0x18, 0x0A, 0x0B],
        &[
            0x80 | 111,
            0x0F,
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
    ];
    let codecs = [Codec::Opus, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1];
    for round in 0..60_000 {
        let mut payload = random.mutate(samples[round % samples.len()]);
        for codec in codecs {
            starts_keyframe(codec, &payload);
        }
        if let Some(descriptor) = Descriptor::parse(&payload) {
            assert!(descriptor.len <= payload.len());
            descriptor.pictures.write(
                &mut payload,
                &PictureIds {
                    picture: Some(1),
                    base_layer: None,
                    key: Some(1),
                },
            );
        }
        let blocks = red::blocks(&payload);
        assert_eq!(
            blocks.as_ref().and_then(|blocks| blocks.last().copied()),
            red::primary(&payload)
        );
        let sum: usize = blocks.iter().flatten().map(|block| block.data.len()).sum();
        assert!(sum <= payload.len());
        red::retype(&mut payload, 96);
    }
}

#[test]
fn vp9_descriptors_tell_layers_and_counters() {
    // I, P, L, B: 15-bit id, TID 2 with U, SID 1 with D, TL0PICIDX.
    let bytes = [0xE8, 0x81, 0x02, 0x53, 7, 0xAA];
    let descriptor = vp9::Descriptor::parse(&bytes).unwrap();
    assert_eq!(descriptor.len, 5);
    assert_eq!((descriptor.temporal, descriptor.spatial), (2, 1));
    assert!(descriptor.switching_up && descriptor.inter_layer && descriptor.predicted);
    assert!(descriptor.begins_frame && !descriptor.ends_frame);
    let ids = descriptor.pictures.ids;
    assert_eq!((ids.picture, ids.base_layer), (Some(0x102), Some(7)));
    let mut copy = bytes;
    let moved = PictureIds {
        picture: Some(0x7FFF),
        base_layer: Some(255),
        key: None,
    };
    descriptor.pictures.write(&mut copy, &moved);
    assert_eq!(copy, [0xE8, 0xFF, 0xFF, 0x53, 255, 0xAA]);
    // Flexible: no TL0PICIDX, two references, a structure with two sizes and a group of two.
    let bytes = [
        0xFE, 0x05, 0x20, 0x03, 0x04, 0x38, 0, 1, 0, 2, 0, 3, 0, 4, 2, 0x04, 1, 0x28, 1, 2, 0xAA,
    ];
    let descriptor = vp9::Descriptor::parse(&bytes).unwrap();
    assert_eq!(descriptor.len, bytes.len() - 1);
    assert_eq!(descriptor.pictures.ids.base_layer, None);
    for len in 0..descriptor.len {
        assert_eq!(vp9::Descriptor::parse(&bytes[..len]), None, "{len}");
    }
    // More references than the format allows.
    assert_eq!(vp9::Descriptor::parse(&[0x50, 3, 3, 3, 2, 1]), None);
}

/// A frame that no higher layer needs, in three spatial layers that the first packet tells of.
fn vp9_frame(spatial: u8, told: Option<u8>) -> vp9::Descriptor {
    vp9::Descriptor {
        spatial,
        begins_frame: true,
        top_only: true,
        spatial_layers: told,
        ..vp9::Descriptor::default()
    }
}

fn needed(structure: &mut vp9::Structure, seq: u64, descriptor: vp9::Descriptor) -> [bool; 4] {
    let part_of = structure.part_of(seq, &descriptor);
    [0, 1, 2, 3].map(|spatial| part_of.has(Selection::new(spatial, 3)))
}

#[test]
fn vp9_layers_are_needed_by_who_sees_them_once_their_number_is_told() {
    let mut structure = vp9::Structure::default();
    let all = [true; 4];
    assert_eq!(needed(&mut structure, 1, vp9_frame(0, None)), all);
    let [lowest, middle, highest] = [0, 1, 2].map(|spatial| vp9_frame(spatial, None));
    let only_lowest = [true, false, false, false];
    assert_eq!(
        needed(&mut structure, 2, vp9_frame(0, Some(3))),
        only_lowest
    );
    assert_eq!(
        needed(&mut structure, 3, middle),
        [false, true, false, false]
    );
    assert_eq!(
        needed(&mut structure, 4, highest),
        [false, false, true, true]
    );
    // Fewer are made. What comes late is of the time before.
    assert_eq!(needed(&mut structure, 6, vp9_frame(0, Some(1))), all);
    assert_eq!(
        needed(&mut structure, 5, highest),
        [false, false, true, true]
    );
    assert_eq!(needed(&mut structure, 7, lowest), all);
    // More than are told apart count as the highest.
    assert_eq!(
        needed(&mut structure, 8, vp9_frame(6, Some(8))),
        [false, false, false, true]
    );
}

#[test]
fn vp9_layers_that_come_no_more_are_gone_though_nothing_told_so() {
    let mut structure = vp9::Structure::default();
    needed(&mut structure, 0, vp9_frame(0, Some(3)));
    needed(&mut structure, 1, vp9_frame(2, None));
    let lowest: Vec<[bool; 4]> = (2..100)
        .map(|seq| needed(&mut structure, seq, vp9_frame(0, None)))
        .collect();
    assert_eq!(lowest[0], [true, false, false, false]);
    assert_eq!(lowest[97], [true; 4]);
    // They come again.
    let highest = needed(&mut structure, 200, vp9_frame(2, None));
    assert_eq!(highest, [false, false, true, true]);
    let lowest = needed(&mut structure, 201, vp9_frame(0, None));
    assert_eq!(lowest, [true, false, false, false]);
}
