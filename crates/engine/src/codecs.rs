//! Codecs and header extensions that are negotiated, by role.

use crate::command::TransportRole;
use crate::sdp::DEPENDENCY_DESCRIPTOR;
use str0m::RtcConfig;
use str0m::format::{Codec, FormatParams};
use str0m::media::Frequency;
use str0m::rtp::{Extension, ExtensionSerializer, ExtensionValues};

/// An extension that str0m only negotiates: it sees no media packet.
#[derive(Debug)]
struct Negotiated;

impl ExtensionSerializer for Negotiated {
    fn write_to(&self, _buf: &mut [u8], _values: &ExtensionValues) -> usize {
        0
    }

    fn parse_value(&self, _buf: &[u8], _values: &mut ExtensionValues) -> bool {
        false
    }

    fn is_video(&self) -> bool {
        true
    }

    fn is_audio(&self) -> bool {
        false
    }
}

pub fn dependency_descriptor() -> Extension {
    Extension::with_serializer(DEPENDENCY_DESCRIPTOR, Negotiated)
}

/// (payload type, RTX, packetization mode 1, profile and level): what every browser and pion can do.
const H264: [(u8, u8, bool, u32); 4] = [
    (125, 107, false, 0x42e01f),
    (108, 109, true, 0x42e01f),
    (102, 103, true, 0x42001f),
    (104, 105, false, 0x42001f),
];

pub fn enable(config: RtcConfig, role: TransportRole) -> RtcConfig {
    let mut config = config
        .clear_codecs()
        .enable_opus(true, true)
        .enable_vp8(true);
    let codecs = config.codec_config();
    codecs.add_config(
        98.into(),
        Some(99.into()),
        Codec::Vp9,
        Frequency::NINETY_KHZ,
        None,
        FormatParams {
            profile_id: Some(0),
            ..Default::default()
        },
    );
    for (pt, rtx, mode, profile) in H264 {
        codecs.add_h264(pt.into(), Some(rtx.into()), mode, profile);
    }
    let mut config = config.enable_av1(true);
    if role.answers() {
        // Voices may be asked for again. The answer says so where the client did: see `sdp::without_nack`.
        for params in config.codec_config().iter_mut() {
            params.set_fb_nack(true);
        }
    }
    let config = config
        .clear_extension_map()
        .set_extension(1, Extension::AudioLevel)
        .set_extension(2, Extension::AbsoluteSendTime)
        .set_extension(3, Extension::TransportSequenceNumber)
        .set_extension(4, Extension::RtpMid)
        .set_extension(8, dependency_descriptor())
        .set_extension(13, Extension::VideoOrientation);
    match role {
        TransportRole::Subscriber => config,
        TransportRole::Publisher | TransportRole::Single => config
            .set_extension(10, Extension::RtpStreamId)
            .set_extension(11, Extension::RepairedRtpStreamId),
    }
}
