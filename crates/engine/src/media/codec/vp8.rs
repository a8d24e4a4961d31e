//! The VP8 payload descriptor (RFC 7741 section 4.2). It lies in front of the frame and stays readable when the frame is encrypted end to end.

use super::picture::PictureFields;
use crate::media::frame::{Frame, Selections};

/// A descriptor, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// Its length; the frame's bytes follow.
    pub len: usize,
    /// First packet of a frame: start of partition 0.
    pub begins_frame: bool,
    /// The counters it carries.
    pub pictures: PictureFields,
    /// Temporal layer.
    pub temporal: Option<u8>,
    /// Layer sync: this frame needs only the base layer.
    pub sync: bool,
}

impl Descriptor {
    /// Reads the descriptor in front of a payload.
    pub fn parse(payload: &[u8]) -> Option<Descriptor> {
        let mut rest = payload.iter().copied();
        let first = rest.next()?;
        let mut descriptor = Descriptor {
            len: 1,
            begins_frame: first & 0x17 == 0x10,
            pictures: PictureFields::default(),
            temporal: None,
            sync: false,
        };
        if first & 0x80 == 0 {
            return Some(descriptor);
        }
        let flags = rest.next()?;
        let mut len = 2;
        let PictureFields {
            ids,
            wide,
            at: [picture_at, base_layer_at, key_at],
        } = &mut descriptor.pictures;
        if flags & 0x80 != 0 {
            let high = rest.next()?;
            *picture_at = len;
            *wide = high & 0x80 != 0;
            ids.picture = Some(if *wide {
                u16::from(high & 0x7F) << 8 | u16::from(rest.next()?)
            } else {
                u16::from(high)
            });
            len += 1 + u8::from(*wide);
        }
        if flags & 0x40 != 0 {
            ids.base_layer = Some(rest.next()?);
            *base_layer_at = len;
            len += 1;
        }
        if flags & 0x30 != 0 {
            let byte = rest.next()?;
            if flags & 0x20 != 0 {
                descriptor.temporal = Some(byte >> 6);
                descriptor.sync = byte & 0x20 != 0;
            }
            if flags & 0x10 != 0 {
                ids.key = Some(byte & 0x1F);
                *key_at = len;
            }
            len += 1;
        }
        descriptor.len = usize::from(len);
        Some(descriptor)
    }

    /// What it says of the frame. `marker` is the packet's marker bit: the frame's last packet.
    pub fn frame(&self, marker: bool) -> Frame {
        let temporal = self.temporal.unwrap_or(0);
        let opens = self.sync && temporal > 0;
        Frame {
            begins: self.begins_frame,
            ends: marker,
            opens: Selections::of(|selection| opens && selection.temporal == temporal),
            // Later frames of this layer may refer to the layer below as it was before.
            opens_above: temporal.saturating_sub(1),
            ..Frame::of_layers(0, temporal)
        }
    }
}

/// First packet of a frame whose header's P bit (inverse key frame flag) is clear. End-to-end encryption leaves that byte in the clear.
pub fn starts_keyframe(payload: &[u8]) -> bool {
    Descriptor::parse(payload).is_some_and(|descriptor| {
        descriptor.begins_frame
            && payload
                .get(descriptor.len)
                .is_some_and(|byte| byte & 1 == 0)
    })
}
