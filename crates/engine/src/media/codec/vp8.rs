//! The VP8 payload descriptor (RFC 7741 section 4.2). It lies in front of the frame and stays readable when the frame is encrypted end to end.

/// Counters of a VP8 stream, or differences of such.
///
/// The picture id counts in 15 bits; where a descriptor has 7 bits for it, the lower 7 are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PictureIds {
    /// Picture id.
    pub picture: Option<u16>,
    /// TL0PICIDX.
    pub base_layer: Option<u8>,
    /// KEYIDX, 5 bits.
    pub key: Option<u8>,
}

impl PictureIds {
    /// These ids moved by a difference. A missing difference moves nothing.
    pub fn plus(self, delta: PictureIds) -> PictureIds {
        PictureIds {
            picture: self
                .picture
                .map(|id| id.wrapping_add(delta.picture.unwrap_or(0)) & 0x7FFF),
            base_layer: self
                .base_layer
                .map(|id| id.wrapping_add(delta.base_layer.unwrap_or(0))),
            key: self
                .key
                .map(|id| id.wrapping_add(delta.key.unwrap_or(0)) & 0x1F),
        }
    }

    /// The difference that makes `first` follow these ids by one. Where these hold nothing yet, nothing moves.
    pub fn step_from(self, first: PictureIds) -> PictureIds {
        let step8 =
            |last: Option<u8>, first: Option<u8>| Some(last?.wrapping_add(1).wrapping_sub(first?));
        PictureIds {
            picture: self
                .picture
                .zip(first.picture)
                .map(|(last, first)| last.wrapping_add(1).wrapping_sub(first) & 0x7FFF),
            base_layer: step8(self.base_layer, first.base_layer),
            key: step8(self.key, first.key).map(|step| step & 0x1F),
        }
    }

    /// These ids with what `newer` has.
    pub fn updated(self, newer: PictureIds) -> PictureIds {
        PictureIds {
            picture: newer.picture.or(self.picture),
            base_layer: newer.base_layer.or(self.base_layer),
            key: newer.key.or(self.key),
        }
    }
}

/// A descriptor, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// Its length; the frame's bytes follow.
    pub len: usize,
    /// First packet of a frame: start of partition 0.
    pub begins_frame: bool,
    /// The counters it carries.
    pub ids: PictureIds,
    /// The picture id has 15 bits on the wire, not 7.
    pub wide_picture: bool,
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
            ids: PictureIds::default(),
            wide_picture: false,
            temporal: None,
            sync: false,
        };
        if first & 0x80 == 0 {
            return Some(descriptor);
        }
        let flags = rest.next()?;
        descriptor.len += 1;
        if flags & 0x80 != 0 {
            let high = rest.next()?;
            descriptor.len += 1;
            descriptor.wide_picture = high & 0x80 != 0;
            descriptor.ids.picture = Some(if descriptor.wide_picture {
                descriptor.len += 1;
                u16::from(high & 0x7F) << 8 | u16::from(rest.next()?)
            } else {
                u16::from(high)
            });
        }
        if flags & 0x40 != 0 {
            descriptor.ids.base_layer = Some(rest.next()?);
            descriptor.len += 1;
        }
        if flags & 0x30 != 0 {
            let byte = rest.next()?;
            descriptor.len += 1;
            if flags & 0x20 != 0 {
                descriptor.temporal = Some(byte >> 6);
                descriptor.sync = byte & 0x20 != 0;
            }
            if flags & 0x10 != 0 {
                descriptor.ids.key = Some(byte & 0x1F);
            }
        }
        Some(descriptor)
    }
}

/// Writes new ids into the payload's descriptor, in the widths it has. `descriptor` must be what was read from these bytes.
pub fn rewrite(payload: &mut [u8], descriptor: &Descriptor, ids: &PictureIds) {
    let Some(head) = payload.get_mut(..descriptor.len) else {
        return;
    };
    // The flags of the first two bytes say which of the others are there, in this order.
    let mut fields = head.iter_mut().skip(2);
    if descriptor.ids.picture.is_some() {
        let id = ids.picture.unwrap_or(0);
        if descriptor.wide_picture {
            put(fields.next(), 0x80, (id >> 8) as u8 & 0x7F);
            put(fields.next(), 0, id as u8);
        } else {
            put(fields.next(), 0, id as u8 & 0x7F);
        }
    }
    if descriptor.ids.base_layer.is_some() {
        put(fields.next(), 0, ids.base_layer.unwrap_or(0));
    }
    if descriptor.ids.key.is_some() {
        put(fields.next(), 0xE0, ids.key.unwrap_or(0) & 0x1F);
    }
}

/// Sets a byte but for the bits of `keep`.
fn put(byte: Option<&mut u8>, keep: u8, value: u8) {
    if let Some(byte) = byte {
        *byte = *byte & keep | value;
    }
}

/// First packet of a frame whose header's P bit (inverse key frame flag) is clear.
pub fn starts_keyframe(payload: &[u8]) -> bool {
    Descriptor::parse(payload).is_some_and(|descriptor| {
        descriptor.begins_frame
            && payload
                .get(descriptor.len)
                .is_some_and(|byte| byte & 1 == 0)
    })
}
