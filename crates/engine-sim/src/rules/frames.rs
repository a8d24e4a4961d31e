//! Which of the newest frames of a stream something is true of.

use engine::media::window::{Seen, SeenWindow};

/// Frames that are remembered: so many behind the newest one.
const WORDS: usize = 32;

#[derive(Default)]
pub(super) struct Frames(SeenWindow<WORDS>);

impl Frames {
    pub fn insert(&mut self, frame: u32) {
        self.0.mark(frame.into());
    }

    pub fn contains(&self, frame: u32) -> bool {
        self.0.look(frame.into()) == Seen::Repeated
    }
}
