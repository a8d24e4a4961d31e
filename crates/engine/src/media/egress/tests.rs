use super::*;
use crate::media::Codec;
use crate::media::codec::picture::PictureIds;
use std::time::Instant;

const STREAM: OutStream = OutStream {
    ssrc: 11,
    rtx_ssrc: Some(12),
    mid: None,
    extensions: ExtensionIds {
        mid: Some(4),
        abs_send_time: Some(2),
        audio_level: Some(1),
        orientation: Some(13),
        dependency_descriptor: Some(8),
        transport_seq: Some(5),
    },
};

fn packet(codec: Codec, payload: &[u8]) -> MediaPacket {
    MediaPacket::new(codec, 1_000, 5_000, true, payload.into(), Instant::now())
}

const NOW: Stamp = Stamp {
    abs_send_time: 0,
    transport_seq: 0,
};

const REWRITE: Rewrite = Rewrite {
    seq: 0x3_0007,
    timestamp: 77,
    marker: true,
    blank: false,
    pictures: None,
    frame_number: None,
    active: None,
};

#[test]
fn writes_what_the_subscriber_negotiated() {
    let stream = OutStream {
        mid: MidText::new("a0"),
        ..STREAM
    };
    let mut audio = packet(Codec::Opus, b"voice");
    (audio.audio_level, audio.voice_activity, audio.orientation) = (Some(30), true, Some(1));
    audio.dependency_descriptor = Some([5; 20].as_slice().into());
    let mut arena = vec![1, 2, 3];
    let len = stream
        .build(
            &mut arena,
            &audio,
            &REWRITE,
            111,
            PayloadForm::Whole,
            Stamp {
                abs_send_time: 0x0001_0203,
                transport_seq: 0x0405,
            },
        )
        .unwrap();
    let bytes = &arena[3..];
    let header = rtp::Header::parse(bytes).unwrap();
    assert_eq!(
        (header.len, header.ssrc, header.seq, header.timestamp),
        (len, 11, 7, 77)
    );
    assert_eq!((header.payload_type, header.marker), (111, true));
    let wanted: [(u8, &[u8]); 6] = [
        (4, b"a0"),
        (2, &[1, 2, 3]),
        (5, &[4, 5]),
        (1, &[30 | 0x80]),
        (13, &[1]),
        (8, &[5; 20]),
    ];
    assert_eq!(header.extensions().collect::<Vec<_>>(), wanted);
    assert_eq!(&bytes[len..], b"voice");

    let bare = OutStream {
        extensions: ExtensionIds::default(),
        ..stream
    };
    let mut arena = vec![];
    assert_eq!(
        bare.build(&mut arena, &audio, &REWRITE, 111, PayloadForm::Whole, NOW),
        Some(12)
    );
}

#[test]
fn a_retransmission_carries_the_number_it_repeats() {
    let mut arena = vec![];
    let video = packet(Codec::H264, b"picture");
    let len = STREAM
        .build_rtx(
            &mut arena,
            &video,
            &REWRITE,
            97,
            0x1_0001,
            PayloadForm::Whole,
            NOW,
        )
        .unwrap();
    let header = rtp::Header::parse(&arena).unwrap();
    assert_eq!(
        (
            header.payload_type,
            header.ssrc,
            header.seq,
            header.timestamp
        ),
        (97, 12, 1, 77)
    );
    assert_eq!(&arena[len..], b"\x00\x07picture");
    let without = OutStream {
        rtx_ssrc: None,
        ..STREAM
    };
    assert_eq!(
        without.build_rtx(&mut arena, &video, &REWRITE, 97, 1, PayloadForm::Whole, NOW),
        None
    );
}

#[test]
fn picture_ids_change_in_the_copy_alone() {
    let video = packet(Codec::Vp8, &[0x90, 0xE0, 0x81, 0x02, 7, 0x40, 0x10]);
    let ids = PictureIds {
        picture: Some(0x7FFF),
        base_layer: Some(9),
        key: None,
    };
    for rtx in [false, true] {
        let mut arena = vec![];
        let rewrite = Rewrite {
            pictures: Some(ids),
            ..REWRITE
        };
        let len = if rtx {
            STREAM
                .build_rtx(&mut arena, &video, &rewrite, 97, 5, PayloadForm::Whole, NOW)
                .unwrap()
                + 2
        } else {
            STREAM
                .build(&mut arena, &video, &rewrite, 96, PayloadForm::Whole, NOW)
                .unwrap()
        };
        assert_eq!(arena[len..], [0x90, 0xE0, 0xFF, 0xFF, 9, 0x40, 0x10]);
    }
    assert_eq!(video.payload[2..5], [0x81, 0x02, 7]);
}

