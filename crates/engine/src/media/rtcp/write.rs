//! What we tell by RTCP, and what the clients of tests do.

use super::{
    EXTENDED_REPORT, GOODBYE, Missing, NACK, PAYLOAD_FEEDBACK, PLI, RECEIVER_REPORT,
    REFERENCE_TIME, SENDER_REPORT, SOURCE_DESCRIPTION, TRANSPORT_FEEDBACK,
};
use crate::media::ntp::Ntp;

/// What a sender report of ours says about one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderInfo {
    /// The stream.
    pub ssrc: u32,
    /// Wall-clock time.
    pub ntp: Ntp,
    /// The same moment as a timestamp of the stream.
    pub rtp: u32,
    /// Packets sent, modulo 2^32.
    pub packets: u32,
    /// Payload bytes sent, modulo 2^32.
    pub octets: u32,
}

/// Appends a sender report and the stream's CNAME (RFC 3550 sections 6.4.1 and 6.5); at most 255 bytes of the name are used.
pub fn write_sender_report(out: &mut Vec<u8>, info: &SenderInfo, cname: &str) {
    out.extend_from_slice(&[0x80, SENDER_REPORT, 0, 6]);
    out.extend_from_slice(&info.ssrc.to_be_bytes());
    out.extend_from_slice(&info.ntp.0.to_be_bytes());
    out.extend_from_slice(&info.rtp.to_be_bytes());
    out.extend_from_slice(&info.packets.to_be_bytes());
    out.extend_from_slice(&info.octets.to_be_bytes());
    let name = cname.as_bytes();
    let name = name.get(..255).unwrap_or(name);
    // SSRC, item type and length, the name, at least one zero to end the list.
    let body = (4 + 2 + name.len() + 1).next_multiple_of(4);
    let end = out.len() + 4 + body;
    out.extend_from_slice(&[0x81, SOURCE_DESCRIPTION, 0, (body / 4) as u8]);
    out.extend_from_slice(&info.ssrc.to_be_bytes());
    out.extend_from_slice(&[1, name.len() as u8]);
    out.extend_from_slice(name);
    out.resize(end, 0);
}

/// Appends an empty receiver report, which a compound must begin with, and the end of up to 31 streams (RFC 3550 section 6.6).
/// Appends nothing for no streams.
pub fn write_goodbye(out: &mut Vec<u8>, ssrcs: &[u32]) {
    let ssrcs = ssrcs.get(..31).unwrap_or(ssrcs);
    let (Some(first), count) = (ssrcs.first(), ssrcs.len() as u8) else {
        return;
    };
    out.extend_from_slice(&[0x80, RECEIVER_REPORT, 0, 1]);
    out.extend_from_slice(&first.to_be_bytes());
    out.extend_from_slice(&[0x80 | count, GOODBYE, 0, count]);
    ssrcs
        .iter()
        .for_each(|ssrc| out.extend_from_slice(&ssrc.to_be_bytes()));
}

/// What a receiver report of ours says about one stream (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceptionBlock {
    /// The stream reported on.
    pub ssrc: u32,
    /// Share lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Lost since the beginning, 24 bits with sign.
    pub lost: i32,
    /// Highest sequence number received, extended.
    pub highest: u32,
    /// Interarrival jitter in ticks.
    pub jitter: u32,
    /// Middle of the NTP time in the stream's last sender report; 0 before the first.
    pub last_report: u32,
    /// Time since that report came, in 1/65536 s.
    pub delay: u32,
}

/// Appends a receiver report of up to 31 blocks; a compound begins with one, with blocks or without.
pub fn write_receiver_report(out: &mut Vec<u8>, sender: u32, blocks: &[ReceptionBlock]) {
    let blocks = blocks.get(..31).unwrap_or(blocks);
    let count = blocks.len() as u8;
    out.extend_from_slice(&[0x80 | count, RECEIVER_REPORT, 0, 1 + 6 * count]);
    out.extend_from_slice(&sender.to_be_bytes());
    for block in blocks {
        let lost = (block.lost & 0x00FF_FFFF) as u32;
        let loss = u32::from(block.fraction_lost) << 24 | lost;
        for word in [
            block.ssrc,
            loss,
            block.highest,
            block.jitter,
            block.last_report,
            block.delay,
        ] {
            out.extend_from_slice(&word.to_be_bytes());
        }
    }
}

/// Appends our reference time (RFC 3611 section 4.4): a sender answers with an echo, which tells the round trip.
pub fn write_reference_time(out: &mut Vec<u8>, sender: u32, now: Ntp) {
    out.extend_from_slice(&[0x80, EXTENDED_REPORT, 0, 4]);
    out.extend_from_slice(&sender.to_be_bytes());
    out.extend_from_slice(&[REFERENCE_TIME, 0, 0, 2]);
    out.extend_from_slice(&now.0.to_be_bytes());
}

/// Appends one generic NACK (RFC 4585 section 6.2.1) for numbers in the order of the stream. Nothing for no numbers.
pub fn write_nack(out: &mut Vec<u8>, sender: u32, media: u32, missing: &[u16]) {
    let mut pairs: Vec<Missing> = Vec::new();
    for &seq in missing {
        if let Some(pair) = pairs.last_mut() {
            let behind = seq.wrapping_sub(pair.first);
            if (1..=16).contains(&behind) {
                pair.mask |= 1 << (behind - 1);
                continue;
            }
        }
        pairs.push(Missing {
            first: seq,
            mask: 0,
        });
    }
    if pairs.is_empty() {
        return;
    }
    out.extend_from_slice(&[0x80 | NACK, TRANSPORT_FEEDBACK]);
    out.extend_from_slice(&(2 + pairs.len() as u16).to_be_bytes());
    out.extend_from_slice(&sender.to_be_bytes());
    out.extend_from_slice(&media.to_be_bytes());
    for pair in pairs {
        out.extend_from_slice(&pair.first.to_be_bytes());
        out.extend_from_slice(&pair.mask.to_be_bytes());
    }
}

/// Appends a picture loss indication (RFC 4585 section 6.3.1) about `media`.
pub fn write_picture_loss(out: &mut Vec<u8>, sender: u32, media: u32) {
    out.extend_from_slice(&[0x80 | PLI, PAYLOAD_FEEDBACK, 0, 2]);
    out.extend_from_slice(&sender.to_be_bytes());
    out.extend_from_slice(&media.to_be_bytes());
}
