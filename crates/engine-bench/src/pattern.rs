//! What a track sends: sizes and times as browsers make them.

use std::collections::VecDeque;
use std::time::Duration;

/// Every payload ends with when it was sent and with this, whatever a codec's header before it says.
pub const MARK: [u8; 4] = [0xC0, 0xFF, 0xEE, 0x11];
/// Length of the end of a payload that is ours.
pub const END: usize = 12;

/// A payload on its way out, and what its RTP header says.
#[derive(Debug)]
pub struct Payload {
    pub bytes: Vec<u8>,
    pub marker: bool,
    /// Since the start of the track.
    pub media_time: Duration,
}

#[derive(Debug)]
pub enum Pattern {
    Voice { bytes: usize, interval: Duration },
    Video(Video),
}

/// libwebrtc's packets carry so much at most, beside header and extensions.
const MTU: usize = 1_150;
const KEY_INTERVAL: Duration = Duration::from_secs(3);
/// A key frame beside the others.
const KEY_WEIGHT: usize = 8;
/// libwebrtc's pacer sends what it may within this time at once (`PacingController::kDefaultBurstInterval`), at 2.5 times the rate.
const BURST: Duration = Duration::from_millis(40);

#[derive(Debug)]
pub struct Video {
    bits_per_second: usize,
    interval: Duration,
    width: u16,
    height: u16,
    frame: u32,
    since_key: Duration,
    waiting: VecDeque<Payload>,
    /// Time that bursts took beyond a frame's.
    behind: Duration,
    random: u32,
}

impl Video {
    pub fn new(kilobits: usize, frames_a_second: u32, height: u16) -> Video {
        Video {
            bits_per_second: kilobits * 1_000,
            interval: Duration::from_secs(1) / frames_a_second,
            width: (u32::from(height) * 16 / 9) as u16,
            height,
            frame: 0,
            since_key: KEY_INTERVAL,
            waiting: VecDeque::new(),
            behind: Duration::ZERO,
            random: 12_345,
        }
    }

    /// The next frame is one that a picture can begin with.
    pub fn want_key(&mut self) {
        self.since_key = KEY_INTERVAL;
    }

    /// The next key frame comes after so many of so many parts of the time between two.
    pub fn spread(&mut self, number: u32, of: u32) {
        self.since_key = KEY_INTERVAL - KEY_INTERVAL * number / of.max(1);
    }

    /// Payloads that leave together, and how long to wait after them.
    fn due(&mut self, media_time: Duration) -> (Vec<Payload>, Duration) {
        if self.waiting.is_empty() {
            self.make_frame(media_time);
        }
        let budget = self.bits_per_second * 5 / 2 / 8 * BURST.as_millis() as usize / 1_000;
        let mut sent = 0;
        let mut burst = vec![];
        while let Some(payload) = self.waiting.pop_front() {
            sent += payload.bytes.len();
            burst.push(payload);
            if sent >= budget {
                break;
            }
        }
        if !self.waiting.is_empty() {
            self.behind += BURST;
            return (burst, BURST);
        }
        // What comes behind a large frame catches up.
        let sooner = self.behind.min(self.interval * 3 / 4);
        self.behind -= sooner;
        (burst, self.interval - sooner)
    }

    fn make_frame(&mut self, media_time: Duration) {
        let key = self.since_key >= KEY_INTERVAL;
        let frames = (KEY_INTERVAL.as_nanos() / self.interval.as_nanos()) as usize;
        let per_interval = self.bits_per_second / 8 * KEY_INTERVAL.as_secs() as usize;
        let common = per_interval / (frames - 1 + KEY_WEIGHT);
        let size = if key {
            self.since_key = Duration::ZERO;
            common * KEY_WEIGHT
        } else {
            // A linear congruence (Numerical Recipes); sizes differ by 40 % both ways.
            self.random = self
                .random
                .wrapping_mul(1_664_525)
                .wrapping_add(1_013_904_223);
            common * (60 + (self.random >> 16) as usize % 81) / 100
        };
        self.frame += 1;
        self.since_key += self.interval;
        // Nearly equal packets, the last ones one byte wider.
        let count = size.div_ceil(MTU).max(1);
        let (each, wider) = (size / count, size % count);
        for number in 0..count {
            let bytes = each + usize::from(number >= count - wider);
            self.waiting.push_back(Payload {
                bytes: self.vp8(number == 0, key, bytes),
                marker: number + 1 == count,
                media_time,
            });
        }
    }

    /// RFC 7741 section 4.2: descriptor with picture id, TL0PICIDX, TID and KEYIDX; then VP8 (RFC 6386 section 9.1).
    fn vp8(&self, first: bool, key: bool, bytes: usize) -> Vec<u8> {
        let picture = 0x8000 | self.frame as u16 & 0x7FFF;
        let start = if first { 0x90 } else { 0x80 };
        let mut payload = vec![start, 0xF0];
        payload.extend(picture.to_be_bytes());
        payload.extend([self.frame as u8, 1]);
        if first {
            payload.extend([0x10 | u8::from(!key), 0, 0]);
        }
        if first && key {
            payload.extend([0x9D, 1, 0x2A]);
            payload.extend(self.width.to_le_bytes());
            payload.extend(self.height.to_le_bytes());
        }
        payload.resize(bytes.max(payload.len() + END), 9);
        payload
    }
}

impl Pattern {
    /// `voice`, `voice:MILLISECONDS`, or `video:KILOBITS:FRAMES:HEIGHT`.
    pub fn parse(text: &str) -> Option<Pattern> {
        let mut words = text.split(':');
        let kind = words.next()?;
        let numbers: Vec<u32> = words.map(str::parse).collect::<Result<_, _>>().ok()?;
        match (kind, numbers.as_slice()) {
            ("voice", []) => Some(Pattern::voice(20)),
            ("voice", [interval]) if *interval > 0 => Some(Pattern::voice(*interval)),
            ("video", [kilobits, frames @ 1..=60, height]) if *kilobits > 0 => {
                let height = u16::try_from(*height).ok()?;
                Some(Pattern::Video(Video::new(
                    *kilobits as usize,
                    *frames,
                    height,
                )))
            }
            _ => None,
        }
    }

    fn voice(milliseconds: u32) -> Pattern {
        Pattern::Voice {
            bytes: 80,
            interval: Duration::from_millis(milliseconds.into()),
        }
    }

    pub fn is_video(&self) -> bool {
        matches!(self, Pattern::Video(_))
    }

    /// What is sent at a moment, and how long after it the next is.
    pub fn due(&mut self, media_time: Duration) -> (Vec<Payload>, Duration) {
        match self {
            Pattern::Video(video) => video.due(media_time),
            Pattern::Voice { bytes, interval } => {
                let payload = Payload {
                    bytes: vec![0x78; *bytes],
                    marker: false,
                    media_time,
                };
                (vec![payload], *interval)
            }
        }
    }
}
