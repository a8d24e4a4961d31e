//! Sources of media: voices every 20 ms while somebody speaks, pictures every 50 ms in packets of their codec's form, each packet with its tag.

pub mod descriptor;
mod layered;
mod pictures;
mod speech;

use crate::payload;
use crate::random::Random;
use crate::tag::Tag;
use engine::media::Codec;
use layered::Layered;
use speech::Speech;
use std::time::{Duration, Instant};
use str0m::media::{MediaKind, Mid, Rid};

/// Names of simulcast layers, lowest quality first.
pub const RIDS: [&str; 3] = ["q", "h", "f"];
/// Width and height of layers, lowest first.
pub const SIZES: [(u32, u32); 3] = [(320, 180), (640, 360), (1_280, 720)];
/// Ticks of the RTP clock between two audio packets.
pub const AUDIO_STEP: u32 = 960;
/// Ticks of the RTP clock between two pictures.
pub const VIDEO_STEP: u32 = 4_500;
/// Between two packets of a voice that speaks.
pub const AUDIO_INTERVAL: Duration = Duration::from_millis(20);
const VIDEO_INTERVAL: Duration = Duration::from_millis(50);
const VOICE_BYTES: usize = 80;

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
    /// Opus in RED, each frame twice.
    Red,
    /// VP8 in one stream.
    Video,
    /// VP8 in three streams.
    Simulcast,
    /// H264 in one stream.
    H264,
    /// VP9 with three spatial layers in one stream, known by its payload descriptor alone.
    Vp9,
    /// The same with a dependency descriptor; spatial layers need each other in key pictures only.
    Vp9Described,
    /// AV1 with three spatial layers in one stream and a dependency descriptor.
    Av1,
}

impl Kind {
    pub fn media(self) -> MediaKind {
        match self.codec() {
            Codec::Opus => MediaKind::Audio,
            _ => MediaKind::Video,
        }
    }

    pub fn codec(self) -> Codec {
        match self {
            Kind::Audio | Kind::Red => Codec::Opus,
            Kind::Video | Kind::Simulcast => Codec::Vp8,
            Kind::H264 => Codec::H264,
            Kind::Vp9 | Kind::Vp9Described => Codec::Vp9,
            Kind::Av1 => Codec::Av1,
        }
    }

    pub fn is_video(self) -> bool {
        self.codec().is_video()
    }

    /// Ticks between two frames.
    pub fn step(self) -> u32 {
        match self.is_video() {
            true => VIDEO_STEP,
            false => AUDIO_STEP,
        }
    }

    /// Layers that a subscriber can have more or less of: streams, or spatial layers of one.
    pub fn layers(self) -> u8 {
        match self {
            Kind::Simulcast | Kind::Vp9 | Kind::Vp9Described | Kind::Av1 => 3,
            _ => 1,
        }
    }

    /// The time between two frames.
    pub fn interval(self) -> Duration {
        match self.is_video() {
            true => VIDEO_INTERVAL,
            false => AUDIO_INTERVAL,
        }
    }
}

/// A packet that is to be sent.
#[derive(Debug, Clone)]
pub struct Packet {
    pub tag: Tag,
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Vec<u8>,
    pub descriptor: Option<Vec<u8>>,
}

impl Packet {
    /// Of a voice the newest frame alone, with or without RED around it.
    pub fn newest(&self) -> &[u8] {
        let from = self.payload.len().saturating_sub(VOICE_BYTES);
        &self.payload[from..]
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
    /// Sequence number of packet 0.
    pub first_seq: u64,
    first_timestamp: u32,
    random: Random,
    number: u32,
    frame: u32,
    picture: u32,
    since_key: u32,
    ids: payload::Pictures,
    /// The newest frames of the two lower temporal layers.
    bases: [u32; 2],
    /// The frame of RED before.
    before: Option<Vec<u8>>,
    layered: Layered,
    speech: Speech,
}

impl Feed {
    /// The feeds of a track, one for each stream.
    pub fn of(plan: TrackPlan, generation: u16, now: Instant, random: &mut Random) -> Vec<Feed> {
        let layers: &[Option<&str>] = match plan.kind {
            Kind::Simulcast => &[Some(RIDS[0]), Some(RIDS[1]), Some(RIDS[2])],
            _ => &[None],
        };
        let feeds = layers.iter().zip(0..).map(|(rid, layer)| {
            let purpose = u64::from(plan.track) << 32 | u64::from(generation) << 8 | layer;
            Feed::stream(
                plan,
                *rid,
                layer as u8,
                generation,
                now,
                random.fork(purpose),
            )
        });
        feeds.collect()
    }

