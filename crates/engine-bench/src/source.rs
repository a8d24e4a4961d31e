//! A publisher: str0m seals what the patterns of its tracks make.

use crate::pattern::Pattern;
use crate::peer::{self, Peer};
use crate::way::Way;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use str0m::change::SdpPendingOffer;
use str0m::media::{Direction, MediaKind, Mid, Rid, Simulcast, SimulcastLayer};
use str0m::rtp::{ExtensionValues, RtpWrite, SeqNo};

pub struct Source {
    pub id: u32,
    pub way: Way,
    pub peer: Peer,
    pub sent: u64,
    /// Datagrams that came.
    pub heard: u64,
    /// What people hear of whoever speaks.
    pub loud: bool,
    pending: Option<SdpPendingOffer>,
    feeds: Vec<Feed>,
    started: Option<Instant>,
}

/// One stream: a voice, a picture, or one layer of a picture.
struct Feed {
    mid: Mid,
    rid: Option<Rid>,
    pattern: Pattern,
    seq: u64,
    next: Instant,
}

/// Three layers as LiveKit's clients send them of a camera with 720 lines.
const CAMERA: [(&str, &str); 3] = [
    ("q", "video:160:20:180"),
    ("h", "video:450:20:360"),
    ("f", "video:1700:30:720"),
];

/// Dated as browsers' voices: 960 samples every 20 ms.
const AUDIO_CLOCK: u128 = 48_000;
const VIDEO_CLOCK: u128 = 90_000;

/// An m-line of an offer.
pub struct Offered {
    pub track: String,
    pub mid: String,
    pub video: bool,
    pub layers: usize,
}

impl Source {
    /// `tracks`: patterns, or `camera` for three layers, separated by commas.
    pub fn new(
        id: u32,
        ip: IpAddr,
        tracks: &str,
    ) -> Result<(Source, String, Vec<Offered>), String> {
        let way = Way::udp(ip)?;
        let mut peer = Peer::new(&way)?;
        let now = Instant::now();
        let (mut feeds, mut offered) = (vec![], vec![]);
        let mut api = peer.rtc.sdp_api();
        for (number, name) in tracks.split(',').enumerate() {
            let layers: Vec<(Option<&str>, &str)> = match name {
                "camera" => CAMERA
                    .iter()
                    .map(|(rid, text)| (Some(*rid), *text))
                    .collect(),
                one => vec![(None, one)],
            };
            let parse = |text: &str| {
                Pattern::parse(text).ok_or_else(|| format!("'{text}' is nothing a track can send."))
            };
            let patterns: Vec<Pattern> = layers
                .iter()
                .map(|(_, text)| parse(text))
                .collect::<Result<_, _>>()?;
            let video = patterns.iter().any(Pattern::is_video);
            let kind = if video {
                MediaKind::Video
            } else {
                MediaKind::Audio
            };
            let simulcast = (layers.len() > 1).then(|| {
                let mut simulcast = Simulcast::new();
                for rid in layers.iter().filter_map(|(rid, _)| *rid) {
                    simulcast.add_send_layer(SimulcastLayer::new(rid));
                }
                simulcast
            });
            let track = format!("t{id}-{number}");
            let stream = Some(format!("s{id}"));
            let mid = api.add_media(
                kind,
                Direction::SendOnly,
                stream,
                Some(track.clone()),
                simulcast,
            );
            offered.push(Offered {
                track,
                mid: mid.to_string(),
                video,
                layers: layers.len(),
            });
            for ((rid, _), pattern) in layers.into_iter().zip(patterns) {
                feeds.push(Feed {
                    mid,
                    rid: rid.map(Rid::from),
                    pattern,
                    seq: 100,
                    next: now,
                });
            }
        }
        let (offer, pending) = api.apply().ok_or("There is nothing to offer.")?;
        let source = Source {
            id,
            way,
            peer,
            sent: 0,
            heard: 0,
            loud: true,
            pending: Some(pending),
            feeds,
            started: None,
        };
        Ok((source, offer.to_sdp_string(), offered))
    }

    pub fn accept(&mut self, answer: &str) -> Result<(), String> {
        let pending = self.pending.take().ok_or("An answer to no offer.")?;
        self.peer.accept(pending, answer, &mut self.way)
    }

    /// Sends from `at` on.
    pub fn play(&mut self, at: Instant) {
        self.started.get_or_insert(at);
        for feed in &mut self.feeds {
            feed.next = at;
        }
    }

    /// When something is to be sent.
    pub fn next(&self) -> Option<Instant> {
        self.feeds.iter().map(|feed| feed.next).min()
    }

    /// Its next key frames come at this part of the time from one to the next.
    pub fn spread(&mut self, number: u32, of: u32) {
        for feed in &mut self.feeds {
            if let Pattern::Video(video) = &mut feed.pattern {
                video.spread(number, of);
            }
        }
    }

    pub fn receive(&mut self, buffer: &mut [u8]) -> Result<(), String> {
        while let Some((length, from, _)) = self.way.receive(buffer) {
            self.heard += 1;
            let Some(from) = from else { continue };
            self.peer.receive(from, &buffer[..length], &mut self.way)?;
        }
        for request in self.peer.keyframes.drain(..) {
            let asked = |feed: &&mut Feed| feed.mid == request.mid && feed.rid == request.rid;
            for feed in self.feeds.iter_mut().filter(asked) {
                if let Pattern::Video(video) = &mut feed.pattern {
                    video.want_key();
                }
            }
        }
        self.peer.tick(Instant::now(), &mut self.way)
    }

    /// Sends what is due.
    pub fn send(&mut self, now: Instant) -> Result<(), String> {
        let started = self.started.unwrap_or(now);
        for feed in &mut self.feeds {
            while feed.next <= now {
                let (payloads, wait) = feed.pattern.due(feed.next - started);
                for mut payload in payloads {
                    peer::stamp(&mut payload.bytes);
                    feed.seq += 1;
                    let video = feed.pattern.is_video();
                    let (clock, pt) = match video {
                        true => (VIDEO_CLOCK, 96),
                        false => (AUDIO_CLOCK, 111),
                    };
                    let since = payload.media_time.as_nanos();
                    let timestamp = (since * clock / 1_000_000_000) as u32;
                    let seq = SeqNo::from(feed.seq);
                    let packet = RtpWrite::new(pt.into(), seq, timestamp, now, payload.bytes);
                    let packet = packet
                        .marker(payload.marker)
                        .ext_vals(level(self.loud, video));
                    let mut api = self.peer.rtc.direct_api();
                    if let Some(stream) = api.stream_tx_by_mid(feed.mid, feed.rid) {
                        stream.write_rtp(packet);
                    }
                    self.peer.handle_timeout(now)?;
                    self.peer.drain(&mut self.way)?;
                    self.sent += 1;
                }
                feed.next += wait;
            }
        }
        Ok(())
    }
}

fn level(loud: bool, video: bool) -> ExtensionValues {
    if video {
        return ExtensionValues::default();
    }
    ExtensionValues {
        audio_level: Some(if loud { -30 } else { -90 }),
        voice_activity: Some(loud),
        ..Default::default()
    }
}

/// Sources are not in step with each other.
pub fn phase(number: usize, of: usize) -> Duration {
    Duration::from_micros(33_333) * number as u32 / of.max(1) as u32
}
