//! One unbroken stream out of many: what a subscriber sees of a track whose layers, publishers and pauses come and go.
//!
//! A subscription keeps one munger for as long as its m-line keeps its SSRC, which is as long as it shows the track. It numbers packets
//! onwards from whatever came before, keeps timestamps running with the clock, keeps VP8 picture ids counting, and can tell for
//! every number it gave out which packet of which layer that was.
//!
//! Invariants:
//! - A sequence number is given out at most once (what comes again is told by [`Munger::origin`] and goes out as RTX).
//! - A layer begins only at the start of a key frame, unless the stream is ungated (audio).
//! - Numbers are skipped only for packets that the publisher's stream still owes us; nothing that we drop leaves a hole.

use super::codec::vp8;
use super::ntp::ticks;
use super::packet::MediaPacket;
use super::rtp;
use super::window::{Seen, SeenWindow};
use std::collections::VecDeque;
use std::time::Instant;

/// A layer of a track: one publisher SSRC. Chosen by the caller, never used again for another stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LayerId(pub u64);

/// What changes of a packet for one subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rewrite {
    /// Extended sequence number; its upper part is the SRTP rollover counter.
    pub seq: u64,
    /// Timestamp.
    pub timestamp: u32,
    /// New ids for the VP8 payload descriptor.
    pub vp8: Option<vp8::PictureIds>,
}

/// Where a number that was given out came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The layer.
    pub layer: LayerId,
    /// Extended sequence number in the layer; look it up in the layer's store.
    pub in_seq: u64,
    seq: u64,
    timestamp_delta: u32,
    pictures: vp8::PictureIds,
}

impl Origin {
    /// The same rewriting that the packet got, or would have got, the first time.
    pub fn rewrite(&self, packet: &MediaPacket) -> Rewrite {
        Rewrite {
            seq: self.seq,
            timestamp: packet.timestamp.wrapping_add(self.timestamp_delta),
            vp8: packet
                .vp8
                .map(|descriptor| descriptor.ids.plus(self.pictures)),
        }
    }
}

/// Segments remembered. One is made for each switch, pause and dropped packet; a NACK older than all of them is not answered.
const MAX_SEGMENTS: usize = 64;
/// A jump in the publisher's numbers beyond this is a restart, not loss: nobody can fill such a hole.
const MAX_GAP: u64 = 1_000;
/// Packets in a row from behind the window that mean an ungated stream has started anew.
const STALE_RUN: u32 = 8;
/// Least distance of timestamps over a seam: a video frame at 30/s, an audio frame of 20 ms.
const SEAMS_PER_SECOND: u32 = 30;

/// A run of one layer's numbers that go out with one offset.
#[derive(Debug, Clone, Copy)]
struct Segment {
    layer: LayerId,
    /// First and last number of the layer in this run; the open run has no last one yet.
    first_in: u64,
    end_in: u64,
    /// Out = in + delta, wrapping.
    seq_delta: u64,
    timestamp_delta: u32,
    pictures: vp8::PictureIds,
}

impl Segment {
    fn out(&self, in_seq: u64) -> u64 {
        in_seq.wrapping_add(self.seq_delta)
    }
}

/// See the module.
#[derive(Debug)]
pub struct Munger {
    clock_rate: u32,
    /// Begin only at key frames.
    gated: bool,
    wanted: Option<LayerId>,
    /// The newest segment is still open; its layer and the highest number met in it.
    running: Option<(LayerId, u64)>,
    segments: VecDeque<Segment>,
    /// Highest number given out; before the first one, the one before it.
    highest: u64,
    given: SeenWindow<32>,
    /// Timestamp of the highest packet, and when it went.
    last: Option<(u32, Instant)>,
    pictures: vp8::PictureIds,
    stale: u32,
}

