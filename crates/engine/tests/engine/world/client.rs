use super::feed::Feed;
use super::{engine_address, parse_answer, parse_offer};
use engine::event::MidTrack;
use engine::remote::{Remote, StreamId};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::bwe::{Bitrate, BweKind};
use str0m::change::SdpPendingOffer;
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::media::{Direction, MediaKind, Mid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::{Extension, RtpPacket, Ssrc};
use str0m::stats::RemoteIngressStats;
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// How a client differs from the usual one.
#[derive(Clone, Copy)]
pub struct Setup {
    pub answers: bool,
    pub red: bool,
    pub vp8: bool,
    /// Answers `setup:active`, as browsers do; str0m by itself takes `passive`.
    pub active: bool,
    /// Estimates what its path carries, by the engine's feedback.
    pub estimates: bool,
    /// Tells of every packet when it arrived (transport-wide feedback).
    pub tells_arrivals: bool,
    /// Comes by datagrams, by a TCP stream, or as ICE finds best.
    pub udp: bool,
    pub tcp: bool,
    /// What the server was told: no picture to it is paused.
    pub keep_pictures: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            answers: true,
            red: true,
            vp8: true,
            active: true,
            estimates: false,
            tells_arrivals: true,
            udp: true,
            tcp: false,
            keep_pictures: false,
        }
    }
}

pub struct Client {
    pub transport: u32,
    pub address: SocketAddr,
    /// Where its stream comes from.
    pub stream: Remote,
    pub setup: Setup,
    pub rtc: Rtc,
    pub feeds: Vec<Feed>,
    pub connected: bool,
    pub closed: bool,
    pub received: Vec<(Mid, RtpPacket)>,
    pub keyframe_requests: u32,
    pub channels: HashMap<String, ChannelId>,
    pub data: Vec<(String, Vec<u8>)>,
    pub reports: u32,
    /// Bits per second.
    pub estimates: Vec<u64>,
    /// M-lines to receive on that were offered.
    pub receiving: Vec<Mid>,
    /// Which track is on which of them, by the last answer.
    pub tracks: Vec<MidTrack>,
    /// Layers that the engine has reported on, by their name.
    pub reported: HashMap<String, RemoteIngressStats>,
    pub sent: Vec<(Protocol, Vec<u8>)>,
    deadline: Instant,
}

