//! What forwarding has to know of payload formats: where key frames start, VP8's picture ids and layers of VP8 and VP9, RED.

pub mod av1;
pub mod h264;
pub mod picture;
pub mod red;
pub mod vp8;
pub mod vp9;

/// A codec that is forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Opus (RFC 7587), with or without RED.
    Opus,
    /// VP8 (RFC 7741).
    Vp8,
    /// H264 (RFC 6184).
    H264,
    /// VP9 (RFC 9628).
    Vp9,
    /// AV1 (AOM's RTP payload format).
    Av1,
}

impl Codec {
    /// Whether it is video.
    pub fn is_video(self) -> bool {
        self != Codec::Opus
    }

    /// RTP clock rate.
    pub fn clock_rate(self) -> u32 {
        if self.is_video() { 90_000 } else { 48_000 }
    }
}

/// Whether a payload begins a key frame: a decoder can start with this packet.
///
/// Reads nothing that end-to-end encryption covers: payload descriptors, AV1's aggregation header and H264's unit headers are made after
/// it or left out of it, and so is the first byte of a VP8 frame.
pub fn starts_keyframe(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::Opus => false,
        Codec::Vp8 => vp8::starts_keyframe(payload),
        Codec::H264 => h264::starts_keyframe(payload),
        Codec::Vp9 => vp9::starts_keyframe(payload),
        Codec::Av1 => av1::starts_keyframe(payload),
    }
}

#[cfg(test)]
mod tests;
