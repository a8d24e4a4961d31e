//! What the allocation remembers of one track on its way to one subscriber: what is wanted of it and what it gets.

use crate::command::WantedTrack;
use crate::media::allocate::{Bitrates, Choice, SPATIAL, Video, spatial_for, temporal_for};
use crate::tracks::Track;
use std::time::Instant;

/// Pictures a second of the highest temporal layer, as cameras give them.
const USUAL_FPS: u32 = 30;

/// What the allocation remembers of one track on its way to one subscriber.
pub struct Share {
    pub wish: Wish,
    pub(crate) choice: Choice,
    /// It has not been allocated since it is wanted like this.
    pub fresh: bool,
    /// The subscriber's side was told that it is paused.
    pub(crate) told_paused: bool,
    /// The newest number that went out before it was last paused.
    pub(crate) resumed: Option<u64>,
    /// When the last receiver report came, which is where the next one begins.
    pub reported: Option<Instant>,
}

/// What a subscriber wants of one video.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// Pixels, width and height; 0 for as many as there are.
    pub size: (u32, u32),
    fps: u32,
    priority: u8,
}

impl Default for Share {
    fn default() -> Self {
        Share {
            wish: Wish::default(),
            choice: Choice::Paused,
            fresh: true,
            told_paused: false,
            resumed: None,
            reported: None,
        }
    }
}

impl Share {
    /// Whether its path does not carry it.
    pub fn is_paused(&self) -> bool {
        self.told_paused
    }

    /// Whether a packet left since it was last paused; what was lost before that says nothing of now.
    pub fn is_since_resumed(&self, seq: u16) -> bool {
        let newer = |resumed: u64| (1..0x8000).contains(&seq.wrapping_sub(resumed as u16));
        self.resumed.is_none_or(newer)
    }

    /// Takes over what is wanted.
    pub fn want(&mut self, wanted: &WantedTrack) {
        let wish = Wish {
            size: (wanted.width, wanted.height),
            fps: wanted.fps,
            priority: wanted.priority,
        };
        self.fresh |= self.wish != wish;
        self.wish = wish;
    }
}

/// A video as the allocator sees it.
pub fn video(track: &Track, share: &Share, bitrates: Bitrates) -> Video {
    let Wish {
        size,
        fps,
        priority,
    } = share.wish;
    let view = &track.picture.view;
    let mut pixels = [0; SPATIAL];
    for (pixels, (width, height)) in pixels.iter_mut().zip(&view.sizes) {
        *pixels = width.saturating_mul(*height);
    }
    let temporals = bitrates
        .iter()
        .filter_map(|row| row.iter().rposition(|rate| *rate > 0));
    let layers = temporals.max().map_or(1, |top| top as u8 + 1);
    Video {
        priority,
        screen: view.screen,
        bitrates,
        pixels,
        shown: size.0.saturating_mul(size.1),
        most: (
            spatial_for(size, &view.sizes),
            temporal_for(fps, USUAL_FPS, layers),
        ),
        current: share.choice,
        fresh: share.fresh,
        kept: false,
    }
}
