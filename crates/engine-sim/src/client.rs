//! A client: str0m as browsers use it, with the SRTP keys at hand.

use crate::feed::{Feed, Kind, RIDS, read_payload};
use crate::random::Random;
use crate::tag::Tag;
use engine::command::{TransportId, TransportRole};
use engine::internals::{KeySlot, build_rtc};
use engine::media::{Keys, Profile, Seal};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::media::{Direction, Mid, Rid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive};
use str0m::rtp::Extension;
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// What a client has received of one track.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    pub packets: u64,
    pub keys: u64,
    pub layer: u8,
    /// Changes of the layer.
    pub switches: u64,
    pub last: Option<Instant>,
    /// The longest time between two packets.
    pub silence: Duration,
}

/// A packet that a publisher has put on its wire.
#[derive(Debug, Clone, Copy)]
pub struct Produced {
    pub tag: Tag,
    pub ssrc: u32,
    pub first_seq: u64,
}

pub struct Client {
    pub transport: TransportId,
    pub role: TransportRole,
    /// What its own socket is bound to.
    address: SocketAddr,
    /// What the engine sees, behind whatever translates addresses.
    pub public: SocketAddr,
    pub rtc: Rtc,
    pub keys: KeySlot,
    pub feeds: Vec<Feed>,
    pub connected: bool,
    pub closed: bool,
    /// str0m gave up; nothing that the engine sends may do that.
    pub broken: Option<String>,
    pub heard: BTreeMap<u16, Heard>,
    pub keyframe_requests: u64,
    pub channels: HashMap<String, ChannelId>,
    pub messages: u64,
    pub sent: Vec<Vec<u8>>,
    pub produced: Vec<Produced>,
    ssrcs: HashMap<(Mid, Option<Rid>), u32>,
    mids: HashMap<u32, Mid>,
    deadline: Instant,
}

impl Client {
    pub fn new(
        transport: TransportId,
        role: TransportRole,
        engine: SocketAddr,
        now: Instant,
    ) -> Self {
        let config = RtcConfig::new()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .set_sctp_max_buffered_amount(4 << 20)
            .set_extension(13, Extension::VideoOrientation);
        let (mut rtc, keys) = build_rtc(config, now);
        let address = SocketAddr::new(
            [198, 18, (transport >> 8) as u8, transport as u8].into(),
            5000 + (transport >> 16) as u16,
        );
        debug_assert_ne!(address, engine);
        if let Ok(candidate) = Candidate::host(address, "udp") {
            rtc.add_local_candidate(candidate);
        }
        Client {
            transport,
            role,
            address,
            public: address,
            rtc,
            keys,
            feeds: Vec::new(),
            connected: false,
            closed: false,
            broken: None,
            heard: BTreeMap::new(),
            keyframe_requests: 0,
            channels: HashMap::new(),
            messages: 0,
            sent: Vec::new(),
            produced: Vec::new(),
            ssrcs: HashMap::new(),
            mids: HashMap::new(),
            deadline: now,
        }
    }

    /// One m-line for each track, its layers on one, and data channels.
    pub fn offer(&mut self, tracks: Vec<Vec<Feed>>) -> (String, SdpPendingOffer) {
        let mut api = self.rtc.sdp_api();
        for (label, ordered) in [("_reliable", true), ("_lossy", false)] {
            let reliability = match ordered {
                true => Reliability::Reliable,
                false => Reliability::MaxRetransmits { retransmits: 0 },
            };
            api.add_channel_with_config(ChannelConfig {
                label: label.to_owned(),
                ordered,
                reliability,
                ..Default::default()
            });
        }
        for mut feeds in tracks {
            let Some(plan) = feeds.first().map(|feed| feed.plan) else {
                continue;
            };
            let simulcast = (plan.kind == Kind::Simulcast).then(|| {
                let mut simulcast = Simulcast::new();
                for rid in RIDS {
                    simulcast.add_send_layer(SimulcastLayer::new(rid));
                }
                simulcast
            });
            let (stream, track) = (Some("stream".to_owned()), Some(format!("t{}", plan.track)));
            let mid = api.add_media(
                plan.kind.media(),
                Direction::SendOnly,
                stream,
                track,
                simulcast,
            );
            for feed in &mut feeds {
                feed.mid = mid;
            }
            self.feeds.append(&mut feeds);
        }
        let (offer, pending) = api.apply().expect("there is something to offer");
        (offer.to_sdp_string(), pending)
    }

