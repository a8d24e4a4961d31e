//! What a receiver says once a second: a report for each stream (RFC 3550 section 6.4.2) and what it believes its link carries
//! (REMB, draft-alvestrand-rmcat-remb-03 section 2.2).

pub const RECEIVER: u32 = 0xBE9C_0001;
/// Report blocks that fit into one packet.
const BLOCKS: usize = 31;

/// The part of a report that is about one stream.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    pub ssrc: u32,
    /// Extended.
    pub highest: u32,
    /// Of all since the start.
    pub lost: u32,
}

/// One compound packet. `bits` is None where nothing is estimated: for voices alone, and by who tells when packets came.
pub fn write(out: &mut Vec<u8>, heard: &[Heard], bits: Option<u64>) {
    let heard = &heard[..heard.len().min(BLOCKS)];
    out.push(0x80 | heard.len() as u8);
    out.push(201);
    out.extend((1 + 6 * heard.len() as u16).to_be_bytes());
    out.extend(RECEIVER.to_be_bytes());
    for stream in heard {
        out.extend(stream.ssrc.to_be_bytes());
        // The share lost since the last report is left at none: what is lost here is lost between two processes.
        out.extend((stream.lost & 0x007F_FFFF).to_be_bytes());
        out.extend(stream.highest.to_be_bytes());
        out.extend([0; 12]);
    }
    let Some(bits) = bits else { return };
    let ssrcs = heard.len().max(1);
    out.extend([0x8F, 206]);
    out.extend((4 + ssrcs as u16).to_be_bytes());
    out.extend(RECEIVER.to_be_bytes());
    out.extend([0; 4]);
    out.extend(b"REMB");
    let exponent = (64 - bits.leading_zeros()).saturating_sub(18);
    let mantissa = (bits >> exponent) as u32;
    out.extend(((ssrcs as u32) << 24 | exponent << 18 | mantissa).to_be_bytes());
    match heard {
        [] => out.extend([0; 4]),
        _ => {
            for stream in heard {
                out.extend(stream.ssrc.to_be_bytes());
            }
        }
    }
}
