//! Sources of media: Opus every 20 ms, or VP8 frames of a few packets, each packet with its tag.

use crate::random::Random;
use crate::tag::Tag;
use std::time::{Duration, Instant};
use str0m::media::{MediaKind, Mid, Rid};
use str0m::rtp::{ExtensionValues, RtpWrite, SeqNo};

/// Names of simulcast layers, lowest quality first.
pub const RIDS: [&str; 3] = ["q", "h", "f"];
/// Ticks of the RTP clock between two audio packets.
pub const AUDIO_STEP: u32 = 960;
/// Ticks of the RTP clock between two pictures.
pub const VIDEO_STEP: u32 = 4_500;
const AUDIO_INTERVAL: Duration = Duration::from_millis(20);
const VIDEO_INTERVAL: Duration = Duration::from_millis(50);
/// Temporal layers of the frames after a key frame.
const PATTERN: [u8; 4] = [0, 2, 1, 2];
/// Payload types of the clients.
const OPUS: u8 = 111;
const VP8: u8 = 96;

/// What a publisher sends as one track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackPlan {
    /// The track's number in the world.
    pub track: u16,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Audio,
    Video,
    /// Video in three layers.
    Simulcast,
}

impl Kind {
    pub fn media(self) -> MediaKind {
        match self {
            Kind::Audio => MediaKind::Audio,
            Kind::Video | Kind::Simulcast => MediaKind::Video,
        }
    }

    /// Ticks between two frames.
    pub fn step(self) -> u32 {
        match self {
            Kind::Audio => AUDIO_STEP,
            Kind::Video | Kind::Simulcast => VIDEO_STEP,
        }
    }
}

#[derive(Debug)]
pub struct Feed {
    pub plan: TrackPlan,
    pub layer: u8,
    pub rid: Option<Rid>,
    pub mid: Mid,
    pub generation: u16,
    pub running: bool,
    pub next: Instant,
    pub key_wanted: bool,
    pub keys_sent: u32,
    /// Sequence number of packet 0.
    pub first_seq: u64,
    first_timestamp: u32,
    picture: u16,
    number: u32,
    frame: u32,
    since_key: u32,
    base_layer: u8,
    key_index: u8,
}

impl Feed {
    /// The feeds of a track, one for each layer.
    pub fn of(plan: TrackPlan, generation: u16, now: Instant, random: &mut Random) -> Vec<Feed> {
        let layers: &[Option<&str>] = match plan.kind {
            Kind::Audio | Kind::Video => &[None],
            Kind::Simulcast => &[Some(RIDS[0]), Some(RIDS[1]), Some(RIDS[2])],
        };
        let feeds = layers.iter().zip(0..).map(|(rid, layer)| Feed {
            plan,
            layer,
            rid: rid.map(Rid::from),
            mid: Mid::from("?"),
            generation,
            running: true,
            next: now + random.time(VIDEO_INTERVAL),
            key_wanted: true,
            keys_sent: 0,
            // Below 2^15, as RFC 3711 asks for; long runs go over the rollover all the same.
            first_seq: 20_000 + random.below(12_000),
            first_timestamp: random.number() as u32,
            picture: random.below(0x8000) as u16,
            number: 0,
            frame: 0,
            since_key: 0,
            base_layer: random.number() as u8,
            key_index: 0,
        });
        feeds.collect()
    }

    /// Goes on after a silence, with a key frame. The clock has gone on all the time.
    pub fn resume(&mut self, now: Instant) {
        let missed =
            now.saturating_duration_since(self.next).as_millis() / VIDEO_INTERVAL.as_millis();
        self.frame += missed as u32;
        self.next += VIDEO_INTERVAL * missed as u32;
        (self.running, self.key_wanted) = (true, true);
    }

    pub fn frame(&mut self, now: Instant) -> Vec<(Tag, RtpWrite)> {
        let packets = match self.plan.kind {
            Kind::Audio => vec![self.sound(now)],
            Kind::Video | Kind::Simulcast => self.picture(now),
        };
        self.frame += 1;
        packets
    }

    fn tag(&mut self, part: u8, temporal: u8, key: bool) -> Tag {
        let number = self.number;
        self.number += 1;
        Tag {
            track: self.plan.track,
            layer: self.layer,
            generation: self.generation,
            number,
            frame: self.frame,
            part,
            temporal,
            key,
        }
    }

    fn write(&self, tag: &Tag, pt: u8, now: Instant, payload: Vec<u8>) -> RtpWrite {
        let step = self.plan.kind.step();
        let timestamp = self
            .first_timestamp
            .wrapping_add(tag.frame.wrapping_mul(step));
        let seq = SeqNo::from(self.first_seq + u64::from(tag.number));
        RtpWrite::new(pt.into(), seq, timestamp, now, payload)
    }

    fn sound(&mut self, now: Instant) -> (Tag, RtpWrite) {
        self.next += AUDIO_INTERVAL;
        let tag = self.tag(0, 0, false);
        let mut payload = Vec::with_capacity(80);
        tag.write(&mut payload);
        payload.resize(80, 5);
        let values = ExtensionValues {
            audio_level: Some(-20),
            voice_activity: Some(true),
            ..Default::default()
        };
        let write = self.write(&tag, OPUS, now, payload).ext_vals(values);
        (tag, write)
    }

    fn picture(&mut self, now: Instant) -> Vec<(Tag, RtpWrite)> {
        self.next += VIDEO_INTERVAL;
        let key = std::mem::take(&mut self.key_wanted);
        if key {
            self.since_key = 0;
            self.keys_sent += 1;
            self.key_index = (self.key_index + 1) & 0x1f;
        }
        let temporal = PATTERN[self.since_key as usize % PATTERN.len()];
        self.since_key += 1;
        if temporal == 0 {
            self.base_layer = self.base_layer.wrapping_add(1);
        }
        // A key frame is longer than others, and a higher layer than a lower one.
        let parts = (self.layer + 1) * if key { 3 } else { 1 };
        let size = 150 + 200 * usize::from(self.layer);
        self.picture = (self.picture + 1) & 0x7fff;
        let [high, low] = self.picture.to_be_bytes();
        let packets = (0..parts).map(|part| {
            let tag = self.tag(part, temporal, key);
            let start = if part == 0 { 0x10 } else { 0 };
            let indices = temporal << 6 | u8::from(temporal == 1) << 5 | self.key_index;
            let mut payload = Vec::with_capacity(size);
            payload.extend([
                0x80 | start,
                0xf0,
                0x80 | high,
                low,
                self.base_layer,
                indices,
            ]);
            payload.push(u8::from(!key));
            tag.write(&mut payload);
            payload.resize(size, 7);
            let write = self.write(&tag, VP8, now, payload);
            (tag, write.marker(part + 1 == parts).nackable(true))
        });
        packets.collect()
    }
}

/// The tag in a payload as it travels, and the VP8 ids in front of it.
pub fn read_payload(payload: &[u8]) -> Option<(Tag, Option<Pictures>)> {
    if let Some(tag) = Tag::read(payload) {
        return Some((tag, None));
    }
    let [_, 0xf0, high, low, base_layer, indices, _, rest @ ..] = payload else {
        return None;
    };
    let pictures = Pictures {
        picture: u16::from_be_bytes([*high & 0x7f, *low]),
        base_layer: *base_layer,
        key: *indices & 0x1f,
    };
    Some((Tag::read(rest)?, Some(pictures)))
}

/// The counters of a VP8 payload descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pictures {
    pub picture: u16,
    pub base_layer: u8,
    pub key: u8,
}
