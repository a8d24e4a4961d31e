use super::*;

#[test]
fn many_streams_make_room_only_where_silence_is() {
    let now = Instant::now();
    let mut uplink = Uplink::default();
    assert!((0..SSRC_LIMIT as u32).all(|ssrc| uplink.prove(now, ssrc)));
    assert!(!uplink.prove(now + SSRC_PATIENCE / 2, 9999));
    assert!(uplink.prove(now + SSRC_PATIENCE, 9999));
}