#[test]
fn padding_is_a_packet_of_the_repair_stream() {
    let mut arena = vec![];
    let len = STREAM.build_padding(&mut arena, 97, 0x1_0009, 200, NOW);
    let header = rtp::Header::parse(&arena).unwrap();
    assert_eq!((header.payload_type, header.ssrc, header.seq), (97, 12, 9));
    assert_eq!(header.extension(5), Some([0, 0].as_slice()));
    assert!(header.padding && len == Some(header.len));
    assert_eq!(arena.len(), header.len + 200);
    assert_eq!(arena.last(), Some(&200));
    let without = OutStream {
        rtx_ssrc: None,
        ..STREAM
    };
    assert_eq!(without.build_padding(&mut arena, 97, 1, 9, NOW), None);
}

#[test]
fn a_blank_has_a_number_and_nothing_else() {
    let mut video = packet(Codec::Vp8, &[0x90, 0xE0, 0x81, 0x02, 7, 0x40, 0x10]);
    video.dependency_descriptor = Some([0xC0, 0, 5].as_slice().into());
    let blank = Rewrite {
        blank: true,
        marker: false,
        frame_number: Some(9),
        ..REWRITE
    };
    let mut arena = vec![];
    let len = STREAM.build(&mut arena, &video, &blank, 96, PayloadForm::Whole, NOW);
    assert_eq!(len, Some(arena.len()));
    let header = rtp::Header::parse(&arena).unwrap();
    assert_eq!((header.seq, header.marker), (7, false));
    assert_eq!(header.extension(8), None);
}

#[test]
fn frame_numbers_change_in_the_copy_alone() {
    let mut video = packet(Codec::Av1, b"picture");
    video.dependency_descriptor = Some([0xC1, 0, 5, 0x80].as_slice().into());
    let rewrite = Rewrite {
        frame_number: Some(0xFFFE),
        ..REWRITE
    };
    let mut arena = vec![];
    STREAM
        .build(&mut arena, &video, &rewrite, 96, PayloadForm::Whole, NOW)
        .unwrap();
    let header = rtp::Header::parse(&arena).unwrap();
    assert_eq!(header.extension(8).unwrap(), [0xC1, 0xFF, 0xFE, 0x80]);
    assert_eq!(video.dependency_descriptor.unwrap()[1..3], [0, 5]);
}

#[test]
fn red_fits_the_subscriber() {
    let mut audio = packet(Codec::Opus, &[0x80 | 111, 0, 4, 2, 111, 1, 1, 2, 2, 2]);
    let build = |audio: &MediaPacket, form| {
        let mut arena = vec![];
        let len = STREAM.build(&mut arena, audio, &REWRITE, 63, form, NOW);
        len.map(|len| arena[len..].to_vec()).ok_or(arena.len())
    };
    // Not marked as RED: plain Opus stays plain whatever the form.
    assert_eq!(
        build(&audio, PayloadForm::RedPrimary).unwrap(),
        *audio.payload
    );
    assert_eq!(
        build(&audio, PayloadForm::RedFor(9)).unwrap(),
        *audio.payload
    );
    audio.red = true;
    assert_eq!(build(&audio, PayloadForm::Whole).unwrap(), *audio.payload);
    assert_eq!(build(&audio, PayloadForm::RedPrimary).unwrap(), [2, 2, 2]);
    assert_eq!(
        build(&audio, PayloadForm::RedFor(9)).unwrap(),
        [0x80 | 9, 0, 4, 2, 9, 1, 1, 2, 2, 2]
    );
    audio.payload = [0x80 | 111, 0, 4, 200, 111].as_slice().into();
    assert_eq!(build(&audio, PayloadForm::RedPrimary), Err(0));
    assert_eq!(build(&audio, PayloadForm::RedFor(9)), Err(0));
}

#[test]
fn padding_is_no_part_of_the_payload() {
    let video = packet(Codec::H264, b"picture");
    for bytes in [0, 1, 3, 16] {
        let mut arena = vec![7];
        STREAM.build(&mut arena, &video, &REWRITE, 96, PayloadForm::Whole, NOW);
        let plain = arena.len();
        pad(&mut arena, 1, bytes);
        assert_eq!(arena.len(), plain + usize::from(bytes));
        let header = rtp::Header::parse(&arena[1..]).unwrap();
        assert_eq!(
            rtp::payload(&arena[1..], &header),
            Some(b"picture".as_slice())
        );
    }
}

#[test]
fn mids_have_sixteen_bytes_at_most() {
    assert_eq!(
        MidText::new("0123456789abcdef").unwrap().as_bytes(),
        b"0123456789abcdef"
    );
    assert_eq!(
        (MidText::new(""), MidText::new("0123456789abcdefg")),
        (None, None)
    );
}
