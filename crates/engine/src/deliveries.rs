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

/// Subscribers that get a voice before the next voice has its turn. Voices for the same people that go side by side share trains.
pub const STRIDE: usize = 32;
/// Deliveries whose memory is kept for the next.
const SPARE: usize = 8;
/// How long a fan-out may take before what arrives has to wait for its end. That of a video may be a key frame to many at half load, beside which
/// others speak.
const VOICE_PATIENCE: Duration = Duration::from_millis(50);
const VIDEO_PATIENCE: Duration = Duration::from_millis(150);

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

impl Delivery {
    fn is_done(&self) -> bool {
        self.next >= self.senders.len()
    }
}

/// Each kind in the order in which it became due.
#[derive(Default)]
pub struct Deliveries {
    pub video: VecDeque<Delivery>,
    pub voice: VecDeque<Delivery>,
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
        self.line_up(
            run.voice,
            Delivery {
                key: run.key,
                layer: run.layer,
                packets: kept,
                senders,
                next: 0,
                incoming,
                began: now,
            },
        );
    }

    fn line_up(&mut self, voice: bool, delivery: Delivery) {
        match voice {
            true => self.voice.insert(self.place_of(&delivery), delivery),
            false => self.video.push_back(delivery),
        }
    }

    /// Voices for few people come before those for many, who do not notice; those of one track stay in order.
    fn place_of(&self, voice: &Delivery) -> usize {
        if voice.senders.len() > STRIDE {
            return self.voice.len();
        }
        let before = |one: &Delivery| one.key == voice.key || one.senders.len() <= STRIDE;
        self.voice.iter().rposition(before).map_or(0, |at| at + 1)
    }

    /// The voice after `at` that may go on: no other of its track is before it.
    pub fn next_voice(&self, at: usize) -> Option<usize> {
        let mut places = at..self.voice.len();
        places.find(|at| {
            let mut before = self.voice.iter().take(*at);
            let key = self.voice.get(*at).map(|voice| voice.key);
            !before.any(|one| Some(one.key) == key)
        })
    }

    /// Whether everybody has got what the first video brings, which is forgotten then.
    pub fn end_video(&mut self) -> bool {
        let ended = self.video.front().is_some_and(Delivery::is_done);
        if ended {
            let done = self.video.pop_front();
            self.keep(done);
        }
        ended
    }

    /// Forgets voices that everybody has got.
    pub fn end_voices(&mut self) {
        while let Some(at) = self.voice.iter().position(Delivery::is_done) {
            let done = self.voice.remove(at);
            self.keep(done);
        }
    }

    fn keep(&mut self, done: Option<Delivery>) {
        if let Some(mut done) = done.filter(|_| self.spare.len() < SPARE) {
            done.packets.clear();
            self.spare.push(done);
        }
    }

    pub fn is_under_way(&self) -> bool {
        !self.video.is_empty() || !self.voice.is_empty()
    }

    /// Whether what is under way takes too long.
    pub fn are_late(&self, now: Instant) -> bool {
        let late = |first: Option<&Delivery>, patience| {
            first.is_some_and(|delivery| now >= delivery.began + patience)
        };
        late(self.video.front(), VIDEO_PATIENCE) || late(self.voice.front(), VOICE_PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Codec;
    use crate::slab::Slab;
    use str0m::format::{Codec as Name, CodecSpec, FormatParams};

    fn voice(key: TrackKey, packet: u64, listeners: usize) -> Delivery {
        let incoming = Incoming {
            codec: Codec::Opus,
            spec: CodecSpec {
                codec: Name::Opus,
                clock_rate: str0m::media::Frequency::FORTY_EIGHT_KHZ,
                channels: Some(2),
                format: FormatParams::default(),
            },
            red: false,
        };
        Delivery {
            key,
            layer: LayerId(packet),
            packets: Vec::new(),
            senders: vec![Slab::<Sender>::nobody(); listeners],
            next: 0,
            incoming,
            began: Instant::now(),
        }
    }

    #[test]
    fn a_voice_for_few_does_not_wait_for_one_for_many_nor_passes_its_own_track() {
        let mut all = Deliveries::default();
        let come = [
            (1, 10, 500),
            (2, 20, 3),
            (1, 11, 500),
            (2, 21, 4),
            (3, 30, 400),
            (1, 12, 2),
        ];
        for (key, packet, listeners) in come {
            all.line_up(true, voice(key, packet, listeners));
        }
        let order: Vec<u64> = all.voice.iter().map(|one| one.layer.0).collect();
        assert_eq!(order, [20, 21, 10, 11, 12, 30]);
        // Side by side go the first ones of each track.
        let mut turns = Vec::new();
        let mut at = 0;
        while let Some(next) = all.next_voice(at) {
            turns.push(order[next]);
            at = next + 1;
        }
        assert_eq!(turns, [20, 10, 30]);
        all.voice[2].next = 500;
        all.end_voices();
        assert_eq!(all.voice[2].layer.0, 11);
        assert_eq!((all.voice.len(), all.spare.len()), (5, 1));
    }
}
