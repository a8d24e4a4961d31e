//! The engine without sockets, threads or a clock: commands and datagrams go in, datagrams and events come out.
//!
//! A driver calls `command`, `datagram`, `parsed` and `tick` with the time, then takes `jobs`, `events` and the
//! outbox. What str0m makes of a transport, a panic included, costs that transport only (`transports.rs`); a panic of our own, all
//! that are here: the driver begins anew.

use crate::allocation::Allocating;
use crate::command::{Command, TransportId};
use crate::deliveries::Deliveries;
use crate::downlink::{EgressPath, Sender};
use crate::event::{Event, LogLevel};
use crate::media::bandwidth::Told;
use crate::media::level::SpeakerList;
use crate::media::rtcp::Feedback;
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::random::Random;
use crate::remote::{Remote, StreamId};
use crate::runs::Runs;
use crate::sdp_job::SdpJob;
use crate::shard::{Post, Posts, ShardId};
use crate::slab::{Key, Slab};
use crate::strays::Strays;
use crate::tracks::TrackKey;
use crate::tracks::Tracks;
use crate::transport::{Transport, Transports};
use crate::wanted_layers::View;
use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::RtcError;

#[derive(Debug, Clone)]
pub struct Config {
    /// Where clients can reach us, best first.
    pub candidates: Vec<SocketAddr>,
    /// Whether TCP streams to the same addresses come here too.
    pub streams: bool,
    /// Starts the sequence numbers. Secrets do not come from it.
    pub seed: u64,
    /// Which of the shards this engine is.
    pub shard: ShardId,
    /// How many there are, itself included.
    pub shards: ShardId,
}

pub struct Engine {
    pub(crate) config: Config,
    pub(crate) start: Instant,
    pub(crate) transports: Transports,
    pub(crate) tracks: Tracks,
    /// The sending state of all subscriptions, and of all transports.
    pub(crate) senders: Slab<Sender>,
    pub(crate) egress: Slab<EgressPath>,
    pub(crate) runs: Runs,
    /// Numbers of the packets of a run; kept to spare allocations.
    pub(crate) taken: Vec<u64>,
    /// Runs that are being sent.
    pub(crate) deliveries: Deliveries,
    /// Newcomers that are shown what has gone before, and when each goes on.
    pub(crate) catching_up: Vec<(Instant, TrackKey, Key<Sender>)>,
    /// Who is sent padding, and when more of it is due.
    pub(crate) probes: Vec<(Instant, TransportId)>,
    /// Tracks whose codec a subscriber does not speak, met while forwarding and still to be told.
    pub(crate) unspoken: Vec<(TransportId, TrackKey)>,
    pub(crate) outbox: Outbox,
    pub(crate) metrics: Metrics,
    pub(crate) random: Random,
    pub(crate) by_address: HashMap<Remote, TransportId>,
    pub(crate) jobs: Vec<SdpJob>,
    pub(crate) last_layer: u64,
    pub(crate) speakers: SpeakerList<String>,
    pub(crate) next_levels: Instant,
    pub(crate) next_quality: Instant,
    /// Kept to spare allocations.
    pub(crate) scratch: Vec<u8>,
    pub(crate) findings: Vec<Feedback>,
    pub(crate) told: Vec<Told>,
    pub(crate) posts: Posts,
    /// Streams of transports that are gone.
    pub(crate) ended_streams: Vec<StreamId>,
    pub(crate) strays: Strays,
    pub(crate) allocating: Allocating,
    /// Kept to spare allocations.
    pub(crate) due_allocations: Vec<TransportId>,
    pub(crate) next_wishes: Instant,
    /// Tracks that are on their way from another shard, and until when offers wait for them.
    pub(crate) expected: HashMap<String, Instant>,
    pub(crate) by_ufrag: HashMap<String, TransportId>,
    pub(crate) timers: BTreeSet<(Instant, TransportId)>,
    /// When publishers are told what came of their media.
    pub(crate) feedback_timers: BTreeSet<(Instant, TransportId)>,
    events: Vec<Event>,
    /// When the last round of it was complete, if there was one, and whether somebody was here then.
    pub(crate) housekept: Option<(Instant, bool)>,
    /// Which part of it is next.
    pub(crate) chore: u8,
}

impl Engine {
    pub fn new(config: Config, now: Instant) -> Self {
        Engine {
            random: Random::new(config.seed),
            config,
            start: now,
            transports: Transports::default(),
            tracks: Tracks::default(),
            senders: Slab::default(),
            egress: Slab::default(),
            runs: Runs::default(),
            taken: Vec::new(),
            deliveries: Deliveries::default(),
            catching_up: Vec::new(),
            probes: Vec::new(),
            unspoken: Vec::new(),
            outbox: Outbox::default(),
            metrics: Metrics::default(),
            by_address: HashMap::new(),
            jobs: Vec::new(),
            last_layer: 0,
            speakers: SpeakerList::default(),
            next_levels: now,
            next_quality: now,
            scratch: Vec::new(),
            findings: Vec::new(),
            told: Vec::new(),
            posts: Posts::default(),
            ended_streams: Vec::new(),
            strays: Strays::default(),
            allocating: Allocating::default(),
            due_allocations: Vec::new(),
            next_wishes: now,
            expected: HashMap::new(),
            by_ufrag: HashMap::new(),
            timers: BTreeSet::new(),
            feedback_timers: BTreeSet::new(),
            events: Vec::new(),
            housekept: None,
            chore: 0,
        }
    }

