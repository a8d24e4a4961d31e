use super::kdf::Kdf;
use super::keys::Suite;
use super::open::MAX_REMOTE_SSRCS;
use super::seal::FIRST_RTCP_INDEX;
use super::*;
use crate::media::rtcp;
use crate::media::rtp::{self, NewHeader};
use crate::media::testing::Random;
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, LessSafeKey, UnboundKey};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .collect();
    digits
        .chunks(2)
        .map(|pair| (pair[0] << 4 | pair[1]) as u8)
        .collect()
}

const PROFILES: [Profile; 3] = [
    Profile::Aes128CmSha1_80,
    Profile::AeadAes128Gcm,
    Profile::AeadAes256Gcm,
];

/// The sending and receiving halves of two ends: (client, server).
fn pair(profile: Profile, seed: u64) -> ((Seal, Open), (Seal, Open)) {
    let material = Random::new(seed).bytes(profile.material_len());
    (
        Keys::from_dtls(&material, profile, true).unwrap(),
        Keys::from_dtls(&material, profile, false).unwrap(),
    )
}

fn packet(ssrc: u32, seq: u64, payload: &[u8]) -> (Vec<u8>, usize) {
    let mut packet = vec![];
    let header = NewHeader {
        payload_type: 96,
        marker: false,
        seq: seq as u16,
        timestamp: 90 * seq as u32,
        ssrc,
    };
    let header_len = rtp::write_header(&mut packet, &header, &[(1, &[seq as u8])]);
    packet.extend_from_slice(payload);
    (packet, header_len)
}

fn sealed(seal: &mut Seal, ssrc: u32, seq: u64, payload: &[u8]) -> Vec<u8> {
    let (mut out, header_len) = packet(ssrc, seq, payload);
    seal.seal_last(&mut out, 0, header_len, seq).unwrap();
    out
}

#[test]
fn derives_the_keys_of_rfc_3711_b_3() {
    let kdf = Kdf::new(
        &hex("E1F97A0D3E018BE0D64FA32C06DE4139"),
        &hex("0EC675AD498AFEEBB6960B3AABE6"),
    )
    .unwrap();
    assert_eq!(
        kdf.derive::<16>(kdf::RTP_KEY).unwrap().to_vec(),
        hex("C61E7A93744F39EE10734AFE3FF7A087")
    );
    assert_eq!(
        kdf.derive::<14>(kdf::RTP_SALT).unwrap().to_vec(),
        hex("30CBBC08863D8C85D49DB34A9AE1")
    );
    let auth = "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCEE049646C43D9327AD175578EF72270986371C10C9A369AC2F94A8C5FBCDDDC256D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2DC68";
    assert_eq!(
        kdf.derive::<94>(kdf::RTP_AUTH).unwrap().to_vec(),
        hex(auth)[..94]
    );
}

#[test]
fn derives_the_keys_of_rfc_6188_7_4() {
    let master = hex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6");
    let kdf = Kdf::new(&master, &hex("3b04803de51ee7c96423ab5b78d2")).unwrap();
    let key = hex("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4");
    assert_eq!(kdf.derive::<32>(kdf::RTP_KEY).unwrap().to_vec(), key);
    assert_eq!(
        kdf.derive::<14>(kdf::RTP_SALT).unwrap().to_vec(),
        hex("fa31791685ca444a9e07c6c64e93")
    );
    assert_eq!(
        kdf.derive::<20>(kdf::RTP_AUTH).unwrap().to_vec(),
        hex("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05")
    );
}

/// A session with the given session keys, not master keys.
fn gcm(key: &[u8], salt: &str, rtcp_index: u32) -> Seal {
    let algorithm = if key.len() == 32 {
        &AES_256_GCM
    } else {
        &AES_128_GCM
    };
    let key = || LessSafeKey::new(UnboundKey::new(algorithm, key).unwrap());
    let salt: [u8; 12] = hex(salt).try_into().unwrap();
    let suite = Suite::Gcm {
        rtp: key(),
        rtcp: key(),
        rtp_salt: salt,
        rtcp_salt: salt,
    };
    let mut seal = Seal::new(suite, 16);
    seal.rtcp_index = rtcp_index;
    seal
}

const QUID_PRO_QUO: &str = "51756964 2070726f 2071756f";
const GALLIA: &str = "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573";

