use super::*;
use crate::engine::Config;
use crate::event::MediaKind;
use crate::tracks::Home;
use str0m::media::Mid;

/// An engine with a track of video, and payload types as str0m numbers them.
fn publishing(now: Instant) -> (Engine, TrackKey, crate::formats::Table) {
    let candidates = Vec::new();
    let mut engine = Engine::new(
        Config {
            candidates,
            streams: false,
            seed: 1,
            shard: 0,
            shards: 1,
        },
        now,
    );
    let key = engine.tracks.insert(Track {
        id: "TR_v".to_owned(),
        home: Home::Here(1, Mid::from("0")),
        kind: Some(MediaKind::Video),
        muted: false,
        exports: Vec::new(),
        source: Source::default(),
        picture: crate::wanted_layers::Picture::default(),
    });
    let mut config = str0m::RtcConfig::new();
    let table = crate::formats::Table::new(config.codec_config().params());
    (engine, key, table)
}

#[test]
fn a_publisher_that_invents_streams_makes_no_endless_news() {
    let now = Instant::now();
    let (mut engine, key, table) = publishing(now);
    let format = table.get(96).expect("VP8");
    for ssrc in 0..1000 {
        engine.receive_layer(now, key, ssrc, None, format);
    }
    assert_eq!(engine.take_events().len(), CHANGE_LIMIT as usize);
}

#[test]
fn a_publisher_that_changes_its_codec_with_every_packet_is_not_followed() {
    let now = Instant::now();
    let (mut engine, key, table) = publishing(now);
    let formats = [96, 98].map(|pt| table.get(pt).expect("VP8 and VP9"));
    let (mut changes, mut before) = (0, None);
    for packet in 0..1000 {
        engine.receive_layer(now, key, 1, None, formats[packet % 2]);
        let spec = engine
            .tracks
            .get(key)
            .unwrap()
            .source
            .format
            .map(|f| f.spec);
        changes += u32::from(std::mem::replace(&mut before, spec) != spec);
    }
    assert!((2..=CHANGE_LIMIT).contains(&changes), "{changes}");
}
