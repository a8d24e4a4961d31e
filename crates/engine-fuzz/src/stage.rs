//! A call in which a fuzzer has a publisher's and a subscriber's keys. The call goes on from one input to the next, and begins anew after
//! some, so that most inputs cost microseconds.

use crate::input::Input;
use engine::command::{Command, TransportId};
use engine::media::{Seal, rtp};
use engine_sim::feed::{Kind, TrackPlan};
use engine_sim::rules::Rule;
use engine_sim::world::World;
use std::cell::RefCell;
use std::time::Duration;
use str0m::channel::ChannelConfig;

/// Inputs that one call is used for.
const USES: u32 = 200;
/// Pieces of one input that are looked at.
const PIECES: usize = 64;

struct Stage {
    world: World,
    publisher: TransportId,
    subscriber: TransportId,
    uses: u32,
    offers: u32,
}

thread_local! {
    static STAGE: RefCell<Option<Stage>> = const { RefCell::new(None) };
}

impl Stage {
    fn new() -> Stage {
        let mut world = World::new(1);
        let plans = [(1, Kind::Audio), (2, Kind::Video), (3, Kind::Simulcast)];
        let publisher = world.publisher(&plans.map(|(track, kind)| TrackPlan { track, kind }));
        let subscriber = world.subscriber(&[1, 2, 3]);
        assert!(
            world.until(Duration::from_secs(5), World::all_connected),
            "the call begins"
        );
        world.run_for(Duration::from_millis(200));
        for track in world.truth.tracks.values_mut() {
            track.hostile = true;
        }
        Stage {
            world,
            publisher,
            subscriber,
            uses: 0,
            offers: 1_000,
        }
    }

    /// The keys of a client, unless an input has ended it.
    fn seal(&mut self, of: TransportId) -> Option<&mut Seal> {
        let client = self.world.clients.get_mut(&of)?;
        Some(&mut client.sealing.as_mut()?.seal)
    }

    fn inject(&mut self, from: TransportId, bytes: &[u8]) {
        let from = self.world.clients[&from].public;
        self.world.inject(from, bytes);
    }

    /// The engine has lived through it and sends nothing that it must not. What the payloads say about themselves is the fuzzer's word.
    fn check(&self) {
        let matter = [Rule::Panic, Rule::NonceOnce, Rule::Opens];
        let mut violations = self.world.observer.violations().iter();
        if let Some(violation) = violations.find(|v| matter.contains(&v.rule)) {
            panic!("{violation}");
        }
    }
}

/// Lets `act` do something in the call, and the call go on for a moment.
fn with(act: impl FnOnce(&mut Stage)) {
    // A stage that an input has broken is not used again.
    let mut stage = STAGE.take().unwrap_or_else(Stage::new);
    act(&mut stage);
    stage.world.run_for(Duration::from_millis(2));
    stage.check();
    stage.uses += 1;
    if stage.uses < USES && stage.world.ended.is_empty() {
        STAGE.set(Some(stage));
    }
}

/// Datagrams from anywhere, from a publisher's address and from a subscriber's.
pub fn datagram(data: &[u8]) {
    with(|stage| {
        let mut input = Input(data);
        for _ in 0..PIECES {
            if input.is_empty() {
                break;
            }
            let from = input.byte();
            let piece = input.piece();
            match from % 3 {
                0 => stage.world.inject(([192, 0, 2, from], 9).into(), piece),
                1 => stage.inject(stage.publisher, piece),
                _ => stage.inject(stage.subscriber, piece),
            }
        }
    });
}

fn reports(data: &[u8], from: impl Fn(&Stage) -> TransportId) {
    with(|stage| {
        let id = from(stage);
        let mut input = Input(data);
        for _ in 0..PIECES {
            if input.is_empty() {
                break;
            }
            let piece = input.piece();
            let mut sealed = Vec::new();
            let seal = stage.seal(id);
            if seal.is_some_and(|seal| seal.seal_rtcp(piece, &mut sealed).is_ok()) {
                stage.inject(id, &sealed);
            }
        }
    });
}

/// RTCP of a subscriber, under its keys.
pub fn feedback(data: &[u8]) {
    reports(data, |stage| stage.subscriber);
}

/// RTCP of a publisher, under its keys.
pub fn publisher_rtcp(data: &[u8]) {
    reports(data, |stage| stage.publisher);
}

/// RTP of a publisher, under its keys.
pub fn publisher_rtp(data: &[u8]) {
    with(|stage| {
        let mut input = Input(data);
        for _ in 0..PIECES {
            if input.is_empty() {
                break;
            }
            let mut packet = input.piece().to_vec();
            // A stream of its own each time: sealing an index twice is the client's fault, not the engine's.
            stage.offers += 1;
            let Some(header) = rtp::Header::parse(&packet).map(|header| header.len) else {
                continue;
            };
            let seq = u64::from(u16::from_be_bytes([packet[2], packet[3]]));
            packet[8..10].copy_from_slice(&(stage.offers as u16).to_be_bytes());
            let publisher = stage.publisher;
            let seal = stage.seal(publisher);
            if seal.is_some_and(|seal| seal.seal_last(&mut packet, 0, header, seq).is_ok()) {
                stage.inject(publisher, &packet);
            }
        }
    });
}

/// Channels of any name, and messages on them.
pub fn labels(data: &[u8]) {
    with(|stage| {
        let mut input = Input(data);
        for _ in 0..8 {
            if input.is_empty() {
                break;
            }
            // str0m itself panics on what it cannot send as one message.
            let text =
                |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(150)]).into_owned();
            let (label, protocol) = (text(input.piece()), text(input.piece()));
            let ordered = input.byte() & 1 == 0;
            let message = input.piece();
            let Some(client) = stage.world.clients.get_mut(&stage.publisher) else {
                return;
            };
            let config = ChannelConfig {
                label,
                ordered,
                protocol,
                ..Default::default()
            };
            let channel = client.rtc.direct_api().create_data_channel(config);
            stage.world.run_for(Duration::from_millis(45));
            if let Some(client) = stage.world.clients.get_mut(&stage.publisher)
                && let Some(mut channel) = client.rtc.channel(channel)
            {
                let _ = channel.write(true, message);
            }
            stage.world.run_for(Duration::from_millis(25));
        }
    });
}

/// Another offer of a publisher that is connected. str0m may panic about it, which costs the transport and no more.
pub fn offer(data: &[u8]) {
    with(|stage| {
        stage.offers += 1;
        let command = Command::AcceptOffer {
            transport: stage.publisher,
            offer: stage.offers,
            sdp: String::from_utf8_lossy(data).into_owned(),
        };
        stage.world.command(command);
        stage.world.run_for(Duration::from_millis(5));
        stage.world.observer.rules.forgive(Rule::Panic);
    });
}