#[test]
fn seals_the_packets_of_rfc_7714_16() {
    let key: Vec<u8> = (0..32).collect();
    let cases = [
        (
            &key[..16],
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833
             899d7f27 beb16a91 52cf765e e4390cce",
        ),
        (
            &key[..],
            "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b
             7aa3db36 dfffd6b0 f9bb7878 d7a76c13",
        ),
    ];
    for (key, wanted) in cases {
        let mut packet = hex(GALLIA);
        gcm(key, QUID_PRO_QUO, 0)
            .seal_last(&mut packet, 0, 12, 0xf17b)
            .unwrap();
        assert_eq!(packet, hex(wanted));
    }
}

#[test]
fn seals_the_report_of_rfc_7714_17() {
    let plain = hex(
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef",
    );
    let key: Vec<u8> = (0..16).collect();
    let mut out = vec![];
    gcm(&key, QUID_PRO_QUO, 0x5d4)
        .seal_rtcp(&plain, &mut out)
        .unwrap();
    let wanted = "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b
                  c84aa458 96cf4d2f c5abf872 45d9eade 800005d4";
    assert_eq!(out, hex(wanted));
}

#[test]
fn counter_mode_with_hmac_gives_the_known_packet() {
    let (key, salt) = (
        hex("e1f97a0d3e018be0d64fa32c06de4139"),
        hex("0ec675ad498afeebb6960b3aabe6"),
    );
    let material = [&key[..], &[0; 16], &salt[..], &[0; 14]].concat();
    let (mut seal, _) = Keys::from_dtls(&material, Profile::Aes128CmSha1_80, true).unwrap();
    let mut packet = hex("800f1234decafbadcafebabe abababab abababab abababab abababab");
    seal.seal_last(&mut packet, 0, 12, 0x1234).unwrap();
    assert_eq!(
        packet,
        hex("800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb")
    );
}

#[test]
fn both_ends_open_what_the_other_sealed_through_rollover() {
    for profile in PROFILES {
        let ((mut client, mut from_server), (mut server, mut from_client)) = pair(profile, 3);
        for seq in 65_000..66_500u64 {
            let payload = vec![seq as u8; (seq % 100) as usize];
            for (seal, open) in [
                (&mut client, &mut from_client),
                (&mut server, &mut from_server),
            ] {
                // The receiver's first packet lies before the rollover, its index is the plain number.
                let mut datagram = sealed(seal, 7, seq, &payload);
                let opened = open.open_rtp(&mut datagram).unwrap();
                assert_eq!(opened.index, seq);
                assert_eq!(datagram[opened.header_len..opened.len], payload);
                assert_eq!(open.open_rtp(&mut sealed_again(&datagram, opened)), None);
            }
        }
    }
}

/// The opened packet with noise where its tag was: a forgery or a replay, whichever is looked at first.
fn sealed_again(opened: &[u8], facts: OpenedRtp) -> Vec<u8> {
    let mut bytes = opened[..facts.len].to_vec();
    bytes.extend([1; 16]);
    bytes
}

#[test]
fn reordered_packets_open_and_replayed_ones_do_not() {
    for profile in PROFILES {
        let ((mut seal, _), (_, mut open)) = pair(profile, 4);
        let packets: Vec<_> = (65_500..65_600u64)
            .map(|seq| sealed(&mut seal, 1, seq, b"voice"))
            .collect();
        let mut random = Random::new(5);
        let mut order: Vec<usize> = (0..packets.len()).collect();
        for at in 0..order.len() - 1 {
            // The very first one stays: before it nothing is known of the rollover.
            if at > 0 {
                order.swap(at, at + random.below(2) as usize);
            }
        }
        for at in &order {
            assert_eq!(
                open.open_rtp(&mut packets[*at].clone()).unwrap().index,
                65_500 + *at as u64
            );
        }
        for packet in &packets {
            assert_eq!(open.open_rtp(&mut packet.clone()), None);
        }
    }
}

