//! A client: str0m for ICE, DTLS, SCTP and SDP as browsers use them, and media of our own under the keys that its handshake leaves.

use crate::description::{self, Section};
use crate::feed::{Feed, Kind, Packet, RIDS};
use crate::observer::Arrival;
use crate::payload::{self, Reading};
use crate::random::Random;
use crate::reception::{Reception, findings};
use crate::stream::{self, Sealing, Stream};
use crate::tag::Tag;
use engine::command::{TransportId, TransportRole};
use engine::internals::{KeySlot, build_rtc};
use engine::media::demux::{Class, classify};
use engine::media::rtcp::Feedback;
use engine::media::{Codec, Keys, Profile};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::format::{Codec as Format, FormatParams};
use str0m::media::{Direction, Frequency, MediaKind, Mid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, ExtensionSerializer, ExtensionValues};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// Payload type of Opus at all clients.
pub const OPUS: u8 = 111;
const REPORTS: Duration = Duration::from_secs(1);

/// What a client has received of one track.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    pub packets: u64,
    pub keys: u64,
    /// Simulcast layer and spatial layer of the newest packet.
    pub layer: u8,
    /// Changes of the simulcast layer.
    pub switches: u64,
    pub last: Option<Instant>,
    /// When each simulcast layer or spatial layer last came.
    pub layers: [Option<Instant>; 3],
    /// The longest time between two packets.
    pub silence: Duration,
}

/// A packet that a publisher has put on its wire.
pub struct Produced {
    pub tag: Tag,
    pub ssrc: u32,
    pub first_seq: u64,
    pub reading: Reading,
    pub descriptor: Option<Rc<[u8]>>,
}

impl Produced {
    fn of(stream: &Stream, packet: &Packet) -> Produced {
        let kind = stream.feed.plan.kind;
        let reading = match kind {
            Kind::Red => payload::read(kind.codec(), packet.newest()),
            _ => payload::read(kind.codec(), &packet.payload),
        };
        Produced {
            tag: packet.tag,
            ssrc: stream.ssrc,
            first_seq: stream.feed.first_seq,
            reading,
            descriptor: packet.descriptor.as_deref().map(Rc::from),
        }
    }
}

pub struct Client {
    pub transport: TransportId,
    pub role: TransportRole,
    /// What the call is about; the rest of a description costs time.
    spoken: Vec<Codec>,
    /// What its own socket is bound to.
    address: SocketAddr,
    /// What the engine sees, behind whatever translates addresses.
    pub public: SocketAddr,
    pub rtc: Rtc,
    pub keys: KeySlot,
    pub streams: Vec<Stream>,
    pub sealing: Option<Sealing>,
    pub connected: bool,
    pub closed: bool,
    /// str0m gave up; nothing that the engine sends may do that.
    pub broken: Option<String>,
    pub heard: BTreeMap<u16, Heard>,
    pub keyframe_requests: u64,
    /// What it says by REMB that its path carries, in bit/s.
    pub estimate: Option<u64>,
    pub channels: HashMap<String, ChannelId>,
    pub messages: u64,
    pub sent: Vec<Vec<u8>>,
    pub produced: Vec<Produced>,
    /// M-lines that were offered to receive on.
    receiving: Vec<Mid>,
    reception: Reception,
    random: Random,
    epoch: Instant,
    next_report: Instant,
    deadline: Instant,
    /// When something is to be done, once that was found out.
    due: Option<Instant>,
}

/// An extension that str0m only negotiates.
#[derive(Debug)]
struct Negotiated;

impl ExtensionSerializer for Negotiated {
    fn write_to(&self, _: &mut [u8], _: &ExtensionValues) -> usize {
        0
    }

    fn parse_value(&self, _: &[u8], _: &mut ExtensionValues) -> bool {
        false
    }

    fn is_video(&self) -> bool {
        true
    }

    fn is_audio(&self) -> bool {
        false
    }
}

