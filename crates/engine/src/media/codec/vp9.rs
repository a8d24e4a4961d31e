//! The VP9 payload descriptor (RFC 9628 section 4.2). It lies in front of the frame and stays readable when the frame is encrypted end to end.

use super::picture::PictureFields;
use crate::media::frame::{Frame, SPATIAL_LAYERS, Selections};

/// Pictures that a picture of flexible mode may refer to.
const MAX_REFERENCES: usize = 3;

/// A descriptor, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Descriptor {
    /// Its length; the frame's bytes follow.
    pub len: usize,
    /// P: the picture refers to earlier ones.
    pub predicted: bool,
    /// B: first packet of a frame.
    pub begins_frame: bool,
    /// E: last packet of a frame.
    pub ends_frame: bool,
    /// The counters it carries.
    pub pictures: PictureFields,
    /// TID
    pub temporal: u8,
    /// U: later pictures of higher temporal layers need nothing of those from before this one.
    pub switching_up: bool,
    /// SID
    pub spatial: u8,
    /// D: the frame refers to the next lower spatial layer of its picture.
    pub inter_layer: bool,
    /// Z: no frame of a higher spatial layer needs it.
    pub top_only: bool,
    /// Spatial layers that the scalability structure tells of, where it comes with it.
    pub spatial_layers: Option<u8>,
}

/// Frames without one of the highest layer after which it is believed to be gone: what told so is lost. Fewer would take frames that an
/// encoder leaves out for it.
const ABSENT: u8 = 60;

/// What one SSRC has told of its spatial layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Structure {
    /// The highest that is made, once that was told.
    highest: Option<u8>,
    /// The packet that told it.
    told_at: u64,
    /// Frames since one of the highest layer, and the highest layer among them.
    since: u8,
    met: u8,
}

impl Structure {
    /// Selections that need the frame of a packet with this extended number. Which is the highest layer that they get is known only once
    /// the publisher has told how many it makes; until then all lower ones may be needed.
    pub fn part_of(&mut self, seq: u64, descriptor: &Descriptor) -> Selections {
        let all = descriptor.frame().part_of;
        if seq < self.told_at {
            // Of how many there were then nothing is known any more.
            return all;
        }
        let spatial = descriptor.spatial.min(SPATIAL_LAYERS - 1);
        if let Some(count) = descriptor.spatial_layers {
            self.highest = Some(count.clamp(1, SPATIAL_LAYERS) - 1);
            self.told_at = seq;
        }
        self.follow(spatial, descriptor.begins_frame);
        match self.highest.filter(|_| descriptor.top_only) {
            Some(highest) => Selections::of(|selection| {
                all.has(selection) && selection.spatial.min(highest) == spatial
            }),
            None => all,
        }
    }

    /// The highest spatial layer of a packet's picture, or that there can be.
    pub fn highest(&self, seq: u64) -> u8 {
        let told = self.highest.filter(|_| seq >= self.told_at);
        told.unwrap_or(SPATIAL_LAYERS - 1)
    }

    /// What was told may be lost: layers that come are made, and those that do not come any more are not.
    fn follow(&mut self, spatial: u8, begins: bool) {
        let Some(highest) = self.highest.as_mut() else {
            return;
        };
        if spatial >= *highest {
            (*highest, self.since, self.met) = (spatial, 0, 0);
            return;
        }
        self.met = self.met.max(spatial);
        self.since = self.since.saturating_add(u8::from(begins));
        if self.since >= ABSENT {
            (*highest, self.since, self.met) = (self.met, 0, 0);
        }
    }
}

impl Descriptor {
    /// Reads the descriptor in front of a payload.
    pub fn parse(payload: &[u8]) -> Option<Descriptor> {
        let mut reader = Bytes { payload, at: 0 };
        let first = reader.next()?;
        let bit = |mask: u8| first & mask != 0;
        let flexible = bit(0x10);
        let mut descriptor = Descriptor {
            predicted: bit(0x40),
            begins_frame: bit(0x08),
            ends_frame: bit(0x04),
            top_only: bit(0x01),
            ..Descriptor::default()
        };
        let PictureFields {
            ids,
            wide,
            at: [picture_at, base_layer_at, _],
        } = &mut descriptor.pictures;
        if bit(0x80) {
            *picture_at = reader.at as u8;
            let high = reader.next()?;
            *wide = high & 0x80 != 0;
            ids.picture = Some(if *wide {
                u16::from(high & 0x7F) << 8 | u16::from(reader.next()?)
            } else {
                u16::from(high)
            });
        }
        if bit(0x20) {
            let indices = reader.next()?;
            descriptor.temporal = indices >> 5;
            descriptor.switching_up = indices & 0x10 != 0;
            descriptor.spatial = indices >> 1 & 0x07;
            descriptor.inter_layer = indices & 0x01 != 0;
            if !flexible {
                *base_layer_at = reader.at as u8;
                ids.base_layer = Some(reader.next()?);
            }
        }
        if flexible && descriptor.predicted {
            let mut count = 1;
            // The lowest bit says that another one follows.
            while reader.next()? & 1 != 0 {
                count += 1;
                if count > MAX_REFERENCES {
                    return None;
                }
            }
        }
        if bit(0x02) {
            descriptor.spatial_layers = Some(reader.skip_structure()?);
        }
        descriptor.len = reader.at;
        Some(descriptor)
    }

    /// What it says of the frame.
    pub fn frame(&self) -> Frame {
        Frame {
            begins: self.begins_frame,
            ends: self.ends_frame,
            anew: !self.predicted,
            opens: Selections::of(|selection| {
                self.switching_up && selection.temporal > self.temporal
            }),
            opens_above: self.temporal,
            ..Frame::of_layers(self.spatial, self.temporal)
        }
    }
}

struct Bytes<'a> {
    payload: &'a [u8],
    at: usize,
}

impl Bytes<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = *self.payload.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn skip(&mut self, count: u8) -> Option<()> {
        self.at += usize::from(count);
        (self.at <= self.payload.len()).then_some(())
    }

    /// The scalability structure: resolutions and the group of pictures. Returns how many spatial layers there are; what else we use, the
    /// picture ids tell.
    fn skip_structure(&mut self) -> Option<u8> {
        let head = self.next()?;
        let spatial = (head >> 5) + 1;
        if head & 0x10 != 0 {
            self.skip(4 * spatial)?;
        }
        if head & 0x08 != 0 {
            for _ in 0..self.next()? {
                let picture = self.next()?;
                self.skip(picture >> 2 & 0x03)?;
            }
        }
        Some(spatial)
    }
}

/// Start of a frame that is not predicted from another one, on the lowest spatial layer.
pub fn starts_keyframe(payload: &[u8]) -> bool {
    Descriptor::parse(payload).is_some_and(|descriptor| {
        descriptor.begins_frame
            && !descriptor.predicted
            && descriptor.spatial == 0
            && payload.len() > descriptor.len
    })
}