impl Client {
    pub fn new(transport: u32, now: Instant, setup: Setup) -> Self {
        let config = RtcConfig::new()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, setup.red)
            .enable_vp8(setup.vp8)
            .enable_h264(!setup.vp8)
            .set_sctp_max_buffered_amount(4 << 20)
            .set_stats_interval(Some(Duration::from_secs(1)))
            .set_extension(13, Extension::VideoOrientation);
        let mut config = config;
        for params in config.codec_config().iter_mut() {
            params.set_fb_transport_cc(setup.tells_arrivals);
        }
        let config = match setup.estimates {
            true => config.enable_bwe(Some(Bitrate::kbps(300))),
            false => config,
        };
        let mut rtc = config.build(now);
        let address: SocketAddr = format!("198.51.100.{transport}:{}", 5000 + transport)
            .parse()
            .expect("an address");
        let stream = Remote {
            address: SocketAddr::new(address.ip(), 40_000 + transport as u16),
            stream: StreamId::new(transport),
        };
        if setup.udp {
            let candidate = Candidate::host(address, "udp").expect("a candidate");
            rtc.add_local_candidate(candidate);
        }
        if setup.tcp {
            let candidate = Candidate::builder().tcp().host(stream.address);
            let candidate = candidate.tcptype(TcpType::Active).build();
            rtc.add_local_candidate(candidate.expect("a candidate"));
        }
        Client {
            transport,
            address,
            stream,
            setup,
            rtc,
            feeds: Vec::new(),
            connected: false,
            closed: false,
            received: Vec::new(),
            keyframe_requests: 0,
            channels: HashMap::new(),
            data: Vec::new(),
            reports: 0,
            estimates: Vec::new(),
            receiving: Vec::new(),
            tracks: Vec::new(),
            reported: HashMap::new(),
            sent: Vec::new(),
            deadline: now,
        }
    }

    /// Whether this is its address, or its stream.
    pub fn is_at(&self, place: Remote) -> bool {
        place == self.stream || place == self.address.into()
    }

    /// One m-line for each feed, layers of simulcast on one.
    pub fn offer(&mut self, feeds: Vec<Feed>) -> (String, SdpPendingOffer) {
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
        let mut groups: HashMap<String, Mid> = HashMap::new();
        let names: Vec<(String, bool)> = feeds
            .iter()
            .map(|f| (f.name.clone(), f.rid.is_some()))
            .collect();
        for (mut feed, (name, layered)) in feeds.into_iter().zip(&names) {
            let rids: Vec<&'static str> = vec!["q", "h", "f"];
            let mid = *groups.entry(name.clone()).or_insert_with(|| {
                let simulcast = layered.then(|| {
                    let mut simulcast = Simulcast::new();
                    for rid in rids {
                        simulcast.add_send_layer(SimulcastLayer::new(rid));
                    }
                    simulcast
                });
                let (stream, track) = (Some("stream".to_owned()), Some(name.clone()));
                api.add_media(feed.kind, Direction::SendOnly, stream, track, simulcast)
            });
            feed.mid = mid;
            self.feeds.push(feed);
        }
        let (offer, pending) = api.apply().expect("something to offer");
        (offer.to_sdp_string(), pending)
    }

    /// Offers more m-lines to receive on; those that fell silent are offered again.
    pub fn offer_sections(&mut self, audio: u32, video: u32) -> (String, SdpPendingOffer) {
        engine::internals::offer_to_receive(&mut self.rtc, &mut self.receiving, audio, video)
    }

    pub fn accept(&mut self, pending: SdpPendingOffer, answer: &str) {
        let answer = parse_answer(answer);
        self.rtc
            .sdp_api()
            .accept_answer(pending, answer)
            .expect("the answer is good");
        self.drain();
    }

    pub fn answer(&mut self, offer: &str) -> String {
        let offer = match self.setup.active {
            true => offer.replace("a=setup:actpass", "a=setup:passive"),
            false => offer.to_owned(),
        };
        let offer = parse_offer(&offer);
        let answer = self
            .rtc
            .sdp_api()
            .accept_offer(offer)
            .expect("the offer is good");
        self.drain();
        answer.to_sdp_string()
    }

    pub fn receive(&mut self, now: Instant, here: Remote, bytes: &[u8]) {
        let protocol = match here.stream {
            Some(_) => Protocol::Tcp,
            None => Protocol::Udp,
        };
        let Ok(receive) = Receive::new(protocol, engine_address(), here.address, bytes) else {
            return;
        };
        if self.rtc.is_alive() {
            let _ = self.rtc.handle_input(Input::Receive(now, receive));
            self.drain();
        }
    }

    pub fn next_due(&self) -> Instant {
        let feeds = self
            .feeds
            .iter()
            .filter(|feed| self.connected && feed.running);
        let next = feeds.map(|feed| feed.next).min();
        let own = if self.rtc.is_alive() {
            self.deadline
        } else {
            self.deadline + Duration::from_secs(3600)
        };
        next.map_or(own, |next| next.min(own))
    }

    pub fn tick(&mut self, now: Instant) {
        if !self.rtc.is_alive() {
            return;
        }
        if self.connected {
            let mut feeds = std::mem::take(&mut self.feeds);
            for feed in feeds.iter_mut().filter(|feed| feed.running) {
                while feed.next <= now {
                    for packet in feed.frame(now) {
                        let mut api = self.rtc.direct_api();
                        if let Some(stream) = api.stream_tx_by_mid(feed.mid, feed.rid) {
                            stream.write_rtp(packet);
                        }
                        let _ = self.rtc.handle_input(Input::Timeout(now));
                        self.drain();
                    }
                }
            }
            feeds.append(&mut self.feeds);
            self.feeds = feeds;
        }
        if self.deadline <= now {
            let _ = self.rtc.handle_input(Input::Timeout(now));
            self.drain();
        }
    }

    pub fn send_data(&mut self, label: &str, bytes: &[u8]) {
        let id = self.channels[label];
        let mut channel = self.rtc.channel(id).expect("an open channel");
        assert!(channel.write(true, bytes).expect("the channel takes it"));
        self.drain();
    }

    pub fn request_keyframe(&mut self, now: Instant, mid: Mid) {
        let mut api = self.rtc.direct_api();
        let stream = api.stream_rx_by_mid(mid, None).expect("a stream");
        stream.request_keyframe(str0m::media::KeyframeRequestKind::Pli);
        let _ = self.rtc.handle_input(Input::Timeout(now));
        self.drain();
    }

    /// Says by REMB what its path carries, in bit/s. Says nothing before it has received a picture.
    pub fn say_estimate(&mut self, now: Instant, bitrate: u64) {
        let video = |mid: &Mid| self.rtc.media(*mid).map(|m| m.kind()) == Some(MediaKind::Video);
        let mid = self.received.iter().map(|(mid, _)| *mid).find(video);
        let mut api = self.rtc.direct_api();
        let stream = mid.and_then(|mid| api.stream_rx_by_mid(mid, None));
        let Some(stream) = stream else {
            return;
        };
        stream.request_remb(str0m::bwe::Bitrate::from(bitrate));
        let _ = self.rtc.handle_input(Input::Timeout(now));
        self.drain();
    }

    pub fn close(&mut self) {
        let _ = self.rtc.close();
        self.drain();
    }

    /// The stream of a feed ends, and another one goes on under new SSRCs.
    pub fn restart(&mut self, index: usize, ssrc: u32) {
        let feed = &self.feeds[index];
        let mut api = self.rtc.direct_api();
        let old = api.stream_tx_by_mid(feed.mid, feed.rid);
        let old = old.map(|stream| stream.ssrc());
        old.map(|ssrc| api.remove_stream_tx(ssrc));
        let rtx = Some(Ssrc::from(ssrc + 1));
        api.declare_stream_tx(Ssrc::from(ssrc), rtx, feed.mid, feed.rid);
    }

    /// Received packets of one track of a single transport.
    pub fn of_track(&self, track: &str) -> Vec<&RtpPacket> {
        let of = |mid: &Mid| {
            let mid = mid.to_string();
            self.tracks.iter().any(|t| t.track == track && t.mid == mid)
        };
        let packets = self.received.iter().filter(|(mid, _)| of(mid));
        packets.map(|(_, packet)| packet).collect()
    }

    /// Received packets of one kind.
    pub fn packets(&self, kind: MediaKind) -> Vec<&RtpPacket> {
        let of_kind = |mid: &Mid| self.rtc.media(*mid).is_some_and(|m| m.kind() == kind);
        let packets = self.received.iter().filter(|(mid, _)| of_kind(mid));
        packets.map(|(_, packet)| packet).collect()
    }

    /// Takes what str0m has to say, after it was handed something from outside.
    pub fn poll(&mut self) {
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
                    let bytes = transmit.contents.to_vec();
                    self.sent.push((transmit.proto, bytes));
                }
                Ok(Output::Event(event)) => self.note(event),
                Err(error) => panic!("client {}: {error}", self.transport),
            }
        }
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Connected => self.connected = true,
            Event::Closed => self.closed = true,
            Event::RtpPacket(packet) => {
                let ssrc = packet.header.ssrc;
                let mid = self
                    .rtc
                    .direct_api()
                    .stream_rx(&ssrc)
                    .expect("its stream")
                    .mid();
                self.received.push((mid, packet));
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
            Event::ChannelData(data) => {
                let label = self.channels.iter().find(|(_, id)| **id == data.id);
                let label = label.map(|(label, _)| label.clone()).unwrap_or_default();
                self.data.push((label, data.data));
            }
            Event::SenderFeedback(_) => self.reports += 1,
            Event::MediaEgressStats(stats) => {
                let name = stats.rid.map(|rid| rid.to_string()).unwrap_or_default();
                let remote = stats.remote.map(|remote| (name, remote));
                self.reported.extend(remote);
            }
            Event::EgressBitrateEstimate(BweKind::Twcc { estimate, .. }) => {
                self.estimates.push(estimate.as_u64());
            }
            _ => {}
        }
    }
}
