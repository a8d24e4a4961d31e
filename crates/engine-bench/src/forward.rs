//! The real engine on a real socket between real clients, in turns with the floor.

use crate::Options;
use crate::client::{Client, Source};
use crate::floor::{Cost, Floor, loopback};
use engine::command::{Command, TransportRole, WantedTrack};
use engine::event::Event;
use engine::metrics::Metrics;
use engine::net::{self, EngineHandle};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};
use str0m::media::MediaKind;

/// Turns of engine and floor; more of them even out what else the machine does.
const ROUNDS: u32 = 4;
const FLOOR_TURN: Duration = Duration::from_millis(500);
/// Everything in flight has landed and the engine's counters were published.
const SETTLE: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(60);
/// Readers look this often: rarely enough to leave the processor alone, often enough for their buffers.
const READ_INTERVAL: Duration = Duration::from_millis(4);

/// Everybody is in one room.
const ROOM: &str = "hall";

struct Call {
    handle: EngineHandle,
    publishers: Vec<(Client, Source)>,
    subscribers: Vec<Client>,
    buffer: Vec<u8>,
    read_at: Instant,
}

/// Runs both and returns JSON.
pub fn measure(options: &Options) -> Result<String, String> {
    let mut call = Call::connect(options)?;
    let mut floor = Floor::new(options.subscribers)?;
    let turn = Duration::from_secs_f64(options.seconds / f64::from(ROUNDS));
    call.media_for(Duration::from_secs(1))?;
    let before = call.settled()?;
    let mut bytes = options.bytes;
    let (mut forwarded, mut least) = (Cost::default(), Cost::default());
    let heard_before = call.received();
    for _ in 0..ROUNDS {
        let from = call.settled()?;
        let wall = call.media_for(turn)?;
        let to = call.settled()?;
        forwarded.add(Cost {
            packets: to.packets_out - from.packets_out,
            cpu: Duration::from_micros(to.thread_cpu_micros - from.thread_cpu_micros),
            wall,
        });
        bytes = call.mean_size().unwrap_or(bytes);
        least.add(floor.run(bytes, FLOOR_TURN)?);
    }
    let after = call.settled()?;
    let checked = call
        .subscribers
        .first()
        .map_or((0, 0), |client| (client.opened, client.received));
    let (engine, floor) = (forwarded.micros_per_packet(), least.micros_per_packet());
    Ok(format!(
        concat!(
            "{{\"engineMicros\":{:.3},\"floorMicros\":{:.3},\"ratio\":{:.3},\"packets\":{},\"received\":{},",
            "\"packetsPerSecond\":{:.0},\"bytes\":{},\"packetsIn\":{},\"floorPackets\":{},\"floorPerSecond\":{:.0},",
            "\"opened\":{},\"ofChecked\":{},\"sendErrors\":{},\"engineShare\":{:.3}}}"
        ),
        engine,
        floor,
        engine / floor,
        forwarded.packets,
        call.received() - heard_before,
        forwarded.packets_per_second(),
        bytes,
        after.packets_in - before.packets_in,
        least.packets,
        least.packets_per_second(),
        checked.0,
        checked.1,
        after.send_errors,
        forwarded.cpu.as_secs_f64() / forwarded.wall.as_secs_f64(),
    ))
}

impl Call {
    /// Everybody connected, every subscriber hearing every publisher.
    fn connect(options: &Options) -> Result<Call, String> {
        let engine_options = net::Options {
            addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            ..net::Options::default()
        };
        let handle = EngineHandle::start(&engine_options, Box::new(|| {}))
            .map_err(|error| format!("The engine does not start: {error}"))?;
        let target = loopback(handle.port());
        let mut call = Call {
            handle,
            publishers: vec![],
            subscribers: vec![],
            buffer: vec![0; 2_048],
            read_at: Instant::now(),
        };
        for transport in 1..=options.publishers {
            call.publish(Client::new(transport, target, true)?, options.video)?;
        }
        call.until("publishers connect", |call| {
            call.publishers.iter().all(|(client, _)| client.connected)
        })?;
        let wanted: Vec<WantedTrack> = (1..=options.publishers).map(track).collect();
        for number in 0..options.subscribers {
            let transport = options.publishers + 1 + number;
            call.subscribers
                .push(Client::new(transport, target, number == 0)?);
            let role = TransportRole::Subscriber;
            let wanted = wanted.clone();
            call.apply(vec![
                Command::OpenTransport {
                    transport,
                    role,
                    room: ROOM.to_owned(),
                },
                Command::Subscribe { transport, wanted },
            ])?;
        }
        call.until("subscribers connect", |call| {
            call.subscribers.iter().all(|client| client.connected)
        })?;
        call.start_sources();
        let streams = options.publishers as usize;
        call.until("everybody hears everybody", |call| {
            call.feed();
            call.subscribers
                .iter()
                .all(|client| client.heard.len() >= streams)
        })?;
        Ok(call)
    }

