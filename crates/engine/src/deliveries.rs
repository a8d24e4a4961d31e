//! Runs on their way to the subscribers of their track, a slice at a time.

use crate::downlink::Sender;
use crate::formats::Incoming;
use crate::media::train::RUN;
use crate::media::{LayerId, MediaPacket};
use crate::runs::Run;
use crate::slab::Key;
use crate::source::Source;
use crate::tracks::TrackKey;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a fan-out may take before what arrives has to wait for its end.
const PATIENCE: Duration = Duration::from_millis(50);

/// The packets of one run for those who subscribed when it began: who comes later is shown what has gone before.
pub struct Delivery {
    pub key: TrackKey,
    pub layer: LayerId,
    /// At most [`RUN`]. The store may have forgotten them before all have got them.
    pub packets: Vec<MediaPacket>,
    pub senders: Vec<Key<Sender>>,
    /// Of the senders.
    pub next: usize,
    pub incoming: Incoming,
    began: Instant,
}

/// Each kind in the order in which it became due.
#[derive(Default)]
pub struct Deliveries {
    pub video: VecDeque<Delivery>,
    voice: VecDeque<Delivery>,
    /// Kept to spare allocations.
    spare: Vec<Delivery>,
}

impl Deliveries {
    /// Begins to deliver packets of a track.
    pub fn begin<'a>(
        &mut self,
        now: Instant,
        run: &Run,
        (source, incoming): (&Source, Incoming),
        packets: impl Iterator<Item = &'a MediaPacket>,
    ) {
        let (mut kept, mut senders) = match self.spare.pop() {
            Some(done) => (done.packets, done.senders),
            None => (Vec::with_capacity(RUN), Vec::new()),
        };
        kept.extend(packets.cloned());
        senders.clear();
        senders.extend(source.subscribers.iter().map(|s| s.sender));
        self.of(run.voice).push_back(Delivery {
            key: run.key,
            layer: run.layer,
            packets: kept,
            senders,
            next: 0,
            incoming,
            began: now,
        });
    }

    pub fn of(&mut self, voice: bool) -> &mut VecDeque<Delivery> {
        match voice {
            true => &mut self.voice,
            false => &mut self.video,
        }
    }

    /// The first of a kind is done.
    pub fn end(&mut self, voice: bool) {
        if let Some(mut done) = self.of(voice).pop_front() {
            done.packets.clear();
            self.spare.push(done);
        }
    }

    pub fn is_under_way(&self) -> bool {
        !self.video.is_empty() || !self.voice.is_empty()
    }

    /// Whether what is under way takes too long.
    pub fn are_late(&self, now: Instant) -> bool {
        let first = [self.video.front(), self.voice.front()];
        let mut first = first.into_iter().flatten();
        first.any(|delivery| now >= delivery.began + PATIENCE)
    }
}
