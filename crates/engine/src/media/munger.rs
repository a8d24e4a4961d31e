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

mod segment;
mod segments;
mod timeline;

pub use segment::{Origin, Rewrite};

use super::codec::Codec;
use super::codec::picture::PictureIds;
use super::dependency::{Active, Targets};
use super::frame::{Frame, Selection};
use super::packet::MediaPacket;
use super::rtp;
use super::selector::Selector;
use super::window::{Seen, SeenWindow};
use segment::Segment;
use segments::Segments;
use std::sync::Arc;
use std::time::Instant;
use timeline::Timeline;

/// A layer of a track: one publisher SSRC. Chosen by the caller, never used again for another stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LayerId(pub u64);

/// A jump in the publisher's numbers beyond this is a restart, not loss: nobody can fill such a hole.
const MAX_GAP: u64 = 1_000;
/// Packets in a row from behind the window that mean an ungated stream has started anew.
const STALE_RUN: u32 = 8;
/// See the module.
#[derive(Debug)]
pub struct Munger {
    timeline: Timeline,
    /// Begin only at key frames.
    gated: bool,
    wanted: Option<LayerId>,
    /// The newest segment is still open; its layer and the highest number met in it.
    running: Option<(LayerId, u64)>,
    segments: Segments,
    /// Highest number given out; before the first one, the one before it.
    highest: u64,
    given: SeenWindow<32>,
    /// Numbers that went out without a payload.
    blanks: SeenWindow<8>,
    selector: Selector,
    /// Decode targets of the layer that runs, where a dependency descriptor tells of them.
    targets: Option<Arc<Targets>>,
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
            timeline: Timeline::new(clock_rate),
            gated,
            wanted: None,
            running: None,
            segments: Segments::default(),
            // Never below 1, so that "one before" exists.
            highest: u64::from(first_seq.max(1)) - 1,
            given: SeenWindow::default(),
            blanks: SeenWindow::default(),
            selector: Selector::default(),
            targets: None,
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
        let open = self.segments.open();
        let segment = open.filter(|_| self.current() == Some(layer))?;
        Some(timestamp.wrapping_add(segment.timestamp_delta))
    }

    /// The packet's form for this subscriber; `None` when it is not to be sent: another layer, not selected, waiting for a key
    /// frame, padding only, a duplicate, too late.
    pub fn next(&mut self, layer: LayerId, packet: &MediaPacket, now: Instant) -> Option<Rewrite> {
        match self.running {
            Some((current, newest)) if current == layer => {
                if packet.targets.is_some() {
                    self.follow_targets(packet);
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
        let segment = self.segments.of_number(extended)?;
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

    /// Takes over which decode targets there are from a packet on.
    fn follow_targets(&mut self, packet: &MediaPacket) {
        let selection = self.selector.current();
        let (before, after) = (self.targets.as_deref(), packet.targets.as_deref());
        if let (Some(before), Some(after)) = (before, after)
            && !after.is_left_by(before, selection)
        {
            self.selector.expect_nothing();
        }
        self.targets.clone_from(&packet.targets);
    }

    fn in_order(&mut self, layer: LayerId, packet: &MediaPacket, now: Instant) -> Option<Rewrite> {
        self.stale = 0;
        self.running = Some((layer, packet.seq));
        if packet.payload.is_empty() {
            // Padding only: the numbers close over it, those still missing before it keep their places.
            self.segments.skip(packet.seq, PictureIds::default());
            return None;
        }
        let picture = packet.pictures.and_then(|fields| fields.ids.picture);
        let same_picture = picture.is_some() && picture == self.newest_picture;
        self.newest_picture = picture;
        if let Some(frame) = &packet.frame
            && !self.select(packet, frame)
        {
            if packet.marker {
                self.segments.end_picture(packet.seq, &self.given);
            }
            let counts = packet.codec == Codec::Vp8 && picture.is_some() && !same_picture;
            // VP8's receivers take a hole in the picture ids for a loss; those of VP9 need the true distances.
            let picture = counts.then_some(0x7FFF);
            self.segments.skip(
                packet.seq,
                PictureIds {
                    picture,
                    ..Default::default()
                },
            );
            return None;
        }
        let segment = *self.segments.open()?;
        self.give(&segment, packet, now, false)
    }

    /// Whether the newest packet goes out. A change of the selection, or of what it leaves, begins a segment with it.
    fn select(&mut self, packet: &MediaPacket, frame: &Frame) -> bool {
        let Some(segment) = self.segments.open() else {
            return false;
        };
        let timestamp = packet.timestamp.wrapping_add(segment.timestamp_delta);
        let new_picture = self.timeline.is_new(timestamp);
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
                ends_picture: false,
                ..*segment
            };
            self.segments.divide(next);
        }
        admitted
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
        let (segment, selection) = self.segments.holding(layer, packet)?;
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
            timestamp_delta: self.timeline.seam(packet, now),
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
            ends_picture: false,
        };
        self.segments.push(segment);
        self.running = Some((layer, packet.seq));
        self.stale = 0;
        self.give(&segment, packet, now, false)
    }

    /// Ends the open run at what was really given out, so that the next one follows without a hole.
    fn close(&mut self) {
        if self.running.is_none() {
            return;
        }
        self.segments.close(self.highest);
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
        if !blank && self.timeline.is_next(rewrite.seq) {
            self.note_last(packet, &rewrite, now);
        }
        Some(rewrite)
    }

    fn note_last(&mut self, packet: &MediaPacket, rewrite: &Rewrite, now: Instant) {
        self.timeline.note(packet, rewrite, now);
        if let Some(ids) = rewrite.pictures {
            self.pictures = self.pictures.updated(ids);
        }
        self.frame_number = rewrite.frame_number.or(self.frame_number);
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
