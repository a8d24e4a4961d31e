//! AV1's aggregation header (RTP payload format for AV1, section 4.4), as far as finding key frames goes.

/// N bit: first packet of a coded video sequence, which begins with a key frame. With Z set, the packet would continue an OBU, which cannot be.
pub fn starts_keyframe(payload: &[u8]) -> bool {
    matches!(payload, [header, _, ..] if header & 0x08 != 0 && header & 0x80 == 0)
}