    fn publish(&mut self, mut client: Client, video: bool) -> Result<(), String> {
        let transport = client.transport;
        let kind = if video {
            MediaKind::Video
        } else {
            MediaKind::Audio
        };
        let (sdp, pending, mid) = client.offer(kind)?;
        self.apply(vec![
            Command::OpenTransport {
                transport,
                role: TransportRole::Publisher,
                room: ROOM.to_owned(),
            },
            Command::AcceptOffer {
                transport,
                offer: 1,
                sdp,
            },
        ])?;
        let start = Instant::now();
        let answer = loop {
            if let Some(answer) = self
                .handle
                .drain(1_000)
                .into_iter()
                .find_map(|event| match event {
                    Event::Answered { sdp, .. } => Some(Ok(sdp)),
                    Event::NegotiationFailed { message, .. } => Some(Err(message)),
                    _ => None,
                })
            {
                break answer?;
            }
            if start.elapsed() > PATIENCE {
                return Err("The engine does not answer an offer.".to_owned());
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        client.accept(pending, &answer)?;
        let (track, mid_text) = (track(transport).track, mid.to_string());
        self.apply(vec![Command::PublishTrack {
            track,
            transport,
            mid: mid_text,
        }])?;
        self.publishers.push((client, Source::new(mid, video)));
        Ok(())
    }

    fn apply(&self, commands: Vec<Command>) -> Result<(), String> {
        self.handle
            .apply(commands)
            .map_err(|_| "The engine's queue is full.".to_owned())
    }

    fn until(
        &mut self,
        what: &str,
        mut holds: impl FnMut(&mut Call) -> bool,
    ) -> Result<(), String> {
        let start = Instant::now();
        while !holds(self) {
            if start.elapsed() > PATIENCE {
                return Err(format!("Not within a minute: {what}."));
            }
            self.turn()?;
        }
        Ok(())
    }

    /// Sources send evenly spread over a frame's time, as people do who did not join in the same millisecond.
    fn start_sources(&mut self) {
        let (now, count) = (Instant::now(), self.publishers.len() as u32);
        for (number, (_, source)) in self.publishers.iter_mut().enumerate() {
            source.start(now + Duration::from_millis(20) * number as u32 / count);
        }
    }

    /// Media flows for this time. Returns how long it really took.
    fn media_for(&mut self, time: Duration) -> Result<Duration, String> {
        self.start_sources();
        let start = Instant::now();
        while start.elapsed() < time {
            self.feed();
            self.turn()?;
        }
        Ok(start.elapsed())
    }

    /// The engine's counters when nothing is on its way.
    fn settled(&mut self) -> Result<Metrics, String> {
        let start = Instant::now();
        while start.elapsed() < SETTLE {
            self.turn()?;
        }
        Ok(self.handle.metrics())
    }

    fn feed(&mut self) {
        let now = Instant::now();
        for (client, source) in &mut self.publishers {
            for packet in source.due(now) {
                client.send(source.mid, packet);
            }
        }
    }

    fn turn(&mut self) -> Result<(), String> {
        let now = Instant::now();
        if now >= self.read_at {
            self.read_at = now + READ_INTERVAL;
            let publishers = self.publishers.iter_mut().map(|(client, _)| client);
            for client in publishers.chain(&mut self.subscribers) {
                client.turn(&mut self.buffer);
                if let Some(problem) = client.problem.take() {
                    return Err(format!("Client {} failed: {problem}", client.transport));
                }
            }
            for event in self.handle.drain(1_000) {
                self.note(event)?;
            }
        }
        std::thread::sleep(Duration::from_micros(300));
        Ok(())
    }

    fn note(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Offered {
                transport,
                offer,
                sdp,
                ..
            } => {
                let client = self
                    .subscribers
                    .iter_mut()
                    .find(|client| client.transport == transport);
                let sdp = client.ok_or("An offer for nobody.")?.answer(&sdp)?;
                self.apply(vec![Command::AcceptAnswer {
                    transport,
                    offer,
                    sdp,
                }])
            }
            Event::NegotiationFailed { message, .. } => Err(message),
            Event::TransportClosed { transport, reason } => {
                Err(format!("Transport {transport} ended: {reason}"))
            }
            Event::SubscriptionFailed { reason, .. } => Err(reason),
            Event::EngineFailed { reason } => Err(reason),
            _ => Ok(()),
        }
    }

    /// The mean size of what subscribers got, for the floor to send the like.
    fn mean_size(&self) -> Option<usize> {
        let sizes = self.subscribers.iter().map(|client| client.received_bytes);
        Some(sizes.sum::<u64>().checked_div(self.received())? as usize)
    }

    fn received(&self) -> u64 {
        self.subscribers.iter().map(|client| client.received).sum()
    }
}

fn track(publisher: u32) -> WantedTrack {
    WantedTrack {
        track: format!("TR_{publisher}"),
        stream_id: format!("PA_{publisher}"),
        enabled: true,
    }
}
