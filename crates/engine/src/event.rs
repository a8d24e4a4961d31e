//! What the engine tells, and the bounded queue that carries it to another thread.

use crate::command::TransportId;
use std::collections::VecDeque;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    Audio,
    Video,
}

/// One audio or video m-line of a publisher's offer, as negotiated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedMedia {
    pub mid: String,
    pub kind: MediaKind,
    /// Tokens of the `msid` line, empty where there is none.
    pub stream_id: String,
    pub track_id: String,
    pub mime_type: String,
    pub rids: Vec<String>,
    pub sending: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MidTrack {
    pub mid: String,
    pub track: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AudioLevel {
    pub track: String,
    pub level: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Answered {
        transport: TransportId,
        offer: u32,
        sdp: String,
        media: Vec<OfferedMedia>,
        /// What we send on the client's m-lines; a single transport has both directions.
        tracks: Vec<MidTrack>,
    },
    /// A single transport needs another offer of the client, with so many more m-lines to receive on. Both may be 0.
    SectionsRequired {
        transport: TransportId,
        audio: u32,
        video: u32,
    },
    Offered {
        transport: TransportId,
        offer: u32,
        sdp: String,
        tracks: Vec<MidTrack>,
    },
    NegotiationFailed {
        transport: TransportId,
        offer: u32,
        message: String,
    },
    TransportConnected {
        transport: TransportId,
    },
    TransportClosed {
        transport: TransportId,
        reason: String,
    },
    LayerStarted {
        track: String,
        ssrc: u32,
        rid: String,
    },
    SubscriptionStarted {
        transport: TransportId,
        track: String,
    },
    SubscriptionFailed {
        transport: TransportId,
        track: String,
        reason: String,
        /// The client speaks no codec of the track. Its m-line waits for as long as the track is wanted: the same stream may come
        /// in another codec.
        codec: bool,
    },
    /// The path to a subscriber does not even carry the smallest picture of the track.
    SubscriptionPaused {
        transport: TransportId,
        track: String,
    },
    SubscriptionResumed {
        transport: TransportId,
        track: String,
    },
    /// The highest spatial layer of a track that anybody wants, 0 the lowest. Before the first such word all are wanted.
    WantedLayers {
        track: String,
        spatial: u8,
    },
    DataReceived {
        transport: TransportId,
        reliable: bool,
        label: String,
        payload: Vec<u8>,
    },
    AudioLevels {
        levels: Vec<AudioLevel>,
    },
    Quality {
        transport: TransportId,
        loss_percent: f64,
        rtt_ms: f64,
    },
    Log {
        level: LogLevel,
        message: String,
        transport: TransportId,
    },
    EngineFailed {
        reason: String,
    },
}

/// Events wait here for their reader. The limits hold however long the reader sleeps.
#[derive(Debug, Default)]
pub struct EventQueue {
    events: VecDeque<Event>,
    payload_bytes: usize,
    dropped: u64,
}

impl EventQueue {
    /// Above this many waiting events, those that a later one replaces anyway are dropped.
    const SOFT_LIMIT: usize = 16_384;
    /// Above this many, so is all received data: clients set its pace, and states need the room.
    const DATA_LIMIT: usize = 65_536;
    /// Above this many, everything is dropped but the end of a transport and of the engine: the reader is gone.
    const HARD_LIMIT: usize = 262_144;
    /// Received data waiting for the reader. Lossy data stops at half of it.
    const PAYLOAD_LIMIT: usize = 64 << 20;

    pub fn push(&mut self, event: Event) {
        let bytes = payload(&event);
        let full = (self.events.len() >= Self::HARD_LIMIT && !final_word(&event))
            || (self.events.len() >= Self::DATA_LIMIT && bytes > 0)
            || (self.events.len() >= Self::SOFT_LIMIT && expendable(&event))
            || (bytes > 0 && self.payload_bytes + bytes > limit(&event));
        if full {
            self.dropped += 1;
            return;
        }
        self.payload_bytes += bytes;
        self.events.push_back(event);
    }

    /// The oldest events, at most `max`.
    pub fn take(&mut self, max: usize) -> Vec<Event> {
        let count = self.events.len().min(max);
        let events: Vec<Event> = self.events.drain(..count).collect();
        self.payload_bytes -= events.iter().map(payload).sum::<usize>();
        events
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

fn payload(event: &Event) -> usize {
    match event {
        // The constant covers the event itself, so that empty messages count too.
        Event::DataReceived { label, payload, .. } => label.len() + payload.len() + 64,
        _ => 0,
    }
}

fn limit(event: &Event) -> usize {
    match event {
        Event::DataReceived { reliable: true, .. } => EventQueue::PAYLOAD_LIMIT,
        _ => EventQueue::PAYLOAD_LIMIT / 2,
    }
}

/// Told once for each transport at most, so keeping it is no danger.
fn final_word(event: &Event) -> bool {
    matches!(
        event,
        Event::TransportClosed { .. } | Event::EngineFailed { .. }
    )
}

fn expendable(event: &Event) -> bool {
    matches!(
        event,
        Event::AudioLevels { .. }
            | Event::Quality { .. }
            | Event::Log { .. }
            | Event::DataReceived {
                reliable: false,
                ..
            }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(reliable: bool, bytes: usize) -> Event {
        Event::DataReceived {
            transport: 1,
            reliable,
            label: String::new(),
            payload: vec![0; bytes],
        }
    }

    #[test]
    fn lossy_data_gives_way_to_reliable_data() {
        let mut queue = EventQueue::default();
        for _ in 0..40 {
            queue.push(data(false, 1 << 20));
        }
        assert_eq!(queue.dropped(), 9);
        queue.push(data(true, 1 << 20));
        assert_eq!(queue.dropped(), 9);
        assert_eq!(queue.take(1000).len(), 32);
        queue.push(data(false, 1 << 20));
        assert_eq!(queue.dropped(), 9);
    }

    #[test]
    fn a_flood_of_small_messages_leaves_room_for_states() {
        let mut queue = EventQueue::default();
        for _ in 0..2 * EventQueue::HARD_LIMIT {
            queue.push(data(true, 0));
        }
        for transport in 0..1000 {
            queue.push(Event::TransportConnected { transport });
        }
        let kept = queue.take(usize::MAX);
        assert_eq!(kept.len(), EventQueue::DATA_LIMIT + 1000);
    }

    #[test]
    fn labels_count_as_payload() {
        let mut queue = EventQueue::default();
        for _ in 0..2000 {
            queue.push(Event::DataReceived {
                transport: 1,
                reliable: true,
                label: "x".repeat(60_000),
                payload: vec![],
            });
        }
        assert!(queue.dropped() > 800);
    }

    #[test]
    fn the_end_of_a_transport_is_never_dropped() {
        let mut queue = EventQueue::default();
        for transport in 0..=EventQueue::HARD_LIMIT as u32 {
            queue.push(Event::TransportConnected { transport });
        }
        assert_eq!(queue.dropped(), 1);
        let reason = String::new();
        queue.push(Event::EngineFailed { reason });
        assert_eq!(queue.dropped(), 1);
    }

    #[test]
    fn a_sleeping_reader_loses_levels_before_it_loses_states() {
        let mut queue = EventQueue::default();
        for transport in 0..EventQueue::SOFT_LIMIT as u32 {
            queue.push(Event::TransportConnected { transport });
        }
        queue.push(Event::AudioLevels { levels: vec![] });
        queue.push(Event::TransportConnected { transport: 9 });
        assert_eq!(queue.dropped(), 1);
        assert_eq!(queue.take(usize::MAX).len(), EventQueue::SOFT_LIMIT + 1);
        assert!(queue.is_empty());
    }
}
