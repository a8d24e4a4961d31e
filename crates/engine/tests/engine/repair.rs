//! Loss, and what is done about it.

use crate::media::unbroken;
use crate::world::{World, call};
use std::time::Duration;
use str0m::media::MediaKind::Video;

fn watching() -> World {
    let mut world = call();
    world.subscriber(2, &["TR_v"]);
    world.until("pictures come", |w| w.client(2).packets(Video).len() > 60);
    world
}

/// Whether it is a media packet with a payload like a picture's.
fn picture(transport: u32, bytes: &[u8]) -> bool {
    transport == 2 && bytes[0] >> 6 == 2 && bytes.len() > 500
}

#[test]
fn a_lost_packet_comes_again() {
    let mut world = watching();
    let mut left = 4;
    world.loss = Box::new(move |transport, bytes| {
        let lost = picture(transport, bytes) && left > 0;
        left -= i32::from(lost);
        lost
    });
    world.run_for(Duration::from_secs(1));
    let metrics = world.engine.metrics();
    assert!(metrics.retransmitted >= 4, "{metrics:?}");
    let mut packets = world.client(2).packets(Video);
    packets.sort_by_key(|packet| *packet.seq_no);
    unbroken(&packets);
    assert_eq!(world.client(1).keyframe_requests, 1, "the newcomer's only");
}

#[test]
fn a_key_frame_request_reaches_the_publisher_at_a_rate_it_can_live_with() {
    let mut world = watching();
    world.run_for(Duration::from_secs(1));
    let before = world.client(1).keyframe_requests;
    let mid = world.client(2).received[0].0;
    for _ in 0..20 {
        let now = world.now;
        world.client_mut(2).request_keyframe(now, mid);
        world.run_for(Duration::from_millis(50));
    }
    let asked = world.client(1).keyframe_requests - before;
    assert!((2..=3).contains(&asked), "{asked} requests in a second");
}

#[test]
fn what_nobody_has_is_mended_by_a_key_frame() {
    let mut world = watching();
    let before = world.client(1).keyframe_requests;
    // One packet of the publisher is lost, and so are all its retransmissions.
    let mut media = None;
    let mut lost = false;
    world.loss_up = Box::new(move |transport, bytes| {
        if transport != 1 || bytes.len() < 500 {
            return false;
        }
        let ssrc = &bytes[8..12];
        let first = media.get_or_insert_with(|| ssrc.to_vec());
        ssrc != first || !std::mem::replace(&mut lost, true)
    });
    let start = world.now;
    world.until("the publisher is asked", |w| {
        w.client(1).keyframe_requests > before
    });
    let waited = world.now - start;
    assert!(
        waited >= Duration::from_millis(150),
        "the publisher gets a chance: {waited:?}"
    );
    let packets = world.client(2).packets(Video).len();
    world.run_for(Duration::from_millis(200));
    let packets = &world.client(2).packets(Video)[packets..];
    assert!(
        packets.iter().any(|packet| packet.payload[6] == 1),
        "no key frame"
    );
}