impl Munger {
    /// A new outgoing stream. `first_seq` should be random and below 2^15, so that the receiver cannot mistake the first rollover
    /// (RFC 3711 section 3.3.1). `gated` for video: layers begin only at key frames.
    pub fn new(first_seq: u16, clock_rate: u32, gated: bool) -> Munger {
        Munger {
            clock_rate,
            gated,
            wanted: None,
            running: None,
            segments: VecDeque::new(),
            // Never below 1, so that "one before" exists.
            highest: u64::from(first_seq.max(1)) - 1,
            given: SeenWindow::default(),
            last: None,
            pictures: vp8::PictureIds::default(),
            stale: 0,
        }
    }

    /// Asks for a layer. The one that runs goes on until the wanted one can begin.
    pub fn want(&mut self, layer: LayerId) {
        self.wanted = Some(layer);
    }

    /// Asks for a layer, or pauses.
    pub fn follow(&mut self, wanted: Option<LayerId>) {
        match wanted {
            Some(layer) => self.want(layer),
            None => self.pause(),
        }
    }

    /// The layer asked for.
    pub fn wanted(&self) -> Option<LayerId> {
        self.wanted
    }

    /// The layer whose packets go out now.
    pub fn current(&self) -> Option<LayerId> {
        self.running.map(|(layer, _)| layer)
    }

    /// Whether a key frame of the wanted layer is awaited.
    pub fn awaits_keyframe(&self) -> bool {
        self.gated && self.wanted.is_some() && self.wanted != self.current()
    }

    /// The highest sequence number given out, if any was.
    pub fn highest(&self) -> Option<u64> {
        self.given.highest()
    }

    /// Stops the stream: muted or disabled, or the track has gone. What comes next begins anew (at a key frame) and continues the numbers.
    pub fn pause(&mut self) {
        self.close();
        self.running = None;
        self.wanted = None;
    }

    /// A timestamp of a layer (of its sender report) on the outgoing stream. `None` when the layer does not run.
    pub fn map_timestamp(&self, layer: LayerId, timestamp: u32) -> Option<u32> {
        let segment = self
            .segments
            .back()
            .filter(|_| self.current() == Some(layer))?;
        Some(timestamp.wrapping_add(segment.timestamp_delta))
    }

    /// The packet's form for this subscriber; `None` when it is not to be sent: another layer, waiting for a key frame, padding
    /// only, a duplicate, too late.
    pub fn next(&mut self, layer: LayerId, packet: &MediaPacket, now: Instant) -> Option<Rewrite> {
        match self.running {
            Some((current, newest)) if current == layer => {
                if packet.seq <= newest {
                    return self.late(layer, packet, newest, now);
                }
                if packet.seq - newest > MAX_GAP {
                    let begun = self.begin(layer, packet, now);
                    if begun.is_none() && self.gated && !packet.payload.is_empty() {
                        // What runs cannot go on, and the caller shall know that a key frame is awaited.
                        self.close();
                        self.running = None;
                    }
                    return begun;
                }
                self.in_order(layer, packet, now)
            }
            _ if self.wanted == Some(layer) => {
                if let Some(given) = self.fill(layer, packet, now) {
                    return Some(given);
                }
                self.begin(layer, packet, now)
            }
            // A layer that was left: what it still owed may come late.
            _ => self.fill(layer, packet, now),
        }
    }

    /// The packet that went out, or should have gone out, under a 16-bit number: the newest one with it.
    pub fn origin(&self, seq: u16) -> Option<Origin> {
        let highest = self.given.highest()?;
        let extended = rtp::extend(Some(highest), seq);
        let extended = if extended > highest {
            extended.checked_sub(1 << 16)?
        } else {
            extended
        };
        let segment = self
            .segments
            .iter()
            .rev()
            .find(|segment| segment.out(segment.first_in) <= extended)?;
        let in_seq = extended.wrapping_sub(segment.seq_delta);
        (in_seq <= segment.end_in).then_some(Origin {
            layer: segment.layer,
            in_seq,
            seq: extended,
            timestamp_delta: segment.timestamp_delta,
            pictures: segment.pictures,
        })
    }

