use super::*;
use crate::testing::{engine, publish};

/// An engine with a track of video, and payload types as str0m numbers them.
fn publishing(now: Instant) -> (Engine, TrackKey, crate::formats::Table) {
    let mut engine = engine(now, &[]);
    let key = publish(&mut engine, "TR_v", 1, "0");
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