    pub fn accept(&mut self, pending: SdpPendingOffer, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).expect("the engine's answer is one");
        if let Err(error) = self.rtc.sdp_api().accept_answer(pending, answer) {
            self.broken = Some(error.to_string());
        }
        self.drain(None);
    }

    pub fn answer(&mut self, offer: &str) -> Option<String> {
        // As browsers do; str0m by itself takes the passive side.
        let offer = offer.replace("a=setup:actpass", "a=setup:passive");
        let offer = SdpOffer::from_sdp_string(&offer).expect("the engine's offer is one");
        let answer = self.rtc.sdp_api().accept_offer(offer);
        self.drain(None);
        match answer {
            Ok(answer) => Some(answer.to_sdp_string()),
            Err(error) => {
                self.broken = Some(error.to_string());
                None
            }
        }
    }

    pub fn receive(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        let Ok(receive) = Receive::new(Protocol::Udp, from, self.address, bytes) else {
            return;
        };
        if self.alive() {
            let _ = self.rtc.handle_input(Input::Receive(now, receive));
            self.drain(Some(now));
        }
    }

    pub fn alive(&self) -> bool {
        self.rtc.is_alive() && self.broken.is_none()
    }

    /// When `tick` is due.
    pub fn due(&self) -> Option<Instant> {
        if !self.alive() {
            return None;
        }
        let feeds = self
            .feeds
            .iter()
            .filter(|feed| self.connected && feed.running);
        let next = feeds.map(|feed| feed.next).min();
        Some(next.map_or(self.deadline, |next| next.min(self.deadline)))
    }

    pub fn tick(&mut self, now: Instant) {
        if !self.alive() {
            return;
        }
        if self.connected {
            let mut feeds = std::mem::take(&mut self.feeds);
            for feed in feeds.iter_mut().filter(|feed| feed.running) {
                while feed.next <= now {
                    self.play(feed, now);
                }
            }
            self.feeds = feeds;
        }
        if self.deadline <= now {
            let _ = self.rtc.handle_input(Input::Timeout(now));
            self.drain(Some(now));
        }
    }

    fn play(&mut self, feed: &mut Feed, now: Instant) {
        for (tag, packet) in feed.frame(now) {
            let mut api = self.rtc.direct_api();
            let Some(stream) = api.stream_tx_by_mid(feed.mid, feed.rid) else {
                continue;
            };
            let ssrc = *stream.ssrc();
            stream.write_rtp(packet);
            self.ssrcs.insert((feed.mid, feed.rid), ssrc);
            self.produced.push(Produced {
                tag,
                ssrc,
                first_seq: feed.first_seq,
            });
            // Without a turn for each packet str0m sends one of them only.
            let _ = self.rtc.handle_input(Input::Timeout(now));
            self.drain(Some(now));
        }
    }

    /// Starts or stops a layer of a track.
    pub fn run_layer(&mut self, track: u16, layer: u8, running: bool, now: Instant) {
        let feeds = self.feeds.iter_mut();
        for feed in feeds.filter(|f| f.plan.track == track && f.layer == layer) {
            if running && !feed.running {
                feed.resume(now);
            }
            feed.running = running;
        }
    }

    pub fn request_keyframes(&mut self, now: Instant) {
        let mids: Vec<Mid> = self.mids.values().copied().collect();
        for mid in mids {
            if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, None) {
                stream.request_keyframe(str0m::media::KeyframeRequestKind::Pli);
            }
        }
        let _ = self.rtc.handle_input(Input::Timeout(now));
        self.drain(Some(now));
    }

    pub fn send_data(&mut self, label: &str, bytes: &[u8]) {
        let channel = self
            .channels
            .get(label)
            .and_then(|id| self.rtc.channel(*id));
        if let Some(mut channel) = channel {
            let _ = channel.write(true, bytes);
            self.drain(None);
        }
    }

    pub fn close(&mut self) {
        let _ = self.rtc.close();
        self.drain(None);
    }

    /// The client's own keys, for what str0m would never send. None before the handshake is done.
    pub fn seal(&self) -> Option<Seal> {
        let keys = self.keys.get()?;
        let profile = Profile::from_dtls(&keys.profile)?;
        Some(
            Keys::from_dtls(&keys.material, profile, keys.active)
                .ok()?
                .0,
        )
    }

    /// Behind another address from now on, without knowing it.
    pub fn rebind(&mut self, random: &mut Random) {
        let host = [203, 0, 113, 1 + random.below(250) as u8];
        self.public = SocketAddr::new(host.into(), 1024 + random.below(60_000) as u16);
    }

    fn drain(&mut self, now: Option<Instant>) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.deadline = at;
                    return;
                }
                Ok(Output::Transmit(transmit)) => self.sent.push(transmit.contents.to_vec()),
                Ok(Output::Event(event)) => self.note(now, event),
                Err(error) => {
                    self.broken = Some(error.to_string());
                    return;
                }
            }
        }
    }

    fn note(&mut self, now: Option<Instant>, event: Event) {
        match event {
            Event::Connected => self.connected = true,
            Event::Closed => self.closed = true,
            Event::RtpPacket(packet) => {
                let ssrc = packet.header.ssrc;
                let stream = self
                    .rtc
                    .direct_api()
                    .stream_rx(&ssrc)
                    .map(|stream| stream.mid());
                if let Some(mid) = stream {
                    self.mids.insert(*ssrc, mid);
                }
                if let (Some((tag, _)), Some(now)) = (read_payload(&packet.payload), now) {
                    self.heard.entry(tag.track).or_default().note(&tag, now);
                }
            }
            Event::KeyframeRequest(request) => {
                self.keyframe_requests += 1;
                for feed in self.feeds.iter_mut().filter(|f| f.mid == request.mid) {
                    feed.key_wanted = true;
                }
            }
            Event::ChannelOpen(id, label) => {
                self.channels.insert(label, id);
            }
            Event::ChannelData(_) => self.messages += 1,
            _ => {}
        }
    }
}

impl Heard {
    fn note(&mut self, tag: &Tag, now: Instant) {
        if let Some(last) = self.last {
            self.silence = self.silence.max(now.saturating_duration_since(last));
            self.switches += u64::from(tag.layer != self.layer);
        }
        self.packets += 1;
        self.keys += u64::from(tag.begins_key());
        self.layer = tag.layer;
        self.last = Some(now);
    }
}