    fn in_order(&mut self, layer: LayerId, packet: &MediaPacket, now: Instant) -> Option<Rewrite> {
        self.stale = 0;
        self.running = Some((layer, packet.seq));
        let segment = self.segments.back_mut()?;
        if packet.payload.is_empty() {
            // Padding only: the numbers close over it, those still missing before it keep their places.
            let next = Segment {
                first_in: packet.seq + 1,
                end_in: u64::MAX,
                seq_delta: segment.seq_delta.wrapping_sub(1),
                ..*segment
            };
            if segment.first_in == packet.seq {
                *segment = next;
            } else {
                segment.end_in = packet.seq - 1;
                self.push(next);
            }
            return None;
        }
        let segment = *segment;
        self.give(&segment, packet, now)
    }

    /// A packet of the running layer from below its newest one.
    fn late(
        &mut self,
        layer: LayerId,
        packet: &MediaPacket,
        newest: u64,
        now: Instant,
    ) -> Option<Rewrite> {
        if newest - packet.seq > MAX_GAP {
            self.stale += 1;
            if self.gated || self.stale >= STALE_RUN {
                return self.begin(layer, packet, now);
            }
            return None;
        }
        self.fill(layer, packet, now)
    }

    /// Gives a late packet the number that was kept for it.
    fn fill(&mut self, layer: LayerId, packet: &MediaPacket, now: Instant) -> Option<Rewrite> {
        let holds = |segment: &&Segment| {
            segment.layer == layer && (segment.first_in..=segment.end_in).contains(&packet.seq)
        };
        let segment = *self.segments.iter().rev().find(holds)?;
        self.give(&segment, packet, now)
    }

    /// Starts a run with this packet if it may.
    fn begin(&mut self, layer: LayerId, packet: &MediaPacket, now: Instant) -> Option<Rewrite> {
        if packet.payload.is_empty() || self.gated && !packet.keyframe_start {
            return None;
        }
        self.close();
        let timestamp_delta = match self.last {
            None => 0,
            Some((timestamp, at)) => {
                let step = ticks(now.saturating_duration_since(at), self.clock_rate)
                    .max(self.clock_rate / SEAMS_PER_SECOND);
                timestamp.wrapping_add(step).wrapping_sub(packet.timestamp)
            }
        };
        let pictures = packet
            .vp8
            .map(|descriptor| self.pictures.step_from(descriptor.ids))
            .unwrap_or_default();
        let segment = Segment {
            layer,
            first_in: packet.seq,
            end_in: u64::MAX,
            seq_delta: (self.highest + 1).wrapping_sub(packet.seq),
            timestamp_delta,
            pictures,
        };
        self.push(segment);
        self.running = Some((layer, packet.seq));
        self.stale = 0;
        self.give(&segment, packet, now)
    }

    /// Ends the open run at what was really given out, so that the next one follows without a hole.
    fn close(&mut self) {
        if self.running.is_none() {
            return;
        }
        while let Some(segment) = self.segments.back_mut() {
            if segment.out(segment.first_in) > self.highest {
                self.segments.pop_back();
                continue;
            }
            segment.end_in = segment
                .end_in
                .min(self.highest.wrapping_sub(segment.seq_delta));
            break;
        }
    }

    fn push(&mut self, segment: Segment) {
        if self.segments.len() == MAX_SEGMENTS {
            self.segments.pop_front();
        }
        self.segments.push_back(segment);
    }

    fn give(&mut self, segment: &Segment, packet: &MediaPacket, now: Instant) -> Option<Rewrite> {
        let seq = segment.out(packet.seq);
        if self.given.mark(seq) != Seen::New {
            return None;
        }
        let timestamp = packet.timestamp.wrapping_add(segment.timestamp_delta);
        let vp8 = packet
            .vp8
            .map(|descriptor| descriptor.ids.plus(segment.pictures));
        // A late packet can be the highest too: when only padding came after it.
        if seq > self.highest {
            self.highest = seq;
            self.last = Some((timestamp, now));
            if let Some(ids) = vp8 {
                self.pictures = self.pictures.updated(ids);
            }
        }
        Some(Rewrite {
            seq,
            timestamp,
            vp8,
        })
    }
}

#[cfg(test)]
mod tests;
