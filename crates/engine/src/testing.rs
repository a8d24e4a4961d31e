//! What tests of the engine's parts begin with.

use crate::command::{Command, TransportId, TransportRole};
use crate::engine::{Config, Engine};
use crate::event::MediaKind;
use crate::source::Source;
use crate::tracks::{Home, Track, TrackKey};
use crate::wanted_layers::Picture;
use std::time::Instant;
use str0m::media::Mid;

/// An engine alone, with these transports in one room.
pub fn engine(now: Instant, transports: &[(TransportId, TransportRole)]) -> Engine {
    let config = Config {
        candidates: Vec::new(),
        streams: false,
        seed: 1,
        shard: 0,
        shards: 1,
    };
    let mut engine = Engine::new(config, now);
    for &(transport, role) in transports {
        let open = Command::OpenTransport {
            transport,
            role,
            room: "room".to_owned(),
            tcp_only: false,
            keep_pictures: false,
        };
        engine.command(now, open);
    }
    engine
}

/// Adds a track of video on an m-line of a publisher here.
pub fn publish(engine: &mut Engine, id: &str, owner: TransportId, mid: &str) -> TrackKey {
    engine.tracks.insert(Track {
        id: id.to_owned(),
        home: Home::Here(owner, Mid::from(mid)),
        kind: Some(MediaKind::Video),
        muted: false,
        exports: Vec::new(),
        source: Source::default(),
        picture: Picture::default(),
    })
}
