//! A light client: str0m for the handshake, then as little as possible, so that the engine has the processor.

use socket2::Socket;
use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpWrite, SeqNo};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

pub struct Client {
    pub transport: u32,
    pub connected: bool,
    /// Media packets that arrived.
    pub received: u64,
    /// Their bytes, without IP and UDP.
    pub received_bytes: u64,
    /// Streams heard.
    pub heard: HashSet<u32>,
    /// Packets that str0m opened and found whole; only where `checks` is set.
    pub opened: u64,
    /// Hands media to str0m instead of counting it.
    checks: bool,
    pub problem: Option<String>,
    rtc: Rtc,
    socket: UdpSocket,
    target: SocketAddr,
    address: SocketAddr,
    deadline: Instant,
}

impl Client {
    pub fn new(transport: u32, target: SocketAddr, checks: bool) -> Result<Client, String> {
        let words = |error: std::io::Error| format!("A client has no socket: {error}");
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(words)?;
        let buffer = Socket::from(socket.try_clone().map_err(words)?);
        buffer.set_recv_buffer_size(1 << 20).map_err(words)?;
        socket.set_nonblocking(true).map_err(words)?;
        let address = socket.local_addr().map_err(words)?;
        let now = Instant::now();
        let config = RtcConfig::new().set_rtp_mode(true).clear_codecs();
        let mut rtc = config.enable_opus(true, false).enable_vp8(true).build(now);
        let candidate = Candidate::host(address, "udp").map_err(|error| error.to_string())?;
        rtc.add_local_candidate(candidate);
        Ok(Client {
            transport,
            connected: false,
            received: 0,
            received_bytes: 0,
            heard: HashSet::new(),
            opened: 0,
            checks,
            problem: None,
            rtc,
            socket,
            target,
            address,
            deadline: now,
        })
    }

    /// Offers one track.
    pub fn offer(&mut self, kind: MediaKind) -> Result<(String, SdpPendingOffer, Mid), String> {
        let mut api = self.rtc.sdp_api();
        let (stream, track) = (Some("stream".to_owned()), Some("track".to_owned()));
        let mid = api.add_media(kind, Direction::SendOnly, stream, track, None);
        let (offer, pending) = api.apply().ok_or("nothing to offer")?;
        Ok((offer.to_sdp_string(), pending, mid))
    }

    pub fn accept(&mut self, pending: SdpPendingOffer, answer: &str) -> Result<(), String> {
        let answer = SdpAnswer::from_sdp_string(answer).map_err(|error| error.to_string())?;
        let accepted = self.rtc.sdp_api().accept_answer(pending, answer);
        self.drain();
        accepted.map_err(|error| error.to_string())
    }

    /// Answers as browsers do: as the DTLS client.
    pub fn answer(&mut self, offer: &str) -> Result<String, String> {
        let offer = offer.replace("a=setup:actpass", "a=setup:passive");
        let offer = SdpOffer::from_sdp_string(&offer).map_err(|error| error.to_string())?;
        let answer = self.rtc.sdp_api().accept_offer(offer);
        self.drain();
        Ok(answer.map_err(|error| error.to_string())?.to_sdp_string())
    }

    /// Reads what came and does what is due.
    pub fn turn(&mut self, buffer: &mut [u8]) {
        while let Ok((len, _)) = self.socket.recv_from(buffer) {
            let bytes = &buffer[..len];
            if let [128..=191, second, ..] = bytes
                && !(192..=223).contains(second)
            {
                self.received += 1;
                self.received_bytes += len as u64;
                if let Some(ssrc) = bytes.get(8..12) {
                    self.heard
                        .insert(u32::from_be_bytes([ssrc[0], ssrc[1], ssrc[2], ssrc[3]]));
                }
                if !self.checks {
                    continue;
                }
            }
            let Ok(receive) = Receive::new(Protocol::Udp, self.target, self.address, bytes) else {
                continue;
            };
            let input = Input::Receive(Instant::now(), receive);
            if let Err(error) = self.rtc.handle_input(input) {
                self.problem = Some(error.to_string());
            }
            self.drain();
        }
        let now = Instant::now();
        if self.deadline <= now && self.rtc.is_alive() {
            let _ = self.rtc.handle_input(Input::Timeout(now));
            self.drain();
        }
    }

