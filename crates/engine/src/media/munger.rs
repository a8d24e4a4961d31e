//! One unbroken stream out of many: what a subscriber sees of a track whose layers, publishers and pauses come and go.
//!
//! A subscription keeps one munger for as long as its m-line keeps its SSRC, which is as long as it shows the track. It numbers packets
//! onwards from whatever came before, keeps timestamps running with the clock, keeps picture ids and frame numbers counting, and can tell
//! for every number it gave out which packet of which layer that was.
//!
//! Invariants:
//! - A sequence number is given out at most once (what comes again is told by [`Munger::origin`] and goes out as RTX).
//! - A layer begins only at the start of a key frame, unless the stream is ungated (audio).
//! - Numbers are skipped only for packets that the publisher's stream still owes us; nothing that we drop leaves a hole. Where such a
//!   packet comes late and turns out to be one that we drop, its number goes out without a payload.

use super::codec::Codec;
use super::codec::picture::PictureIds;
use super::dependency::{Active, Targets};
use super::frame::{Frame, Selection};
use super::ntp::{Aligned, ticks};
use super::packet::MediaPacket;
use super::rtp;
use super::selector::{Lacking, Selector};
use super::window::{Seen, SeenWindow};
use std::collections::VecDeque;
use std::sync::Arc;
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
    /// Marker bit.
    pub marker: bool,
    /// The payload and what describes it stay away: the packet only takes its number.
    pub blank: bool,
    /// New counters for the payload descriptor of VP8 or VP9.
    pub pictures: Option<PictureIds>,
    /// New frame number for the dependency descriptor.
    pub frame_number: Option<u16>,
    /// The decode targets that it is to tell.
    pub active: Option<Active>,
}

/// Where a number that was given out came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The layer.
    pub layer: LayerId,
    /// Extended sequence number in the layer; look it up in the layer's store.
    pub in_seq: u64,
    segment: Segment,
    /// The number went out.
    given: bool,
    /// It went out without its packet.
    blank: bool,
}

impl Origin {
    /// The same rewriting that the packet got, or would have got, the first time.
    pub fn rewrite(&self, packet: &MediaPacket) -> Rewrite {
        let unselected = |frame: Frame| !frame.part_of.has(self.segment.selection);
        let skipped = !self.given && packet.frame.is_some_and(unselected);
        self.segment.rewrite(packet, self.blank || skipped)
    }
}

/// Segments remembered. One is made for each switch, pause and run of dropped packets; a NACK older than all of them is not answered.
/// With all but the lowest layer dropped this is more than two seconds.
const MAX_SEGMENTS: usize = 128;
/// A jump in the publisher's numbers beyond this is a restart, not loss: nobody can fill such a hole.
const MAX_GAP: u64 = 1_000;
/// Packets in a row from behind the window that mean an ungated stream has started anew.
const STALE_RUN: u32 = 8;
/// Least distance of timestamps over a seam: a video frame at 30/s, an audio frame of 20 ms.
const SEAMS_PER_SECOND: u32 = 30;
/// The same where sender reports tell the true distance, which may be none: layers encode the same picture.
const TOLD_SEAMS_PER_SECOND: u32 = 1_000;
/// How far what sender reports tell may lie from the time that has passed, in seconds, to be believed.
const TOLD_TOLERANCE: u32 = 2;

/// A run of one layer's numbers that go out with one offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    layer: LayerId,
    /// First and last number of the layer in this run; the open run has no last one yet.
    first_in: u64,
    end_in: u64,
    /// Out = in + delta, wrapping.
    seq_delta: u64,
    timestamp_delta: u32,
    pictures: PictureIds,
    frame_delta: u16,
    /// What of the layer went out in this run.
    selection: Selection,
    /// What frames of it had to do without.
    lacking: Lacking,
    /// The decode targets that are left by that, where they are to be told.
    active: Option<Active>,
    /// Timestamp, as it came, of the picture from which on that is so.
    since: u32,
}

