//! Which frames of one stream a subscriber gets: those of its selection, as far as it can decode them.
//!
//! Going down happens at once wherever what goes out already is what the lower selection needs; going up in temporal layers waits for a
//! frame that opens them; everything else waits for a key frame. No frame goes out that refers to one that was held back.

use super::frame::{Frame, Selection};
use super::window::{Seen, SeenWindow};

/// Frames whose fate is remembered: more than two seconds of three spatial layers.
type Window = SeenWindow<4>;

/// Spatial layers of which frames without numbers were held back since the key frame: a frame without a number may refer to any of its
/// layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lacking {
    /// The layers, as bits.
    layers: u8,
    /// Counts the frames that refer to no earlier ones: what comes late from before one of them is missed by nobody.
    round: u8,
}

impl Lacking {
    fn note(&mut self, frame: &Frame) {
        self.layers |= 1 << frame.spatial;
    }

    /// The frame and those above it, which may refer to it.
    fn note_from(&mut self, frame: &Frame) {
        self.layers |= u8::MAX << frame.spatial;
    }

    fn begin_anew(&mut self, frame: &Frame) {
        self.layers &= !(1 << frame.spatial);
        self.round = self.round.wrapping_add(u8::from(frame.begins));
    }

    /// Whether no layer above the frame's that a selection has can be shown: then its picture ends with the frame.
    pub fn ends_at(self, frame: &Frame, selection: Selection) -> bool {
        let top = selection.spatial.min(frame.highest);
        let mut above = frame.spatial + 1..=top;
        frame.spatial < top && above.all(|spatial| self.layers >> spatial & 1 != 0)
    }

    /// Whether all that the frame may refer to went out.
    fn spares(self, frame: &Frame) -> bool {
        frame.anew || self.layers >> frame.spatial & 1 == 0
    }
}

/// See the module.
#[derive(Debug)]
pub struct Selector {
    target: Selection,
    current: Selection,
    /// Numbers of frames that have been decided on, and of those that were held back.
    met: Window,
    held: Window,
    /// Number of the first frame of the run.
    first: u64,
    /// Number of the newest key frame, as far as frames have numbers.
    key: u64,
    lacking: Lacking,
    /// Highest spatial layer of the run.
    highest: u8,
    /// A key frame is needed to reach the target, or to go on at all.
    blocked: bool,
    /// A frame that was needed was held back, or others go out than before: what is missing may never come.
    broken: bool,
}

impl Default for Selector {
    fn default() -> Self {
        Selector {
            target: Selection::ALL,
            current: Selection::ALL,
            met: Window::default(),
            held: Window::default(),
            first: 0,
            key: 0,
            lacking: Lacking::default(),
            highest: 0,
            blocked: false,
            broken: false,
        }
    }
}

impl Selector {
    /// Sets what is to be reached.
    pub fn aim(&mut self, target: Selection) {
        if self.target != target {
            self.target = target;
            self.blocked = self.current.spatial < self.highest.min(target.spatial);
        }
    }

    /// What is to be reached.
    pub fn target(&self) -> Selection {
        self.target
    }

    /// What goes out now.
    pub fn current(&self) -> Selection {
        self.current
    }

    /// Whether a key frame is needed.
    pub fn awaits_keyframe(&self) -> bool {
        self.blocked
    }

    /// From the next frame on others go out than before. What these refer to may rightly have been left out, so nothing that is missing is
    /// hoped for up to the next key frame.
    pub fn expect_nothing(&mut self) {
        self.broken = true;
    }

    /// A run begins with a key frame.
    pub fn begin(&mut self, frame: Option<&Frame>) {
        let first = frame.and_then(|frame| frame.number).unwrap_or(0);
        *self = Selector {
            target: self.target,
            current: self.target,
            first,
            key: first,
            ..Selector::default()
        };
        if let Some(number) = frame.and_then(|frame| frame.number) {
            self.met.mark(number);
        }
    }

    /// Whether a packet goes out that is newer than all before. `keyframe`: it begins one. `new_picture`: nothing of its picture
    /// has gone out.
    pub fn admit(&mut self, frame: &Frame, keyframe: bool, new_picture: bool) -> bool {
        if let Some(number) = frame.number
            && self.met.look(number) != Seen::New
        {
            return self.held.look(number) != Seen::Repeated;
        }
        if frame.anew {
            self.lacking.begin_anew(frame);
        }
        if frame.begins {
            self.highest = self.highest.max(frame.spatial);
            self.adjust(frame, keyframe, new_picture);
        }
        self.decide(frame, self.current)
    }