    pub fn send(&mut self, mid: Mid, packet: RtpWrite) {
        let mut api = self.rtc.direct_api();
        if let Some(stream) = api.stream_tx_by_mid(mid, None) {
            stream.write_rtp(packet);
        }
        let _ = self.rtc.handle_input(Input::Timeout(Instant::now()));
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.deadline = at;
                    return;
                }
                Ok(Output::Transmit(transmit)) => {
                    // A full buffer is loss, as on any network.
                    let _ = self
                        .socket
                        .send_to(&transmit.contents, transmit.destination);
                }
                Ok(Output::Event(Event::Connected)) => self.connected = true,
                Ok(Output::Event(Event::RtpPacket(packet))) => {
                    // All payloads end alike, whatever a codec's header before it says.
                    self.opened += u64::from(packet.payload.ends_with(&PAYLOAD_END));
                }
                Ok(Output::Event(_)) => {}
                Err(error) => {
                    self.problem = Some(error.to_string());
                    return;
                }
            }
        }
    }
}

const PAYLOAD_END: [u8; 4] = [0xC0, 0xFF, 0xEE, 0x11];
/// About 40 kbit/s of Opus.
const AUDIO_BYTES: usize = 100;
const VIDEO_BYTES: usize = 1_100;
/// With 30 frames a second about 2.1 Mbit/s.
const FRAME_PACKETS: u64 = 8;
const FRAME: Duration = Duration::from_micros(33_333);
/// Browsers pace the packets of a frame in groups.
const GROUP: u64 = 3;
const GROUP_GAP: Duration = Duration::from_millis(5);

/// What a publisher sends: Opus every 20 ms, or VP8 paced like a browser's.
pub struct Source {
    pub mid: Mid,
    video: bool,
    next: Instant,
    seq: u64,
    frame: u32,
}

impl Source {
    pub fn new(mid: Mid, video: bool) -> Source {
        Source {
            mid,
            video,
            next: Instant::now(),
            seq: 100,
            frame: 0,
        }
    }

    /// Begins to send at `at`.
    pub fn start(&mut self, at: Instant) {
        self.next = at;
    }

    /// The packets that are due.
    pub fn due(&mut self, now: Instant) -> Vec<RtpWrite> {
        let mut packets = vec![];
        while self.next <= now {
            if self.video {
                for _ in 0..GROUP {
                    packets.push(self.video_packet(now));
                    if self.seq.is_multiple_of(FRAME_PACKETS) {
                        break;
                    }
                }
                let groups = FRAME_PACKETS.div_ceil(GROUP) as u32;
                let frame_ends = self.seq.is_multiple_of(FRAME_PACKETS);
                self.next += if frame_ends {
                    FRAME - GROUP_GAP * (groups - 1)
                } else {
                    GROUP_GAP
                };
            } else {
                packets.push(self.audio_packet(now));
                self.next += Duration::from_millis(20);
            }
        }
        packets
    }

    fn audio_packet(&mut self, now: Instant) -> RtpWrite {
        self.seq += 1;
        let mut payload = vec![0x78; AUDIO_BYTES - PAYLOAD_END.len()];
        payload.extend(PAYLOAD_END);
        let level = ExtensionValues {
            audio_level: Some(-30),
            voice_activity: Some(true),
            ..Default::default()
        };
        let timestamp = (self.seq as u32).wrapping_mul(960);
        RtpWrite::new(111.into(), SeqNo::from(self.seq), timestamp, now, payload).ext_vals(level)
    }

    fn video_packet(&mut self, now: Instant) -> RtpWrite {
        let at = self.seq % FRAME_PACKETS;
        if at == 0 {
            self.frame += 1;
        }
        self.seq += 1;
        // VP8 descriptor with picture id, TL0PICIDX and key index; a key frame every ten seconds.
        let begins = if at == 0 { 0x90 } else { 0x80 };
        let delta = u8::from(self.frame % 300 != 1);
        let picture = 0x8000 | self.frame as u16 & 0x7FFF;
        let mut payload = vec![
            begins,
            0xF0,
            (picture >> 8) as u8,
            picture as u8,
            self.frame as u8,
            1,
            0x10 | delta,
        ];
        payload.resize(VIDEO_BYTES - PAYLOAD_END.len(), 9);
        payload.extend(PAYLOAD_END);
        let timestamp = self.frame.wrapping_mul(3_000);
        let packet = RtpWrite::new(96.into(), SeqNo::from(self.seq), timestamp, now, payload);
        packet.marker(at + 1 == FRAME_PACKETS)
    }
}
