//! Datagrams and texts.

use crate::input::Input;
use engine::internals::sdp_pass;
use engine::media::demux::{Class, classify};
use engine::media::framing::{FRAME_LIMIT, FrameReader, FrameTooLong, write_frame};
use engine::media::rtcp::Feedback;
use engine::media::stun::{Stun, nominating};
use engine::media::{Keys, Profile, rtcp, rtp};

pub fn stun(data: &[u8]) {
    let class = classify(data);
    if let Some(message) = Stun::parse(data) {
        if message.is_binding_request() {
            assert_eq!(class, Class::Stun);
        }
        let ufrag = message.local_ufrag().unwrap_or("x");
        assert!(!ufrag.is_empty() && ufrag.len() <= data.len().max(1));
    }
    if let Some((copy, transaction)) = nominating(data, "password") {
        let message = Stun::parse(&copy).expect("a nominating copy is STUN");
        assert!(message.use_candidate && message.is_binding_request());
        assert_eq!(message.transaction, transaction);
    }
}

pub fn rtp(data: &[u8]) {
    let Some(header) = rtp::Header::parse(data) else {
        return;
    };
    assert!(header.len >= 12 && header.len <= data.len());
    let extensions: Vec<(u8, &[u8])> = header.extensions().collect();
    let total: usize = extensions.iter().map(|(_, value)| value.len() + 1).sum();
    assert!(total <= header.len);
    for id in 0..=15 {
        let first = extensions.iter().find(|(known, _)| *known == id);
        assert_eq!(header.extension(id), first.map(|(_, value)| *value));
    }
    let payload = rtp::payload(data, &header);
    assert!(payload.is_none_or(|payload| payload.len() <= data.len() - header.len));
    // What was read is read again when it is written again.
    let mut copy = Vec::new();
    let fields = rtp::NewHeader {
        payload_type: header.payload_type,
        marker: header.marker,
        seq: header.seq,
        timestamp: header.timestamp,
        ssrc: header.ssrc,
    };
    let kept: Vec<(u8, &[u8])> = extensions
        .into_iter()
        .filter(|(id, _)| *id != 0 && *id != 15)
        .collect();
    let length = rtp::write_header(&mut copy, &fields, &kept);
    assert_eq!(length, copy.len());
    let again = rtp::Header::parse(&copy).expect("our own header");
    assert_eq!(
        (again.seq, again.ssrc, again.timestamp),
        (header.seq, header.ssrc, header.timestamp)
    );
    assert_eq!(again.extensions().collect::<Vec<_>>(), kept);
}

pub fn rtcp(data: &[u8]) {
    let mut findings = Vec::new();
    rtcp::parse(data, &mut findings);
    assert!(findings.len() <= 512);
    for finding in &findings {
        match finding {
            Feedback::Nack { missing, .. } => assert!((1..=17).contains(&missing.seqs().count())),
            Feedback::Reception(reception) => {
                let _ = reception.round_trip(0x1234_5678);
            }
            _ => {}
        }
    }
}

/// Sealed by one side and opened by the other, whole and damaged.
pub fn srtp(data: &[u8]) {
    let mut input = Input(data);
    let profiles = [
        Profile::AeadAes256Gcm,
        Profile::AeadAes128Gcm,
        Profile::Aes128CmSha1_80,
    ];
    let profile = profiles[usize::from(input.byte()) % profiles.len()];
    let material = vec![input.byte(); profile.material_len()];
    let (Ok((mut seal, mut foreign)), Ok((_, mut open))) = (
        Keys::from_dtls(&material, profile, true),
        Keys::from_dtls(&material, profile, false),
    ) else {
        panic!("material of the right length makes keys");
    };
    while !input.is_empty() {
        let roc = u32::from(input.byte() & 1);
        let piece = input.piece();
        let mut raw = piece.to_vec();
        assert_eq!(foreign.open_rtp(&mut raw), None, "nobody sealed this");
        assert_eq!(
            foreign.open_rtcp(&mut piece.to_vec()),
            None,
            "nobody sealed this"
        );
        if let Some(header) = rtp::Header::parse(piece)
            && roc == 0
        {
            let mut sealed = piece.to_vec();
            if seal
                .seal_last(&mut sealed, 0, header.len, u64::from(header.seq))
                .is_ok()
            {
                let mut damaged = sealed.clone();
                if let Some(last) = damaged.last_mut() {
                    *last ^= 1;
                }
                assert_eq!(open.open_rtp(&mut damaged), None, "a wrong tag");
                if let Some(opened) = open.open_rtp(&mut sealed) {
                    assert_eq!(&sealed[..opened.len], piece);
                }
            }
        }
        let mut report = Vec::new();
        if seal.seal_rtcp(piece, &mut report).is_ok() {
            let length = open.open_rtcp(&mut report).expect("our own report");
            assert_eq!(&report[..length], piece);
        }
    }
}

pub fn sdp(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(passed) = sdp_pass(&text) {
        // Each line may get a stream's and a track's name, and no more.
        assert!(passed.len() <= 4 * text.len() * text.len() + 4_096);
        let again = sdp_pass(&passed).expect("what passed passes again");
        assert!(again.lines().count() <= passed.lines().count());
    }
}

/// A stream in pieces of any size has the packets that it has when all of it is there at once, and ends where that ends.
pub fn framing(data: &[u8]) {
    let mut input = Input(data);
    let cuts: Vec<usize> = (0..input.byte() % 16)
        .map(|_| usize::from(input.byte()) + 1)
        .collect();
    let stream = input.0;
    let (expected, end) = frames(stream);
    let (mut reader, mut found, mut result) = (FrameReader::default(), Vec::new(), Ok(()));
    let (mut rest, mut sizes) = (stream, cuts.iter().cycle());
    while !rest.is_empty() && result.is_ok() {
        let size = sizes.next().map_or(rest.len(), |size| *size);
        let (piece, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        result = reader.read(piece, |packet| found.push(packet.to_vec()));
    }
    assert_eq!((&found, result), (&expected, end));
    let mut copy = Vec::new();
    for packet in &expected {
        assert!(write_frame(&mut copy, packet), "what was read is written");
    }
    assert_eq!(frames(&copy), (expected, Ok(())));
}

/// The packets of a whole stream, after RFC 4571 section 2; the last may lack its end.
fn frames(mut stream: &[u8]) -> (Vec<Vec<u8>>, Result<(), FrameTooLong>) {
    let mut packets = Vec::new();
    while let Some((length, rest)) = stream.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length));
        if length > FRAME_LIMIT {
            return (packets, Err(FrameTooLong));
        }
        let Some((packet, after)) = rest.split_at_checked(length) else {
            break;
        };
        if length > 0 {
            packets.push(packet.to_vec());
        }
        stream = after;
    }
    (packets, Ok(()))
}
