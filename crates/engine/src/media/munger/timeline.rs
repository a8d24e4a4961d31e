//! The timestamps of an outgoing stream, which go on over everything that it is made of.

use super::Rewrite;
use crate::media::ntp::{Aligned, ticks};
use crate::media::packet::MediaPacket;
use std::time::Instant;

/// Least distance of timestamps over a seam: a video frame at 30/s, an audio frame of 20 ms.
const SEAMS_PER_SECOND: u32 = 30;
/// The same where sender reports tell the true distance, which may be none: layers encode the same picture.
const TOLD_SEAMS_PER_SECOND: u32 = 1_000;
/// How far what sender reports tell may lie from the time that has passed, in seconds, to be believed.
const TOLD_TOLERANCE: u32 = 2;

/// The highest packet that went out with something in it.
#[derive(Debug, Clone, Copy)]
struct Last {
    seq: u64,
    timestamp: u32,
    at: Instant,
}

/// An outgoing timestamp, and the clock that shows 0 there.
#[derive(Debug, Clone, Copy)]
struct Zero {
    timestamp: u32,
    wall: u32,
}

impl Zero {
    fn of(aligned: Aligned, timestamp: u32) -> Zero {
        Zero {
            timestamp: timestamp.wrapping_sub(aligned.ticks),
            wall: aligned.wall,
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Timeline {
    /// Ticks per second.
    rate: u32,
    last: Option<Last>,
    /// Of a publisher's clock, as sender reports tell it.
    zero: Option<Zero>,
}

impl Timeline {
    /// Nothing has gone out.
    pub fn new(rate: u32) -> Timeline {
        Timeline {
            rate,
            last: None,
            zero: None,
        }
    }

    /// Whether nothing with this timestamp has gone out last.
    pub fn is_new(&self, timestamp: u32) -> bool {
        self.last.is_none_or(|last| last.timestamp != timestamp)
    }

    /// Whether the number is higher than all that went out with something in them.
    pub fn is_next(&self, seq: u64) -> bool {
        self.last.is_none_or(|last| seq > last.seq)
    }

    /// The highest packet so far goes out.
    pub fn note(&mut self, packet: &MediaPacket, rewrite: &Rewrite, now: Instant) {
        self.last = Some(Last {
            seq: rewrite.seq,
            timestamp: rewrite.timestamp,
            at: now,
        });
        // The first sender report may come after the run has begun.
        if self.zero.is_none() {
            self.zero = packet.aligned.map(|at| Zero::of(at, rewrite.timestamp));
        }
    }

    /// What timestamps of a run that begins with this packet are moved by: as far as from the last one as sender reports tell,
    /// else as time has passed; in any case onwards.
    pub fn seam(&mut self, packet: &MediaPacket, now: Instant) -> u32 {
        let Some(last) = self.last else {
            self.zero = packet.aligned.map(|at| Zero::of(at, packet.timestamp));
            return 0;
        };
        let elapsed = ticks(now.saturating_duration_since(last.at), self.rate);
        let told = self.told(packet, last, elapsed);
        let picture = self.rate / SEAMS_PER_SECOND;
        let least = (self.rate / TOLD_SEAMS_PER_SECOND) as i32;
        let step = match told {
            Some(told) => told.max(least) as u32,
            None => elapsed.max(picture),
        };
        let timestamp = last.timestamp.wrapping_add(step);
        // Another clock than before, if any; or pictures are shown again, and the clock stays ahead by them. Were it put back where the
        // next run begins, that one would seem to be late.
        if told.is_none_or(|told| told < -(picture as i32)) {
            self.zero = packet.aligned.map(|at| Zero::of(at, timestamp));
        }
        timestamp.wrapping_sub(packet.timestamp)
    }

    /// How far from the last timestamp the publisher's own clock shows the packet, when it is known and believable.
    fn told(&self, packet: &MediaPacket, last: Last, elapsed: u32) -> Option<i32> {
        let (aligned, zero) = (packet.aligned?, self.zero?);
        if aligned.wall != zero.wall {
            return None;
        }
        let told = aligned.ticks.wrapping_add(zero.timestamp);
        let step = told.wrapping_sub(last.timestamp) as i32;
        let off = step.wrapping_sub(elapsed as i32).unsigned_abs();
        (off <= TOLD_TOLERANCE * self.rate).then_some(step)
    }
}
