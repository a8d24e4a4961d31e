//! RTCP (RFC 3550 section 6, RFC 4585, RFC 5104): what subscribers tell us, and what we tell them.

use super::bytes::{be16, be32, be64};
use super::ingest::round_trip;
use super::ntp::Ntp;
use std::time::Duration;

#[cfg(test)]
mod tests;
mod write;

pub use write::{
    ReceptionBlock, SenderInfo, write_goodbye, write_nack, write_picture_loss,
    write_receiver_report, write_reference_time, write_sender_report,
};

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;
const EXTENDED_REPORT: u8 = 207;
const REFERENCE_TIME: u8 = 4;
const REFERENCE_ECHO: u8 = 5;
const NACK: u8 = 1;
const TRANSPORT_WIDE: u8 = 15;
const PLI: u8 = 1;
const FIR: u8 = 4;
const APPLICATION: u8 = 15;
/// Findings of one compound packet; a full datagram of NACKs has fewer than 400.
const MAX_FINDINGS: usize = 512;

/// One thing that a compound packet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feedback {
    /// PLI or FIR for one of our streams.
    KeyframeRequest {
        /// Our stream.
        ssrc: u32,
    },
    /// Up to 17 missing packets.
    Nack {
        /// Our stream.
        ssrc: u32,
        /// Which ones.
        missing: Missing,
    },
    /// The receiver's estimate of what the path to it carries (REMB).
    Remb {
        /// Bits per second.
        bitrate: u64,
    },
    /// Which packets of the transport arrived and when: what [`super::twcc::Report`] reads.
    Arrivals {
        /// Where it begins in the compound packet.
        start: usize,
        /// Bytes of it.
        len: usize,
    },
    /// How one of our streams arrives (block of a sender or receiver report).
    Reception(Reception),
    /// A sender's clock.
    SenderReport {
        /// The sender's stream.
        ssrc: u32,
        /// Its wall clock.
        ntp: Ntp,
        /// The same moment as a timestamp of the stream.
        rtp: u32,
    },
    /// Our reference time, echoed (RFC 3611 section 4.5).
    ReferenceEcho {
        /// The middle of our clock when we told it.
        last: u32,
        /// How long the other side kept it, in 1/65536 s.
        delay: u32,
    },
    /// The end of a stream.
    Goodbye {
        /// The stream.
        ssrc: u32,
    },
}

/// A generic NACK's pair: a sequence number and a mask of the 16 that follow it (RFC 4585 section 6.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    first: u16,
    mask: u16,
}

impl Missing {
    /// The missing sequence numbers in order.
    pub fn seqs(self) -> impl Iterator<Item = u16> {
        let following = (0..16)
            .filter(move |bit| self.mask >> bit & 1 == 1)
            .map(move |bit| self.first.wrapping_add(bit + 1));
        std::iter::once(self.first).chain(following)
    }
}

/// A report block (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reception {
    /// The stream reported on.
    pub ssrc: u32,
    /// Share lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Lost since the beginning; may be negative.
    pub lost: i32,
    /// Highest sequence number received, extended.
    pub highest: u32,
    /// Interarrival jitter in ticks.
    pub jitter: u32,
    last_report: u32,
    delay: u32,
}

impl Reception {
    /// Round trip time, given the middle 32 bits of the NTP clock that our sender reports carry (RFC 3550 section 6.4.1). `None` before the receiver
    /// has seen a report, and for values that cannot be.
    pub fn round_trip(&self, now_middle: u32) -> Option<Duration> {
        round_trip(now_middle, self.last_report, self.delay)
    }
}

/// Reads a compound packet in the clear. Findings are appended to `out`; parts that are not known or malformed are passed over, and
/// reading stops where the lengths stop making sense. Returns whether everything made sense.
pub fn parse(compound: &[u8], out: &mut Vec<Feedback>) -> bool {
    let mut rest = compound;
    let limit = out.len() + MAX_FINDINGS;
    while !rest.is_empty() {
        let Some((part, tail)) = split_part(rest) else {
            return false;
        };
        let start = compound.len() - rest.len() + 4;
        if part_findings(part, start, out, limit).is_none() {
            return false;
        }
        rest = tail;
    }
    true
}

/// One packet of a compound.
struct Part<'a> {
    /// Report count or feedback message type.
    count: u8,
    kind: u8,
    /// Everything behind the first four bytes, without padding.
    body: &'a [u8],
}

fn split_part(bytes: &[u8]) -> Option<(Part<'_>, &[u8])> {
    let (&first, &kind) = (bytes.first()?, bytes.get(1)?);
    let length = 4 * (1 + usize::from(be16(bytes, 2)?));
    let (part, tail) = bytes.split_at_checked(length)?;
    let mut body = part.get(4..)?;
    if first >> 6 != 2 {
        return None;
    }
    if first & 0x20 != 0 {
        let padding = usize::from(*body.last()?);
        body = body.get(..body.len().checked_sub(padding)?)?;
    }
    Some((
        Part {
            count: first & 0x1F,
            kind,
            body,
        },
        tail,
    ))
}

