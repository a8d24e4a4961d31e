//! What a client has received of one track.

use crate::feed::AUDIO_INTERVAL;
use crate::tag::Tag;
use std::time::{Duration, Instant};

/// What a client has received of one track.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    pub packets: u64,
    pub keys: u64,
    /// Pictures of which something came; a late packet of an older one counts as one more.
    pub pictures: u32,
    /// Simulcast layer and spatial layer of the newest packet.
    pub layer: u8,
    /// Changes of the simulcast layer.
    pub switches: u64,
    pub last: Option<Instant>,
    /// When each simulcast layer or spatial layer last came.
    pub layers: [Option<Instant>; 3],
    /// The longest time between two packets, less what the source was silent for itself.
    pub silence: Duration,
    /// The newest packet.
    pub newest: Option<Tag>,
}

impl Heard {
    pub(super) fn note(&mut self, tag: &Tag, now: Instant) {
        if let Some((last, newest)) = self.last.zip(self.newest) {
            let rest = match tag.number == newest.number + 1 && tag.picture > newest.picture {
                true => AUDIO_INTERVAL * (tag.picture - newest.picture - 1),
                false => Duration::ZERO,
            };
            let gap = now.saturating_duration_since(last);
            self.silence = self.silence.max(gap.saturating_sub(rest));
            self.switches += u64::from(tag.layer != self.layer);
        }
        let before = self.newest.replace(*tag);
        self.pictures += u32::from(before.is_none_or(|before| before.picture != tag.picture));
        self.packets += 1;
        self.keys += u64::from(tag.begins_key());
        self.layer = tag.layer;
        self.last = Some(now);
        // A stream has layers of one sort only.
        if let Some(at) = self.layers.get_mut(usize::from(tag.layer + tag.spatial)) {
            *at = Some(now);
        }
    }
}