fn config(spoken: &[Codec]) -> RtcConfig {
    let config = RtcConfig::new().set_rtp_mode(true).clear_codecs();
    let mut config = config
        .enable_opus(true, true)
        .enable_vp8(spoken.contains(&Codec::Vp8));
    let codecs = config.codec_config();
    let format = FormatParams {
        profile_id: Some(0),
        ..Default::default()
    };
    if spoken.contains(&Codec::Vp9) {
        let (number, repair) = (98.into(), Some(99.into()));
        codecs.add_config(
            number,
            repair,
            Format::Vp9,
            Frequency::NINETY_KHZ,
            None,
            format,
        );
    }
    if spoken.contains(&Codec::H264) {
        codecs.add_h264(108.into(), Some(109.into()), true, 0x42e01f);
    }
    config
        .enable_av1(spoken.contains(&Codec::Av1))
        .set_sctp_max_buffered_amount(4 << 20)
        .clear_extension_map()
        .set_extension(stream::AUDIO_LEVEL, Extension::AudioLevel)
        .set_extension(2, Extension::AbsoluteSendTime)
        .set_extension(stream::TRANSPORT_NUMBER, Extension::TransportSequenceNumber)
        .set_extension(stream::MID, Extension::RtpMid)
        .set_extension(
            stream::DESCRIPTOR,
            Extension::with_serializer(description::DESCRIPTOR, Negotiated),
        )
        .set_extension(stream::RID, Extension::RtpStreamId)
        .set_extension(stream::REPAIRED_RID, Extension::RepairedRtpStreamId)
        .set_extension(13, Extension::VideoOrientation)
}

