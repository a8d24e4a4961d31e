//! The VP9 payload descriptor (RFC 9628 section 4.2), as far as finding key frames goes.

/// Start of a frame that is not predicted from another one, on the lowest spatial layer.
pub fn starts_keyframe(payload: &[u8]) -> bool {
    let mut rest = payload.iter().copied();
    let Some(first) = rest.next() else {
        return false;
    };
    let bit = |mask: u8| first & mask != 0;
    let (picture_id, predicted, layers, begins) = (bit(0x80), bit(0x40), bit(0x20), bit(0x08));
    if predicted || !begins {
        return false;
    }
    if picture_id {
        let Some(high) = rest.next() else {
            return false;
        };
        if high & 0x80 != 0 && rest.next().is_none() {
            return false;
        }
    }
    // Layer indices: TID(3) U SID(3) D.
    if layers {
        rest.next().is_some_and(|indices| indices >> 1 & 0x07 == 0)
    } else {
        rest.next().is_some()
    }
}
