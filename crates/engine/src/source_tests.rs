use super::*;
use crate::engine::Config;
use crate::event::MediaKind;
use crate::tracks::Home;
use str0m::media::Mid;

#[test]
fn a_publisher_that_invents_streams_makes_no_endless_news() {
    let now = Instant::now();
    let candidates = Vec::new();
    let mut engine = Engine::new(
        Config {
            candidates,
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
    let format = table.get(96).expect("VP8");
    for ssrc in 0..1000 {
        engine.receive_layer(now, key, ssrc, None, format);
    }
    assert_eq!(engine.take_events().len(), CHANGE_LIMIT as usize);
}
