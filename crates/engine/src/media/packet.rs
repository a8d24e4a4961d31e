//! One media packet as it came from a publisher, in the clear, with the facts that forwarding needs.

use super::codec::{self, Codec, vp8};
use std::sync::Arc;
use std::time::Instant;

/// A packet of one layer of a track. Cheap to clone: the payload is shared.
#[derive(Debug, Clone)]
pub struct MediaPacket {
    /// Extended sequence number of the publisher's stream.
    pub seq: u64,
    /// Timestamp of the publisher's stream.
    pub timestamp: u32,
    /// Marker bit.
    pub marker: bool,
    /// Payload without padding. Empty for padding-only packets.
    pub payload: Arc<[u8]>,
    /// The payload is RED (RFC 2198) around the codec.
    pub red: bool,
    /// Audio level in -dBov, 0 (loudest) to 127 (RFC 6464).
    pub audio_level: Option<u8>,
    /// The voice activity bit beside the level.
    pub voice_activity: bool,
    /// The byte of the video orientation extension.
    pub orientation: Option<u8>,
    /// The dependency descriptor extension, byte for byte.
    pub dependency_descriptor: Option<Arc<[u8]>>,
    /// First packet of a key frame; for audio false. The store clears it on later packets of the same frame.
    pub keyframe_start: bool,
    /// The VP8 payload descriptor, read once for all subscribers.
    pub vp8: Option<vp8::Descriptor>,
    /// When it came in.
    pub arrived: Instant,
}

impl MediaPacket {
    /// A packet with what its payload says; extensions are set by the caller.
    pub fn new(
        codec: Codec,
        seq: u64,
        timestamp: u32,
        marker: bool,
        payload: Arc<[u8]>,
        arrived: Instant,
    ) -> MediaPacket {
        MediaPacket {
            seq,
            timestamp,
            marker,
            red: false,
            audio_level: None,
            voice_activity: false,
            orientation: None,
            dependency_descriptor: None,
            keyframe_start: codec::starts_keyframe(codec, &payload),
            vp8: if codec == Codec::Vp8 {
                vp8::Descriptor::parse(&payload)
            } else {
                None
            },
            payload,
            arrived,
        }
    }
}
