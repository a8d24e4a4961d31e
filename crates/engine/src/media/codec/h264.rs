//! H264 packets (RFC 6184), as far as finding key frames goes.

use super::super::bytes::be16;

const IDR: u8 = 5;
const SPS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// A packet that brings a sequence parameter set or begins an IDR picture: alone, in an aggregate, or as a first fragment.
pub fn starts_keyframe(payload: &[u8]) -> bool {
    begins(payload, &[IDR, SPS])
}

/// A packet that brings a sequence parameter set: no decoder begins without one.
pub fn brings_parameters(payload: &[u8]) -> bool {
    begins(payload, &[SPS])
}

/// Whether a unit of one of these types begins in the packet.
fn begins(payload: &[u8], types: &[u8]) -> bool {
    let Some(&first) = payload.first() else {
        return false;
    };
    match first & 0x1F {
        STAP_A => aggregate_has(payload.get(1..).unwrap_or_default(), types),
        // Start bit and the type of the fragmented unit.
        FU_A => payload
            .get(1)
            .is_some_and(|header| header & 0x80 != 0 && types.contains(&(header & 0x1F))),
        unit => types.contains(&unit),
    }
}

fn aggregate_has(mut units: &[u8], types: &[u8]) -> bool {
    while let Some(length) = be16(units, 0) {
        let Some(&unit) = units.get(2).filter(|_| length > 0) else {
            return false;
        };
        if types.contains(&(unit & 0x1F)) {
            return true;
        }
        units = units.get(2 + usize::from(length)..).unwrap_or_default();
    }
    false
}