/// `start` is where the part's body begins in the compound.
fn part_findings(part: Part, start: usize, out: &mut Vec<Feedback>, limit: usize) -> Option<()> {
    let Part { count, kind, body } = part;
    let mut add = |finding| {
        if out.len() < limit {
            out.push(finding);
        }
    };
    match (kind, count) {
        (SENDER_REPORT, _) => {
            add(Feedback::SenderReport {
                ssrc: be32(body, 0)?,
                ntp: Ntp(be64(body, 4)?),
                rtp: be32(body, 12)?,
            });
            report_blocks(body.get(24..)?, count).for_each(|block| add(Feedback::Reception(block)));
        }
        (RECEIVER_REPORT, _) => {
            report_blocks(body.get(4..)?, count).for_each(|block| add(Feedback::Reception(block)))
        }
        (GOODBYE, _) => body.chunks_exact(4).take(count.into()).for_each(|ssrc| {
            if let Some(ssrc) = be32(ssrc, 0) {
                add(Feedback::Goodbye { ssrc });
            }
        }),
        (TRANSPORT_FEEDBACK, NACK) => {
            let ssrc = be32(body, 4)?;
            for pair in body.get(8..)?.chunks_exact(4) {
                add(Feedback::Nack {
                    ssrc,
                    missing: Missing {
                        first: be16(pair, 0)?,
                        mask: be16(pair, 2)?,
                    },
                });
            }
        }
        (TRANSPORT_FEEDBACK, TRANSPORT_WIDE) => {
            let len = body.len();
            add(Feedback::Arrivals { start, len });
        }
        (PAYLOAD_FEEDBACK, PLI) => add(Feedback::KeyframeRequest {
            ssrc: be32(body, 4)?,
        }),
        (PAYLOAD_FEEDBACK, FIR) => {
            for entry in body.get(8..)?.chunks_exact(8) {
                add(Feedback::KeyframeRequest {
                    ssrc: be32(entry, 0)?,
                });
            }
        }
        (PAYLOAD_FEEDBACK, APPLICATION) if body.get(8..12)? == b"REMB" => {
            // draft-alvestrand-rmcat-remb-03: count(8) exponent(6) mantissa(18).
            let word = be32(body, 12)?;
            let (exponent, mantissa) = (word >> 18 & 0x3F, u64::from(word & 0x3_FFFF));
            let bitrate = mantissa
                .checked_shl(exponent)
                .filter(|rate| rate >> exponent == mantissa)
                .unwrap_or(u64::MAX);
            add_estimate(bitrate, out, limit);
        }
        (EXTENDED_REPORT, _) => echoes(body.get(4..)?).for_each(add),
        _ => {}
    }
    Some(())
}

/// Of several estimates in one compound only the newest counts: each could have everything that goes to the client given out anew.
fn add_estimate(bitrate: u64, out: &mut Vec<Feedback>, limit: usize) {
    let room = out.len() < limit;
    let own = out.iter_mut().skip(limit.saturating_sub(MAX_FINDINGS));
    let before = own.filter(|finding| matches!(finding, Feedback::Remb { .. }));
    match before.last() {
        Some(before) => *before = Feedback::Remb { bitrate },
        None if room => out.push(Feedback::Remb { bitrate }),
        None => {}
    }
}

/// The echoes of our reference times in an extended report's blocks.
fn echoes(mut blocks: &[u8]) -> impl Iterator<Item = Feedback> {
    let mut found = Vec::new();
    while let (Some(&kind), Some(words)) = (blocks.first(), be16(blocks, 2)) {
        let length = 4 * usize::from(words);
        let Some(body) = blocks.get(4..4 + length) else {
            break;
        };
        if kind == REFERENCE_ECHO {
            found.extend(body.chunks_exact(12).filter_map(|item| {
                Some(Feedback::ReferenceEcho {
                    last: be32(item, 4)?,
                    delay: be32(item, 8)?,
                })
            }));
        }
        blocks = blocks.get(4 + length..).unwrap_or_default();
    }
    found.into_iter()
}

fn report_blocks(bytes: &[u8], count: u8) -> impl Iterator<Item = Reception> {
    bytes
        .chunks_exact(24)
        .take(count.into())
        .filter_map(|block| {
            let loss = be32(block, 4)?;
            Some(Reception {
                ssrc: be32(block, 0)?,
                fraction_lost: (loss >> 24) as u8,
                lost: (loss << 8) as i32 >> 8,
                highest: be32(block, 8)?,
                jitter: be32(block, 12)?,
                last_report: be32(block, 16)?,
                delay: be32(block, 20)?,
            })
        })
}
