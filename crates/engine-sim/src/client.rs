//! A client: str0m for ICE, DTLS, SCTP and SDP as browsers use them, and media of our own under the keys that its handshake leaves.

mod heard;
mod negotiation;
mod reference;

pub use heard::Heard;

use crate::arrival::Arrival;
use crate::feed::Feed;
use crate::produced::Produced;
use crate::random::Random;
use crate::reception::{REPORTER, Reception, Telling, findings};
use crate::stream::{Sealing, Stream};
use engine::command::{TransportId, TransportRole};
use engine::internals::{KeySlot, build_rtc};
use engine::media::demux::{Class, classify};
use engine::media::rtcp::{Feedback, write_receiver_report};
use engine::media::{Codec, Keys, Profile};
use reference::Reference;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::channel::ChannelId;
use str0m::media::Mid;
use str0m::net::{Protocol, Receive, TcpType};
use str0m::{Candidate, Event, Input, Output, Rtc};

const REPORTS: Duration = Duration::from_secs(1);

pub struct Client {
    pub transport: TransportId,
    pub role: TransportRole,
    /// What the call is about; the rest of a description costs time.
    spoken: Vec<Codec>,
    /// It comes by TCP.
    pub streamed: bool,
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
    pub channels: HashMap<String, ChannelId>,
    pub messages: u64,
    pub sent: Vec<Vec<u8>>,
    pub produced: Vec<Produced>,
    /// M-lines that were offered to receive on.
    receiving: Vec<Mid>,
    reception: Reception,
    /// To be echoed.
    reference: Option<Reference>,
    random: Random,
    epoch: Instant,
    next_report: Instant,
    deadline: Instant,
    /// When something is to be done, once that was found out.
    due: Option<Instant>,
    /// When the crowd wakes it; a moment before `due` at the latest.
    pub woken: Option<Instant>,
}

impl Client {
    pub fn new(
        transport: TransportId,
        role: TransportRole,
        (spoken, streamed): (&[Codec], bool),
        random: Random,
        engine: SocketAddr,
        now: Instant,
    ) -> Self {
        let mut config = negotiation::config(spoken);
        for params in config.codec_config().iter_mut() {
            params.set_fb_transport_cc(Telling::of(transport) == Telling::Arrivals);
        }
        let (mut rtc, keys) = build_rtc(config, now);
        let address = SocketAddr::new(
            [198, 18, (transport >> 8) as u8, transport as u8].into(),
            5000 + (transport >> 16) as u16,
        );
        debug_assert_ne!(address, engine);
        let candidate = match streamed {
            false => Candidate::host(address, "udp"),
            true => {
                let candidate = Candidate::builder().tcp().host(address);
                candidate.tcptype(TcpType::Active).build()
            }
        };
        if let Ok(candidate) = candidate {
            rtc.add_local_candidate(candidate);
        }
        Client {
            transport,
            role,
            spoken: spoken.to_vec(),
            streamed,
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
            channels: HashMap::new(),
            messages: 0,
            sent: Vec::new(),
            produced: Vec::new(),
            receiving: Vec::new(),
            reception: Reception::new(Telling::of(transport), now),
            reference: None,
            random,
            epoch: now,
            next_report: now,
            deadline: now,
            due: None,
            woken: None,
        }
    }

    /// What is not media.
    pub fn receive(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        let protocol = match self.streamed {
            true => Protocol::Tcp,
            false => Protocol::Udp,
        };
        let Ok(receive) = Receive::new(protocol, from, self.address, bytes) else {
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
        self.reference = Reference::read(plain, now).or(self.reference);
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
            let report = self.reception.report(now);
            self.say(sealing, &report);
            if let Some(reference) = self.reference.take() {
                let mut echo = Vec::new();
                write_receiver_report(&mut echo, REPORTER, &[]);
                reference.echo(&mut echo, REPORTER, now);
                self.say(sealing, &echo);
            }
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