#[test]
#[cfg(debug_assertions)]
fn the_same_index_is_never_sealed_twice() {
    for profile in PROFILES {
        let ((mut seal, _), _) = pair(profile, 6);
        sealed(&mut seal, 1, 100, b"a");
        sealed(&mut seal, 2, 100, b"b");
        sealed(&mut seal, 1, 99, b"c");
        let (before, header_len) = packet(1, 100, b"other bytes");
        let mut again = before.clone();
        again.resize(200, 0);
        let error = seal
            .seal_rtp(&mut again, header_len, before.len(), 0)
            .unwrap_err();
        assert_eq!(again[..before.len()], before);
        assert_eq!(
            error,
            SrtpError::Repeated {
                ssrc: 1,
                index: 100
            }
        );
        // The same number a rollover later is another index.
        sealed(&mut seal, 1, 65_636, b"d");
        let mut arena = vec![9; 5];
        arena.extend_from_slice(&before);
        assert!(seal.seal_last(&mut arena, 5, header_len, 65_636).is_err());
        assert_eq!(arena, [9; 5]);
    }
}

#[test]
fn reports_open_once_for_each_sender() {
    for profile in PROFILES {
        let ((mut client, mut from_server), (mut server, mut from_client)) = pair(profile, 7);
        for (seal, open) in [
            (&mut client, &mut from_client),
            (&mut server, &mut from_server),
        ] {
            let mut datagrams = vec![];
            for ssrc in [1u32, 2] {
                // Two senders behind one session may count on their own (libsrtp does).
                seal.rtcp_index = FIRST_RTCP_INDEX;
                for count in 0..100u32 {
                    let mut plain = vec![];
                    rtcp::write_picture_loss(&mut plain, ssrc, count);
                    let mut out = vec![];
                    assert_eq!(seal.seal_rtcp(&plain, &mut out).unwrap(), out.len());
                    datagrams.push((plain, out));
                }
            }
            for (plain, datagram) in &datagrams {
                let mut opened = datagram.clone();
                let len = open.open_rtcp(&mut opened).unwrap();
                assert_eq!(opened[..len], plain[..]);
            }
            for (_, datagram) in &datagrams {
                assert_eq!(open.open_rtcp(&mut datagram.clone()), None);
            }
        }
    }
}

#[test]
fn remote_streams_have_a_bound() {
    let ((mut seal, _), (_, mut open)) = pair(Profile::AeadAes128Gcm, 8);
    for ssrc in 0..1_000 {
        assert!(
            open.open_rtp(&mut sealed(&mut seal, ssrc, 1, b"x"))
                .is_some()
        );
    }
    assert_eq!(open.rtp.len(), MAX_REMOTE_SSRCS);
}

#[test]
fn forged_and_mutated_packets_stay_shut() {
    for profile in PROFILES {
        let ((mut seal, _), (_, mut open)) = pair(profile, 9);
        let mut random = Random::new(10);
        let media = sealed(&mut seal, 1, 5, &[7; 60]);
        let mut report = vec![];
        let mut plain = vec![];
        rtcp::write_picture_loss(&mut plain, 1, 2);
        seal.seal_rtcp(&plain, &mut report).unwrap();
        for _ in 0..10_000 {
            let mut bytes = random.mutate(&media);
            assert!(bytes == media || open.open_rtp(&mut bytes).is_none());
            let mut bytes = random.mutate(&report);
            assert!(bytes == report || open.open_rtcp(&mut bytes).is_none());
        }
        // Nothing that failed left a trace: the honest packets still open.
        assert!(open.rtp.is_empty() && open.rtcp.is_empty());
        assert!(
            open.open_rtp(&mut media.clone()).is_some()
                && open.open_rtcp(&mut report.clone()).is_some()
        );
    }
}

#[test]
fn wrong_sizes_are_errors() {
    assert_eq!(
        Keys::from_dtls(&[0; 55], Profile::AeadAes128Gcm, true).err(),
        Some(SrtpError::Material(55))
    );
    let ((mut seal, _), _) = pair(Profile::AeadAes128Gcm, 11);
    let (mut bytes, header_len) = packet(1, 1, b"no room for the tag");
    let len = bytes.len();
    assert_eq!(
        seal.seal_rtp(&mut bytes, header_len, len, 0),
        Err(SrtpError::Buffer)
    );
    assert_eq!(
        seal.seal_rtp(&mut [0x80; 100], 4, 50, 0),
        Err(SrtpError::Buffer)
    );
    assert_eq!(
        seal.seal_rtp(&mut [0x80; 100], 60, 50, 0),
        Err(SrtpError::Buffer)
    );
    assert_eq!(
        seal.seal_rtcp(&[0x80; 7], &mut vec![]),
        Err(SrtpError::Buffer)
    );
}
