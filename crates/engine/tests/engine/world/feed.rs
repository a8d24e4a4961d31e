use std::time::{Duration, Instant};
use str0m::media::{MediaKind, Mid, Rid};
use str0m::rtp::{ExtensionValues, RtpWrite, SeqNo};

/// Packets of one video frame.
pub const FRAME_PACKETS: u64 = 3;

/// A source of packets: Opus every 20 ms, or VP8 frames every 33 ms.
pub struct Feed {
    pub name: String,
    pub kind: MediaKind,
    pub mid: Mid,
    pub rid: Option<Rid>,
    /// What stands for the layer in the payload.
    pub mark: u8,
    /// Pictures have temporal layers: the first of four in the lowest, then the highest, the middle and the highest again.
    pub temporal: bool,
    pub running: bool,
    pub next: Instant,
    pub key_wanted: bool,
    pub level: i8,
    pub red: bool,
    pub keys_sent: u32,
    /// Bytes behind the marks of the packets of a frame.
    pub sizes: [usize; FRAME_PACKETS as usize],
    seq: u64,
    since_key: u64,
    base: u8,
    timestamp: u32,
    picture: u16,
}

impl Feed {
    fn new(name: &str, kind: MediaKind, now: Instant) -> Self {
        Feed {
            name: name.to_owned(),
            kind,
            mid: Mid::from("?"),
            rid: None,
            mark: b'-',
            temporal: false,
            running: true,
            next: now,
            key_wanted: true,
            level: -20,
            red: false,
            keys_sent: 0,
            sizes: [900; FRAME_PACKETS as usize],
            seq: 100,
            since_key: 0,
            base: 0,
            timestamp: 50_000,
            picture: 32_700,
        }
    }

    pub fn audio(now: Instant) -> Self {
        Feed::new("audio", MediaKind::Audio, now)
    }

    pub fn video(now: Instant) -> Self {
        Feed::new("video", MediaKind::Video, now)
    }

    pub fn layer(now: Instant, rid: &str) -> Self {
        Feed {
            rid: Some(Rid::from(rid)),
            mark: rid.as_bytes()[0],
            ..Feed::video(now)
        }
    }

    pub fn frame(&mut self, now: Instant) -> Vec<RtpWrite> {
        match self.kind {
            MediaKind::Audio => vec![self.sound(now)],
            MediaKind::Video => self.picture(now),
        }
    }

    fn sound(&mut self, now: Instant) -> RtpWrite {
        self.next += Duration::from_millis(20);
        self.timestamp = self.timestamp.wrapping_add(960);
        self.seq += 1;
        let values = ExtensionValues {
            audio_level: Some(self.level),
            voice_activity: Some(true),
            ..Default::default()
        };
        let (pt, payload) = match self.red {
            // One older block of three bytes, then the newest.
            true => (
                63,
                vec![
                    0x80 | 111,
                    0x0f,
                    0x00,
                    3,
                    111,
                    1,
                    2,
                    3,
                    b'o',
                    b'p',
                    b'u',
                    b's',
                ],
            ),
            false => (111, b"opus".to_vec()),
        };
        RtpWrite::new(
            pt.into(),
            SeqNo::from(self.seq),
            self.timestamp,
            now,
            payload,
        )
        .ext_vals(values)
    }

    fn picture(&mut self, now: Instant) -> Vec<RtpWrite> {
        self.next += Duration::from_millis(33);
        self.timestamp = self.timestamp.wrapping_add(2970);
        self.picture = (self.picture + 1) & 0x7fff;
        let key = std::mem::take(&mut self.key_wanted);
        self.keys_sent += u32::from(key);
        self.since_key = if key { 0 } else { self.since_key + 1 };
        let place = self.since_key % 4;
        let layer = [0u8, 2, 1, 2][place as usize];
        self.base = self.base.wrapping_add(u8::from(place == 0));
        // The first ones of the upper layers need the lowest only.
        let sync = matches!(place, 1 | 2);
        let packets = (0..FRAME_PACKETS).map(|part| {
            self.seq += 1;
            let start = if part == 0 { 0x10 } else { 0 };
            let [high, low] = self.picture.to_be_bytes();
            let mut payload = vec![0x80 | start, 0x80, 0x80 | high, low];
            if self.temporal {
                payload[1] = 0xE0;
                payload.extend([self.base, layer << 6 | u8::from(sync) << 5]);
            }
            payload.push(u8::from(!key));
            payload.extend([self.mark, key as u8, part as u8]);
            payload.resize(payload.len() + self.sizes[part as usize], 7);
            RtpWrite::new(
                96.into(),
                SeqNo::from(self.seq),
                self.timestamp,
                now,
                payload,
            )
            .marker(part == FRAME_PACKETS - 1)
            .nackable(true)
        });
        packets.collect()
    }
}