    fn stream(
        plan: TrackPlan,
        rid: Option<&str>,
        layer: u8,
        generation: u16,
        now: Instant,
        mut random: Random,
    ) -> Feed {
        Feed {
            plan,
            layer,
            rid: rid.map(Rid::from),
            mid: Mid::from("?"),
            generation,
            running: true,
            next: now + random.time(VIDEO_INTERVAL),
            key_wanted: true,
            // Below 2^15, as RFC 3711 asks for; long runs go over the rollover all the same.
            first_seq: 20_000 + random.below(12_000),
            first_timestamp: random.number() as u32,
            number: 0,
            frame: 0,
            picture: 0,
            since_key: 0,
            ids: payload::Pictures {
                picture: random.below(0x8000) as u16,
                base_layer: random.number() as u8,
                key: (plan.kind.codec() == Codec::Vp8).then_some(0),
            },
            bases: [0; 2],
            before: None,
            layered: Layered::new(plan.kind, &mut random),
            speech: Speech::new(&mut random),
            random,
        }
    }

    /// Goes on after a silence, with a key frame. The clock has gone on all the time.
    pub fn resume(&mut self, now: Instant) {
        let interval = self.plan.kind.interval();
        let missed = now.saturating_duration_since(self.next).as_millis() / interval.as_millis();
        self.picture += missed as u32;
        self.next += interval * missed as u32;
        (self.running, self.key_wanted) = (true, true);
    }

    /// Makes only so many spatial layers from now on. More than before begin with a key frame.
    pub fn show_layers(&mut self, count: u8) {
        self.key_wanted |= self.layered.show(count);
    }

    pub fn frame(&mut self) -> Vec<Packet> {
        let packets = match self.plan.kind {
            Kind::Audio | Kind::Red => vec![self.sound()],
            Kind::Video | Kind::Simulcast => self.vp8_picture(),
            Kind::H264 => self.h264_picture(),
            Kind::Vp9 | Kind::Vp9Described | Kind::Av1 => self.layered_picture(),
        };
        let steps = match self.plan.kind.is_video() {
            true => 1,
            false => self.speech.step(&mut self.random),
        };
        if steps > 1 {
            // What was said before a silence is not said again after it.
            self.before = None;
        }
        self.next += self.plan.kind.interval() * steps;
        self.picture += steps;
        packets
    }

    /// The tag of the next packet: one of a frame that needs others.
    fn tag(&mut self, part: u8, (spatial, temporal): (u8, u8), key: bool, needs: [u32; 2]) -> Tag {
        let number = self.number;
        self.number += 1;
        Tag {
            track: self.plan.track,
            layer: self.layer,
            generation: self.generation,
            number,
            frame: self.frame,
            picture: self.picture,
            part,
            spatial,
            temporal,
            key,
            needs,
        }
    }

    fn timestamp(&self) -> u32 {
        let ticks = self.picture.wrapping_mul(self.plan.kind.step());
        self.first_timestamp.wrapping_add(ticks)
    }

    fn sound(&mut self) -> Packet {
        let tag = self.tag(0, (0, 0), false, [self.frame; 2]);
        self.frame += 1;
        let frame = payload::opus(VOICE_BYTES, &mut self.random);
        let payload = match self.plan.kind {
            Kind::Red => {
                let before = self.before.replace(frame.clone());
                payload::redundant(payload::OPUS, AUDIO_STEP, before.as_deref(), &frame)
            }
            _ => frame,
        };
        Packet {
            tag,
            timestamp: self.timestamp(),
            marker: false,
            payload,
            descriptor: None,
        }
    }
}
