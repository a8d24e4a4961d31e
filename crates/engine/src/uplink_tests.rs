use super::*;
use crate::engine::Config;

#[test]
fn a_publisher_that_invents_streams_makes_no_endless_news() {
    let now = Instant::now();
    let candidates = Vec::new();
    let mut engine = Engine::new(
        Config {
            candidates,
            seed: 1,
        },
        now,
    );
    let key = engine.tracks.insert(Track {
        id: "TR_v".to_owned(),
        transport: 1,
        mid: Mid::from("0"),
        kind: Some(MediaKind::Video),
        muted: false,
        source: Source::default(),
    });
    let mut config = str0m::RtcConfig::new();
    let table = formats::Table::new(config.codec_config().params());
    let format = table.get(96).expect("VP8");
    for ssrc in 0..1000 {
        engine.receive_layer(now, key, ssrc, None, format);
    }
    assert_eq!(engine.take_events().len(), CHANGE_LIMIT as usize);
}

#[test]
fn many_streams_make_room_only_where_silence_is() {
    let now = Instant::now();
    let mut uplink = Uplink::default();
    assert!((0..SSRC_LIMIT as u32).all(|ssrc| uplink.prove(now, ssrc)));
    assert!(!uplink.prove(now + SSRC_PATIENCE / 2, 9999));
    assert!(uplink.prove(now + SSRC_PATIENCE, 9999));
}