impl Segment {
    fn out(&self, in_seq: u64) -> u64 {
        in_seq.wrapping_add(self.seq_delta)
    }

    fn rewrite(&self, packet: &MediaPacket, blank: bool) -> Rewrite {
        // Of a picture whose upper layers are dropped, the highest one that goes out is the last.
        let last = packet
            .frame
            .is_some_and(|frame| frame.ends && frame.top_of.has(self.selection));
        let number = packet.frame_number();
        Rewrite {
            seq: self.out(packet.seq),
            timestamp: packet.timestamp.wrapping_add(self.timestamp_delta),
            marker: !blank && (packet.marker || last),
            blank,
            pictures: packet.pictures.map(|fields| fields.ids.plus(self.pictures)),
            frame_number: number.map(|number| number.wrapping_add(self.frame_delta)),
            // Never in the terms of another structure.
            active: self.active.filter(|active| {
                packet
                    .active
                    .is_some_and(|place| place.count == active.count)
            }),
        }
    }
}

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
    /// Numbers that went out without a payload.
    blanks: SeenWindow<8>,
    selector: Selector,
    /// Decode targets of the layer that runs, where a dependency descriptor tells of them.
    targets: Option<Arc<Targets>>,
    /// Of the highest packet.
    last: Option<Last>,
    /// The outgoing timestamp of time 0 on a publisher's clock, as sender reports tell it.
    zero: Option<Zero>,
    pictures: PictureIds,
    frame_number: Option<u16>,
    /// Picture id, as it came, of the newest packet of the run.
    newest_picture: Option<u16>,
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
            blanks: SeenWindow::default(),
            selector: Selector::default(),
            targets: None,
            last: None,
            zero: None,
            pictures: PictureIds::default(),
            frame_number: None,
            newest_picture: None,
            stale: 0,
        }
    }

    /// Asks for a layer, and what of it. The one that runs goes on until the wanted one can begin.
    pub fn want(&mut self, layer: LayerId, selection: Selection) {
        self.wanted = Some(layer);
        self.selector.aim(selection);
    }

    /// Asks for a layer and what of it, or pauses.
    pub fn follow(&mut self, wanted: Option<(LayerId, Selection)>) {
        match wanted {
            Some((layer, selection)) => self.want(layer, selection),
            None => self.pause(),
        }
    }

    /// The layer asked for.
    pub fn wanted(&self) -> Option<LayerId> {
        self.wanted
    }

    /// The layer asked for and what of it.
    pub fn target(&self) -> Option<(LayerId, Selection)> {
        Some((self.wanted?, self.selector.target()))
    }

    /// The layer whose packets go out now.
    pub fn current(&self) -> Option<LayerId> {
        self.running.map(|(layer, _)| layer)
    }

    /// Whether a key frame of the wanted layer is awaited.
    pub fn awaits_keyframe(&self) -> bool {
        let behind = self.wanted != self.current() || self.selector.awaits_keyframe();
        self.gated && self.wanted.is_some() && behind
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

    /// The packet's form for this subscriber; `None` when it is not to be sent: another layer, not selected, waiting for a key
    /// frame, padding only, a duplicate, too late.
    pub fn next(&mut self, layer: LayerId, packet: &MediaPacket, now: Instant) -> Option<Rewrite> {
        match self.running {
            Some((current, newest)) if current == layer => {
                if packet.targets.is_some() {
                    self.targets.clone_from(&packet.targets);
                }
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
        let blank = self.blanks.look(extended);
        if in_seq > segment.end_in || blank == Seen::TooOld {
            return None;
        }
        Some(Origin {
            layer: segment.layer,
            in_seq,
            segment: *segment,
            given: self.given.look(extended) != Seen::New,
            blank: blank == Seen::Repeated,
        })
    }

    fn in_order(&mut self, layer: LayerId, packet: &MediaPacket, now: Instant) -> Option<Rewrite> {
        self.stale = 0;
        self.running = Some((layer, packet.seq));
        if packet.payload.is_empty() {
            // Padding only: the numbers close over it, those still missing before it keep their places.
            self.skip(packet.seq, PictureIds::default());
            return None;
        }
        let picture = packet.pictures.and_then(|fields| fields.ids.picture);
        let same_picture = picture.is_some() && picture == self.newest_picture;
        self.newest_picture = picture;
        if let Some(frame) = &packet.frame
            && !self.select(packet, frame)
        {
            let counts = packet.codec == Codec::Vp8 && picture.is_some() && !same_picture;
            // VP8's receivers take a hole in the picture ids for a loss; those of VP9 need the true distances.
            let picture = counts.then_some(0x7FFF);
            self.skip(
                packet.seq,
                PictureIds {
                    picture,
                    ..Default::default()
                },
            );
            return None;
        }
        let segment = *self.segments.back()?;
        self.give(&segment, packet, now, false)
    }

    /// Whether the newest packet goes out. A change of the selection, or of what it leaves, begins a segment with it.
    fn select(&mut self, packet: &MediaPacket, frame: &Frame) -> bool {
        let Some(segment) = self.segments.back_mut() else {
            return false;
        };
        let timestamp = packet.timestamp.wrapping_add(segment.timestamp_delta);
        let new_picture = self.last.is_none_or(|last| last.timestamp != timestamp);
        let admitted = self
            .selector
            .admit(frame, packet.keyframe_start, new_picture);
        let selection = self.selector.current();
        let lacking = self.selector.lacking();
        // A key frame begins with all targets, or tells which.
        let anew = packet.keyframe_start && packet.targets.is_some();
        let before = segment.active.filter(|_| !anew);
        let active = left(self.targets.as_deref(), selection, before);
        let before = (segment.selection, segment.active, segment.lacking);
        if before != (selection, active, lacking) {
            let next = Segment {
                first_in: packet.seq,
                active,
                since: match segment.selection == selection {
                    true => segment.since,
                    false => packet.timestamp,
                },
                selection,
                lacking,
                ..*segment
            };
            self.divide(next);
        }
        admitted
    }

    /// Closes the numbers of the open segment over a packet that does not go out, and moves the picture ids of what follows.
    fn skip(&mut self, seq: u64, pictures: PictureIds) {
        let Some(segment) = self.segments.back() else {
            return;
        };
        let next = Segment {
            first_in: seq + 1,
            seq_delta: segment.seq_delta.wrapping_sub(1),
            pictures: segment.pictures.moved(pictures),
            ..*segment
        };
        // What came before the packet that is skipped ends before it.
        if let Some(segment) = self.segments.back_mut() {
            segment.end_in = seq.wrapping_sub(1);
            if segment.first_in == seq {
                *segment = next;
                return;
            }
        }
        self.push(next);
    }

    /// Goes on with another segment from its first packet on.
    fn divide(&mut self, next: Segment) {
        match self.segments.back_mut() {
            Some(segment) if segment.first_in == next.first_in => *segment = next,
            Some(segment) => {
                segment.end_in = next.first_in.wrapping_sub(1);
                self.push(next);
            }
            None => self.push(next),
        }
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
        // What came before it of the same picture may have been the first to go by another selection: then it goes by that too.
        let same_picture = |s: &&Segment| s.layer == layer && s.since == packet.timestamp;
        let later = self.segments.iter().rev();
        let later = later
            .take_while(|s| s.first_in > packet.seq)
            .find(same_picture);
        let selection = later.unwrap_or(&segment).selection;
        let admitted = match &packet.frame {
            Some(frame) if self.current() == Some(layer) => {
                let lacking = segment.lacking;
                self.selector.admit_late(frame, selection, lacking)
            }
            Some(frame) => frame.part_of.has(selection),
            None => true,
        };
        self.give(&segment, packet, now, !admitted)
    }

    /// Starts a run with this packet if it may.
    fn begin(&mut self, layer: LayerId, packet: &MediaPacket, now: Instant) -> Option<Rewrite> {
        if packet.payload.is_empty() || self.gated && !packet.keyframe_start {
            return None;
        }
        self.close();
        self.selector.begin(packet.frame.as_ref());
        self.targets = packet.targets.clone();
        self.newest_picture = packet.pictures.and_then(|fields| fields.ids.picture);
        let segment = Segment {
            layer,
            first_in: packet.seq,
            end_in: u64::MAX,
            seq_delta: (self.highest + 1).wrapping_sub(packet.seq),
            timestamp_delta: self.seam(packet, now),
            pictures: packet
                .pictures
                .map(|fields| self.pictures.step_from(fields.ids))
                .unwrap_or_default(),
            frame_delta: match (self.frame_number, packet.frame_number()) {
                (Some(last), Some(first)) => last.wrapping_add(1).wrapping_sub(first),
                _ => 0,
            },
            selection: self.selector.current(),
            lacking: self.selector.lacking(),
            active: left(self.targets.as_deref(), self.selector.current(), None),
            since: packet.timestamp,
        };
        self.push(segment);
        self.running = Some((layer, packet.seq));
        self.stale = 0;
        self.give(&segment, packet, now, false)
    }

    /// What timestamps of a run that begins with this packet are moved by: as far as from the last one as sender reports tell,
    /// else as time has passed; in any case onwards.
    fn seam(&mut self, packet: &MediaPacket, now: Instant) -> u32 {
        let Some(last) = self.last else {
            self.zero = packet.aligned.map(|at| Zero::of(at, packet.timestamp));
            return 0;
        };
        let elapsed = ticks(now.saturating_duration_since(last.at), self.clock_rate);
        let told = self.told(packet, last, elapsed);
        let picture = self.clock_rate / SEAMS_PER_SECOND;
        let least = (self.clock_rate / TOLD_SEAMS_PER_SECOND) as i32;
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
        (off <= TOLD_TOLERANCE * self.clock_rate).then_some(step)
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

    fn give(
        &mut self,
        segment: &Segment,
        packet: &MediaPacket,
        now: Instant,
        blank: bool,
    ) -> Option<Rewrite> {
        let rewrite = segment.rewrite(packet, blank);
        if self.given.mark(rewrite.seq) != Seen::New {
            return None;
        }
        if blank {
            self.blanks.mark(rewrite.seq);
        }
        // A late packet can be the highest too: when only padding, or numbers without anything, came after it.
        self.highest = self.highest.max(rewrite.seq);
        if !blank && self.last.is_none_or(|last| rewrite.seq > last.seq) {
            self.note_last(packet, &rewrite, now);
        }
        Some(rewrite)
    }

    fn note_last(&mut self, packet: &MediaPacket, rewrite: &Rewrite, now: Instant) {
        self.last = Some(Last {
            seq: rewrite.seq,
            timestamp: rewrite.timestamp,
            at: now,
        });
        if let Some(ids) = rewrite.pictures {
            self.pictures = self.pictures.updated(ids);
        }
        self.frame_number = rewrite.frame_number.or(self.frame_number);
        // The first sender report may come after the run has begun.
        if self.zero.is_none() {
            self.zero = packet.aligned.map(|at| Zero::of(at, rewrite.timestamp));
        }
    }
}

/// The decode targets that are to be told: when some are left out, and from then on.
fn left(targets: Option<&Targets>, selection: Selection, before: Option<Active>) -> Option<Active> {
    let targets = targets?;
    match before {
        Some(_) => Some(targets.left(selection)),
        None => targets.restricted(selection),
    }
}

#[cfg(test)]
mod layer_tests;
#[cfg(test)]
mod tests;