    /// Layers that frames have to do without.
    pub fn lacking(&self) -> Lacking {
        self.lacking
    }

    /// Whether a late packet goes out, of a time when `then` was the selection and `lacking` what had been held back.
    pub fn admit_late(&mut self, frame: &Frame, then: Selection, lacking: Lacking) -> bool {
        match frame.number.map(|number| self.met.look(number)) {
            Some(Seen::New) => self.decide(frame, then),
            Some(Seen::Repeated) => frame
                .number
                .is_some_and(|number| self.held.look(number) != Seen::Repeated),
            Some(Seen::TooOld) => frame.part_of.has(then),
            None => {
                if lacking.round == self.lacking.round {
                    self.note_held(frame, then);
                }
                frame.part_of.has(then) && lacking.spares(frame)
            }
        }
    }

    /// Frames without numbers that a selection does not need are missed by those that refer to them.
    fn note_held(&mut self, frame: &Frame, selection: Selection) {
        let held = !frame.part_of.has(selection) && frame.temporal <= selection.temporal;
        if held && frame.number.is_none() {
            self.lacking.note(frame);
        }
    }

    fn decide(&mut self, frame: &Frame, selection: Selection) -> bool {
        let wanted = frame.part_of.has(selection);
        let decodable = self.decodable(frame);
        // Of what comes late from before a key frame nothing after it has need.
        let needed = frame.number.is_none_or(|number| number >= self.key);
        if wanted && !decodable {
            self.blocked |= needed;
            self.broken |= needed;
            if frame.number.is_none() {
                self.lacking.note_from(frame);
            }
        }
        let goes = wanted && decodable;
        self.note_held(frame, selection);
        if let Some(number) = frame.number {
            self.met.mark(number);
            // Of a key frame whose start comes late.
            self.broken &= !(goes && needed) || frame.references.first().is_some_and(|d| *d > 0);
            if !goes {
                self.held.mark(number);
            }
        }
        goes
    }

    /// Brings what goes out nearer to the target, as far as this first packet of a frame allows.
    fn adjust(&mut self, frame: &Frame, keyframe: bool, new_picture: bool) {
        let (target, current) = (self.target, self.current);
        if keyframe {
            self.current = target;
            self.blocked = false;
            self.lacking.layers = 0;
            self.broken = false;
            self.key = frame.number.unwrap_or(0);
        }
        if self.current == target {
            return;
        }
        // A picture of which the lower layers went out goes out whole, else it would not end.
        if new_picture {
            self.current.temporal = current.temporal.min(target.temporal);
        }
        if target.spatial < current.spatial && new_picture {
            let lower = Selection {
                spatial: target.spatial,
                ..self.current
            };
            if frame.part_of.has(lower) && self.complete(frame) {
                self.current = lower;
            } else if frame.part_of.has(lower) {
                self.blocked = true;
            }
        }
        if self.current.spatial < target.spatial && self.current.spatial < frame.spatial {
            self.blocked = true;
        }
        if self.current.temporal < target.temporal {
            self.open(frame);
        }
    }

    /// More temporal layers, when this frame opens them.
    fn open(&mut self, frame: &Frame) {
        if frame.opens_above > self.current.temporal || !self.complete(frame) {
            return;
        }
        let above = self.current.temporal + 1..=self.target.temporal;
        let opened = above.rev().find(|temporal| {
            let higher = Selection::new(self.current.spatial, *temporal);
            frame.opens.has(higher)
        });
        if let Some(temporal) = opened {
            self.current.temporal = temporal;
        }
    }

    /// Nothing that the frame refers to was held back, or went before the run. What has not come yet may still come, but not where it may
    /// refer to what was held back itself.
    fn decodable(&self, frame: &Frame) -> bool {
        if self.broken {
            return self.complete(frame);
        }
        self.references(frame, |reference| {
            self.held.look(reference) != Seen::Repeated
        })
    }

    /// All that the frame refers to went out.
    fn complete(&self, frame: &Frame) -> bool {
        self.references(frame, |reference| {
            self.held.look(reference) != Seen::Repeated && self.met.look(reference) != Seen::New
        })
    }

    fn references(&self, frame: &Frame, hold: impl Fn(u64) -> bool) -> bool {
        let Some(number) = frame.number else {
            return self.lacking.spares(frame);
        };
        let distances = frame.references.iter().take_while(|d| **d > 0);
        distances
            .map(|distance| number.wrapping_sub(u64::from(*distance)))
            .all(|reference| reference >= self.first && reference < number && hold(reference))
    }
}

#[cfg(test)]
mod tests;