impl Client {
    pub fn new(
        transport: TransportId,
        role: TransportRole,
        spoken: &[Codec],
        random: Random,
        engine: SocketAddr,
        now: Instant,
    ) -> Self {
        let mut config = config(spoken);
        for params in config.codec_config().iter_mut() {
            // Every other one tells of every packet when it arrived; the rest reports losses alone.
            params.set_fb_transport_cc(transport / 2 % 2 == 1);
        }
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
            spoken: spoken.to_vec(),
            address,
            public: address,
            rtc,
            keys,
            streams: Vec::new(),
            sealing: None,
            connected: false,
            closed: false,
            broken: None,
            heard: BTreeMap::new(),
            keyframe_requests: 0,
            estimate: None,
            channels: HashMap::new(),
            messages: 0,
            sent: Vec::new(),
            produced: Vec::new(),
            receiving: Vec::new(),
            reception: Reception::default(),
            random,
            epoch: now,
            next_report: now,
            deadline: now,
            due: None,
        }
    }

    /// One m-line for each track, its streams on one, and data channels.
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
        let mut feeds = Vec::new();
        for mut track in tracks {
            let Some(plan) = track.first().map(|feed| feed.plan) else {
                continue;
            };
            let simulcast = (plan.kind == Kind::Simulcast).then(|| {
                let mut simulcast = Simulcast::new();
                for rid in RIDS {
                    simulcast.add_send_layer(SimulcastLayer::new(rid));
                }
                simulcast
            });
            let (stream, name) = (Some("stream".to_owned()), Some(format!("t{}", plan.track)));
            let mid = api.add_media(
                plan.kind.media(),
                Direction::SendOnly,
                stream,
                name,
                simulcast,
            );
            track.iter_mut().for_each(|feed| feed.mid = mid);
            feeds.append(&mut track);
        }
        let (offer, pending) = api.apply().expect("there is something to offer");
        let offer = offer.to_sdp_string();
        let sections = description::sections(&offer);
        let streams = feeds.into_iter().map(|feed| self.stream(feed, &sections));
        self.streams = streams.collect();
        (offer, pending)
    }

    /// SSRCs of one stream are those in the offer; layers that go by their names draw their own.
    fn stream(&self, feed: Feed, sections: &[Section]) -> Stream {
        let mid = feed.mid.to_string();
        let section = sections.iter().find(|section| section.mid == mid);
        let offered = section.and_then(|section| section.streams().first().copied());
        let purpose = u64::from(feed.plan.track) << 8 | u64::from(feed.layer);
        let mut random = self.random.fork(purpose);
        let mut drawn = || 0x1000_0000 | random.number() as u32;
        let own = (drawn(), Some(drawn()));
        let (ssrc, repair) = match feed.rid {
            Some(_) => own,
            None => offered.unwrap_or(own),
        };
        let (payload_type, repair_type) = payload_types(feed.plan.kind);
        Stream::new(feed, ssrc, repair.zip(repair_type), payload_type)
    }

    /// Offers more m-lines to receive on; those that fell silent are offered again.
    pub fn offer_sections(&mut self, audio: u32, video: u32) -> (String, SdpPendingOffer) {
        let silent = |mid: &&Mid| {
            let media = self.rtc.media(**mid);
            media.is_some_and(|media| media.direction() == Direction::Inactive)
        };
        let silent: Vec<Mid> = self.receiving.iter().filter(silent).copied().collect();
        // str0m offers nothing when nothing has changed.
        let spare = u32::from(audio + video == 0 && silent.is_empty());
        let mut api = self.rtc.sdp_api();
        for mid in silent {
            api.set_direction(mid, Direction::RecvOnly);
        }
        for (kind, count) in [(MediaKind::Audio, audio + spare), (MediaKind::Video, video)] {
            for _ in 0..count {
                let mid = api.add_media(kind, Direction::RecvOnly, None, None, None);
                self.receiving.push(mid);
            }
        }
        let (offer, pending) = api.apply().expect("something to offer");
        (offer.to_sdp_string(), pending)
    }

    pub fn accept(&mut self, pending: SdpPendingOffer, answer: &str) {
        let answer = description::keep(answer, &self.spoken);
        let answer = SdpAnswer::from_sdp_string(&answer).expect("the engine's answer is one");
        if let Err(error) = self.rtc.sdp_api().accept_answer(pending, answer) {
            self.broken = Some(error.to_string());
        }
        self.drain();
    }

    pub fn answer(&mut self, offer: &str) -> Option<String> {
        // As browsers do; str0m by itself takes the passive side.
        let offer = description::keep(offer, &self.spoken);
        let offer = offer.replace("a=setup:actpass", "a=setup:passive");
        let offer = SdpOffer::from_sdp_string(&offer).expect("the engine's offer is one");
        let answer = self.rtc.sdp_api().accept_offer(offer);
        self.drain();
        match answer {
            Ok(answer) => Some(answer.to_sdp_string()),
            Err(error) => {
                self.broken = Some(error.to_string());
                None
            }
        }
    }

    /// What is not media.
    pub fn receive(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        let Ok(receive) = Receive::new(Protocol::Udp, from, self.address, bytes) else {
            return;
        };
        if self.alive() {
            let _ = self.rtc.handle_input(Input::Receive(now, receive));
            self.drain();
        }
    }

    /// A packet of media, which the observer has opened with this client's keys.
    pub fn receive_media(&mut self, now: Instant, arrival: &Arrival) {
        if self.sealing.is_some()
            && self.alive()
            && self.reception.take(now, arrival)
            && let Some(tag) = &arrival.tag
        {
            self.heard.entry(tag.track).or_default().note(tag, now);
        }
        self.due = None;
    }

    /// RTCP, opened as well.
    pub fn receive_report(&mut self, now: Instant, plain: &[u8]) {
        if !self.alive() {
            return;
        }
        self.due = None;
        let findings = findings(plain);
        self.reception.hear(now, &findings);
        for finding in findings {
            match finding {
                Feedback::KeyframeRequest { ssrc } => {
                    for stream in self.streams.iter_mut().filter(|s| s.ssrc == ssrc) {
                        stream.feed.key_wanted = true;
                        self.keyframe_requests += 1;
                    }
                }
                Feedback::Nack { ssrc, missing } => {
                    let stream = self.streams.iter_mut().find(|s| s.ssrc == ssrc);
                    if let (Some(stream), Some(sealing)) = (stream, &mut self.sealing) {
                        let again = missing.seqs().filter_map(|seq| stream.repeat(sealing, seq));
                        self.sent.extend(again);
                    }
                }
                _ => {}
            }
        }
    }

    pub fn alive(&self) -> bool {
        self.rtc.is_alive() && self.broken.is_none()
    }

    /// When `tick` is due.
    pub fn due(&mut self) -> Option<Instant> {
        if !self.alive() {
            return None;
        }
        if self.due.is_none() {
            self.due = self.next_due();
        }
        self.due
    }

    fn next_due(&self) -> Option<Instant> {
        if self.sealing.is_none() {
            return Some(self.deadline);
        }
        let feeds = self.streams.iter().map(|stream| &stream.feed);
        let next = feeds.filter(|feed| feed.running).map(|feed| feed.next);
        let others = [
            Some(self.deadline),
            Some(self.next_report),
            self.reception.due(),
        ];
        next.chain(others.into_iter().flatten()).min()
    }

    pub fn tick(&mut self, now: Instant) {
        if self.due().is_none_or(|due| due > now) {
            return;
        }
        self.due = None;
        if self.deadline <= now {
            let _ = self.rtc.handle_input(Input::Timeout(now));
            self.drain();
        }
        if let Some(mut sealing) = self.sealing.take() {
            self.play(&mut sealing, now);
            self.report(&mut sealing, now);
            self.sealing = Some(sealing);
        }
    }

    fn play(&mut self, sealing: &mut Sealing, now: Instant) {
        for stream in &mut self.streams {
            while stream.feed.running && stream.feed.next <= now {
                for packet in stream.feed.frame() {
                    self.produced.push(Produced::of(stream, &packet));
                    self.sent.extend(stream.send(sealing, packet, now));
                }
            }
        }
    }

    fn report(&mut self, sealing: &mut Sealing, now: Instant) {
        if self.reception.due().is_some_and(|due| due <= now) {
            let requests = self.reception.ask(now);
            self.say(sealing, &requests);
        }
        if self.next_report <= now {
            self.next_report = now + REPORTS;
            for stream in &self.streams {
                let mut plain = Vec::new();
                stream.write_report(&mut plain, self.epoch, now);
                if !plain.is_empty() {
                    self.sent.extend(sealing.report(&plain));
                }
            }
            let report = self.reception.report(now, self.estimate);
            self.say(sealing, &report);
        }
    }

    fn say(&mut self, sealing: &mut Sealing, plain: &[u8]) {
        if !plain.is_empty() {
            self.sent.extend(sealing.report(plain));
        }
    }

    /// The feed of a track's layer.
    pub fn feeds(&mut self, track: u16) -> impl Iterator<Item = &mut Feed> {
        self.due = None;
        let feeds = self.streams.iter_mut().map(|stream| &mut stream.feed);
        feeds.filter(move |feed| feed.plan.track == track)
    }

    /// Starts or stops a layer of a track.
    pub fn run_layer(&mut self, track: u16, layer: u8, running: bool, now: Instant) {
        for feed in self.feeds(track).filter(|feed| feed.layer == layer) {
            if running && !feed.running {
                feed.resume(now);
            }
            feed.running = running;
        }
    }

    pub fn request_keyframes(&mut self) {
        let requests = self.reception.ask_for_keys();
        if let Some(mut sealing) = self.sealing.take() {
            self.say(&mut sealing, &requests);
            self.sealing = Some(sealing);
        }
    }

    pub fn send_data(&mut self, label: &str, bytes: &[u8]) {
        let channel = self
            .channels
            .get(label)
            .and_then(|id| self.rtc.channel(*id));
        if let Some(mut channel) = channel {
            let _ = channel.write(true, bytes);
            self.drain();
        }
    }

    pub fn close(&mut self) {
        let _ = self.rtc.close();
        self.drain();
    }

    /// Behind another address from now on, without knowing it.
    pub fn rebind(&mut self, random: &mut Random) {
        let host = [203, 0, 113, 1 + random.below(250) as u8];
        self.public = SocketAddr::new(host.into(), 1024 + random.below(60_000) as u16);
    }

    fn drain(&mut self) {
        self.due = None;
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.deadline = at;
                    return;
                }
                Ok(Output::Transmit(transmit)) => {
                    // Its own reports about media that it does not see would take the numbers of ours.
                    if !matches!(classify(&transmit.contents), Class::Rtp | Class::Rtcp) {
                        self.sent.push(transmit.contents.to_vec());
                    }
                }
                Ok(Output::Event(event)) => self.note(event),
                Err(error) => {
                    self.broken = Some(error.to_string());
                    return;
                }
            }
        }
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Connected => {
                self.connected = true;
                self.take_keys();
            }
            Event::Closed => self.closed = true,
            Event::ChannelOpen(id, label) => {
                self.channels.insert(label, id);
            }
            Event::ChannelData(_) => self.messages += 1,
            _ => {}
        }
    }

    fn take_keys(&mut self) {
        let seal = self.keys.get().and_then(|keys| {
            let profile = Profile::from_dtls(&keys.profile)?;
            Keys::from_dtls(&keys.material, profile, keys.active).ok()
        });
        if let Some((seal, _)) = seal {
            self.sealing.get_or_insert_with(|| Sealing::new(seal));
        }
    }
}

/// Payload types of media and of its retransmissions, as every client offers them.
fn payload_types(kind: Kind) -> (u8, Option<u8>) {
    match (kind, kind.codec()) {
        (Kind::Red, _) => (63, None),
        (_, Codec::Opus) => (OPUS, None),
        (_, Codec::Vp8) => (96, Some(97)),
        (_, Codec::Vp9) => (98, Some(99)),
        (_, Codec::H264) => (108, Some(109)),
        (_, Codec::Av1) => (45, Some(46)),
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
        // A stream has layers of one sort only.
        if let Some(at) = self.layers.get_mut(usize::from(tag.layer + tag.spatial)) {
            *at = Some(now);
        }
    }
}
