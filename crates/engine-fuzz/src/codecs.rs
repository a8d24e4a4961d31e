//! Payload formats.

use crate::input::Input;
use engine::media::codec::{red, vp8 as vp8_format, vp9 as vp9_format};
use engine::media::dependency::{Active, Reader, frame_number, rewrite, set_frame_number};
use engine::media::{Codec, MediaPacket};
use std::sync::OnceLock;
use std::time::Instant;

fn packet(codec: Codec, payload: &[u8]) -> MediaPacket {
    static NOW: OnceLock<Instant> = OnceLock::new();
    let now = *NOW.get_or_init(Instant::now);
    MediaPacket::new(codec, 1, 1, true, payload.into(), now)
}

pub fn vp8(data: &[u8]) {
    let packet = packet(Codec::Vp8, data);
    let Some(descriptor) = vp8_format::Descriptor::parse(data) else {
        assert!(!packet.keyframe_start && packet.pictures.is_none());
        return;
    };
    assert!(descriptor.len <= data.len());
    // Writing back what was read changes nothing; other numbers change nothing behind the descriptor.
    let fields = descriptor.pictures;
    let mut copy = data.to_vec();
    fields.write(&mut copy, &fields.ids);
    assert_eq!(copy, data);
    let moved = fields.ids.plus(fields.ids);
    fields.write(&mut copy, &moved);
    assert_eq!(copy[descriptor.len..], data[descriptor.len..]);
    let again = vp8_format::Descriptor::parse(&copy).expect("still a descriptor");
    assert_eq!(again.len, descriptor.len);
}

pub fn vp9(data: &[u8]) {
    let packet = packet(Codec::Vp9, data);
    let Some(descriptor) = vp9_format::Descriptor::parse(data) else {
        assert!(packet.pictures.is_none());
        return;
    };
    let fields = descriptor.pictures;
    let mut copy = data.to_vec();
    fields.write(&mut copy, &fields.ids);
    assert_eq!(copy, data);
    let _ = descriptor.frame();
}

pub fn h264(data: &[u8]) {
    let _ = packet(Codec::H264, data).keyframe_start;
}

pub fn av1(data: &[u8]) {
    let _ = packet(Codec::Av1, data).keyframe_start;
}

pub fn red(data: &[u8]) {
    let blocks = red::blocks(data);
    let last = blocks.as_ref().and_then(|blocks| blocks.last().copied());
    assert_eq!(last, red::primary(data));
    let total: usize = blocks.iter().flatten().map(|block| block.data.len()).sum();
    assert!(total <= data.len());
    let mut copy = data.to_vec();
    let done = red::retype(&mut copy, 96);
    assert_eq!(done.is_some(), blocks.is_some());
    match (blocks, red::blocks(&copy)) {
        (Some(before), Some(after)) => {
            assert!(after.iter().all(|block| block.payload_type == 96));
            let same = |(a, b): (&red::Block, &red::Block)| {
                a.data == b.data && a.timestamp_offset == b.timestamp_offset
            };
            assert!(before.iter().zip(&after).all(same));
        }
        (None, _) => assert_eq!(copy, data, "malformed is left alone"),
        (Some(_), None) => panic!("retyping broke it"),
    }
}

/// A stream of descriptors at one reader, which keeps the structure that an earlier one brought.
pub fn dependency(data: &[u8]) {
    let mut input = Input(data);
    let mut reader = Reader::default();
    while !input.is_empty() {
        let descriptor = input.piece();
        let active = reader.read(descriptor).and_then(|reading| reading.active);
        let active = active.map(|place| {
            let (mask, count) = (0x5555_5555, place.count);
            (Active { mask, count }, place)
        });
        let mut out = [0; 256];
        let len = rewrite(descriptor, 7, active, &mut out);
        assert!(len <= descriptor.len() + 5);
        if let Some(number) = frame_number(descriptor) {
            let mut copy = descriptor.to_vec();
            set_frame_number(&mut copy, number.wrapping_add(1));
            assert_eq!(frame_number(&copy), Some(number.wrapping_add(1)));
            set_frame_number(&mut copy, number);
            assert_eq!(copy, descriptor);
        }
        let mut video = packet(Codec::Av1, b"\x18\x0a\x0b");
        video.dependency_descriptor = Some(descriptor.into());
        video.read_descriptor(&mut reader);
    }
}