    pub fn command(&mut self, now: Instant, command: Command) {
        match command {
            Command::OpenTransport {
                transport,
                role,
                tcp_only,
                keep_pictures,
                ..
            } => {
                self.open(now, transport, role, tcp_only);
                self.keep_pictures(transport, keep_pictures);
            }
            Command::CloseTransport { transport } => self.close(now, transport),
            Command::AcceptOffer {
                transport,
                offer,
                sdp,
            } => self.queue_offer(transport, offer, sdp),
            Command::AcceptAnswer {
                transport,
                offer,
                sdp,
            } => self.queue_answer(transport, offer, sdp),
            Command::PublishTrack {
                track,
                transport,
                mid,
            } => self.publish(now, &track, transport, &mid),
            Command::DescribeTrack {
                track,
                screen,
                layers,
            } => self.describe(now, &track, View::new(screen, &layers)),
            Command::UnpublishTrack { track } => self.unpublish(now, &track),
            Command::SetTrackMuted { track, muted } => self.set_muted(now, &track, muted),
            Command::Subscribe { transport, wanted } => self.subscribe(now, transport, wanted),
            Command::RestartIce { transport } => self.offer_restart(now, transport),
            Command::AssumeCapacity { transport, bitrate } => {
                self.assume_capacity(now, transport, bitrate);
            }
            Command::Export { track, shards } => self.export(now, &track, shards),
            Command::Expect { track } => self.expect(now, track),
            Command::SendData {
                transports,
                reliable,
                payload,
            } => self.send_data(now, &transports, reliable, &payload),
            Command::InjectPanic { transport: 0 } => panic!("asked for by injectPanic"),
            Command::InjectPanic { transport } => {
                self.operate(
                    now,
                    transport,
                    |transport: &mut Transport| -> Result<(), RtcError> {
                        panic!("asked for by injectPanic on transport {}", transport.id)
                    },
                );
            }
        }
    }

    /// When `tick` is due, whatever arrives before.
    pub fn deadline(&self) -> Instant {
        let timers = [self.timers.first(), self.feedback_timers.first()];
        let timers = timers.into_iter().flatten().map(|(at, _)| *at);
        let probes = self.probes.iter().map(|(at, _)| *at);
        let due = timers.chain(self.media_due()).chain(probes);
        due.fold(self.next_housekeeping(), Instant::min)
    }

    /// The share of a processor that is in use: with much to do packets wait for others to leave with, up to three milliseconds.
    pub fn set_load(&mut self, share: f64) {
        self.runs.load = share;
    }

    /// Whether forwarding is behind, so that it had better go on before more datagrams are taken in: what is lost then is lost on the
    /// way in, where publishers notice and send less.
    pub fn is_behind(&self, now: Instant) -> bool {
        self.deliveries.are_late(now) || self.runs.are_behind(now)
    }

    /// Does what is due, media only as far as it fits into one slice of the outbox: `deadline` tells whether there is more.
    pub fn tick(&mut self, now: Instant) {
        self.send_due_media(now);
        self.send_probes(now);
        while let Some(&(at, id)) = self.timers.first() {
            if at > now {
                break;
            }
            self.operate(now, id, |transport| {
                transport.rtc.handle_input(str0m::Input::Timeout(now))
            });
            // A deadline that is due again at once would keep the thread from its sockets.
            self.postpone(id, now + Duration::from_millis(1));
        }
        self.feed_back(now);
        if self.next_housekeeping() <= now {
            self.keep_house(now);
        }
    }

    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Parsing work for a thread that may wait. Its results come back through `parsed`.
    pub fn take_jobs(&mut self) -> Vec<SdpJob> {
        std::mem::take(&mut self.jobs)
    }

    /// What other shards are to be told, through their `post`.
    pub fn take_posts(&mut self) -> Vec<(ShardId, Vec<Post>)> {
        self.posts.take()
    }

    /// Streams that nobody needs any longer. What was sent on them before is still to leave.
    pub fn take_ended_streams(&mut self) -> Vec<StreamId> {
        std::mem::take(&mut self.ended_streams)
    }

    /// The transports that are open now.
    pub fn open_transports(&self) -> Vec<TransportId> {
        self.transports.keys().copied().collect()
    }

    pub fn metrics(&self) -> Metrics {
        let subscriptions = self.subscription_count();
        let own_tracks = self.tracks.iter().filter(|(_, t)| t.home.is_here());
        Metrics {
            transports: self.transports.len() as u64,
            tracks: own_tracks.count() as u64,
            subscriptions,
            packets_dropped: self.metrics.packets_dropped + self.outbox.dropped(),
            ..self.metrics
        }
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    pub(crate) fn log(
        &mut self,
        level: LogLevel,
        transport: TransportId,
        message: impl Into<String>,
    ) {
        self.emit(Event::Log {
            level,
            message: message.into(),
            transport,
        });
    }
}
