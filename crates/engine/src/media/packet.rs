//! One media packet as it came from a publisher, in the clear, with the facts that forwarding needs.

use super::codec::picture::PictureFields;
use super::codec::{self, Codec, vp8, vp9};
use super::dependency;
use super::frame::Frame;
use super::ntp::Aligned;
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
    /// The decode targets from here on, where that has changed or is told.
    pub targets: Option<Arc<dependency::Targets>>,
    /// Where the dependency descriptor tells which of them are active, or would.
    pub active: Option<dependency::ActivePlace>,
    /// First packet of a key frame; for audio false. The store clears it on later packets of the same frame.
    pub keyframe_start: bool,
    /// The codec.
    pub codec: Codec,
    /// The counters of VP8's or VP9's payload descriptor, read once for all subscribers.
    pub pictures: Option<PictureFields>,
    /// The frame that the packet belongs to, where payload descriptor or dependency descriptor tell.
    pub frame: Option<Frame>,
    /// The timestamp on the publisher's own clock, when its sender reports tell.
    pub aligned: Option<Aligned>,
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
        let mut packet = MediaPacket {
            seq,
            timestamp,
            marker,
            red: false,
            audio_level: None,
            voice_activity: false,
            orientation: None,
            dependency_descriptor: None,
            targets: None,
            active: None,
            keyframe_start: codec::starts_keyframe(codec, &payload),
            codec,
            pictures: None,
            frame: None,
            aligned: None,
            payload,
            arrived,
        };
        packet.describe();
        packet
    }

    /// The frame number of the dependency descriptor.
    pub fn frame_number(&self) -> Option<u16> {
        dependency::frame_number(self.dependency_descriptor.as_deref()?)
    }

    /// Takes over what the dependency descriptor says. VP8's own descriptor tells enough.
    pub fn read_descriptor(&mut self, reader: &mut dependency::Reader) {
        let descriptor = self.dependency_descriptor.as_deref();
        let Some(reading) = descriptor.and_then(|descriptor| reader.read(descriptor)) else {
            return;
        };
        if self.codec != Codec::Vp8 {
            self.keyframe_start |= reading.starts_sequence;
            self.keyframe_start &= !reading.overtaken;
            self.frame = reading.frame.or(self.frame);
        }
        (self.targets, self.active) = (reading.targets, reading.active);
    }

    /// Takes over what a payload descriptor of VP9 says together with those before it. A dependency descriptor tells more.
    pub fn read_structure(&mut self, structure: &mut vp9::Structure) {
        let Some(frame) = self.frame.as_mut().filter(|frame| frame.number.is_none()) else {
            return;
        };
        if self.codec == Codec::Vp9
            && let Some(descriptor) = vp9::Descriptor::parse(&self.payload)
        {
            frame.part_of = structure.part_of(self.seq, &descriptor);
            frame.highest = structure.highest(self.seq);
        }
    }

    /// Reads the payload descriptor, which lies in front of what may be encrypted end to end.
    fn describe(&mut self) {
        let (pictures, frame) = match self.codec {
            Codec::Vp8 => {
                let descriptor = vp8::Descriptor::parse(&self.payload);
                let frame = descriptor.map(|d| d.frame(self.marker));
                (descriptor.map(|d| d.pictures), frame)
            }
            Codec::Vp9 => {
                let descriptor = vp9::Descriptor::parse(&self.payload);
                (
                    descriptor.map(|d| d.pictures),
                    descriptor.map(|d| d.frame()),
                )
            }
            _ => return,
        };
        (self.pictures, self.frame) = (pictures, frame);
    }
}
