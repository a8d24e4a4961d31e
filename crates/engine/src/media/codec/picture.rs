//! The counters in VP8's and VP9's payload descriptors. They lie in front of the frame and stay readable when it is encrypted end to end.

/// Counters of a stream, or differences of such.
///
/// The picture id counts in 15 bits; where a descriptor has 7 bits for it, the lower 7 are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PictureIds {
    /// Picture id.
    pub picture: Option<u16>,
    /// TL0PICIDX.
    pub base_layer: Option<u8>,
    /// KEYIDX, 5 bits; VP8 alone.
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

    /// This difference and another one after it.
    pub fn moved(self, delta: PictureIds) -> PictureIds {
        let picture = match (self.picture, delta.picture) {
            (Some(one), Some(other)) => Some(one.wrapping_add(other) & 0x7FFF),
            (one, other) => one.or(other),
        };
        PictureIds { picture, ..self }
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

/// Counters of one packet and where its descriptor has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PictureFields {
    /// The counters.
    pub ids: PictureIds,
    /// The picture id has 15 bits on the wire, not 7.
    pub wide: bool,
    /// Positions of the picture id, TL0PICIDX and KEYIDX, as far as they are there.
    pub(super) at: [u8; 3],
}

impl PictureFields {
    /// Writes other counters into the payload that these fields were read from, in the widths they have there.
    pub fn write(&self, payload: &mut [u8], ids: &PictureIds) {
        let [picture_at, base_layer_at, key_at] = self.at;
        if self.ids.picture.is_some() {
            let id = ids.picture.unwrap_or(0);
            if self.wide {
                put(payload, picture_at, 0x80, (id >> 8) as u8 & 0x7F);
                put(payload, picture_at + 1, 0, id as u8);
            } else {
                put(payload, picture_at, 0, id as u8 & 0x7F);
            }
        }
        if self.ids.base_layer.is_some() {
            put(payload, base_layer_at, 0, ids.base_layer.unwrap_or(0));
        }
        if self.ids.key.is_some() {
            put(payload, key_at, 0xE0, ids.key.unwrap_or(0) & 0x1F);
        }
    }
}

/// Sets a byte but for the bits of `keep`.
fn put(payload: &mut [u8], at: u8, keep: u8, value: u8) {
    if let Some(byte) = payload.get_mut(usize::from(at)) {
        *byte = *byte & keep | value;
    }
}
