//! A fan-out that is larger than what is sent at once.

use crate::media::unbroken;
use crate::world::{World, call};
use engine::command::Command;
use std::time::Duration;
use str0m::media::MediaKind::{Audio, Video};

/// So much of a slice that only a train or two fit beside it.
const CLUTTER: usize = (128 << 10) - 2_000;

/// Two publishers, and eight who watch and listen to the first.
fn crowd() -> World {
    let mut world = call();
    for transport in 2..10 {
        world.subscriber(transport, &["TR_a", "TR_v"]);
    }
    world.until("all see pictures", |w| {
        (2..10).all(|id| w.client(id).packets(Video).len() > 30)
    });
    world
}

#[test]
fn everybody_gets_everything_once_a_slice_at_a_time() {
    let mut world = crowd();
    world.clutter = CLUTTER;
    world.trains.clear();
    world.run_for(Duration::from_secs(1));
    let of_a_tick = world.trains.chunk_by(|a, b| a.0 == b.0);
    // Reports and what is repeated do not wait for slices.
    let media = of_a_tick.map(|trains| trains.iter().filter(|train| train.2[0] > 900).count());
    let most = media.max().expect("trains");
    // The eight may live on three shards.
    assert!(most <= 2 * 3, "{most} in one slice");
    for id in 2..10 {
        let (audio, video) = (
            world.client(id).packets(Audio),
            world.client(id).packets(Video),
        );
        assert!(audio.len() >= 48 && video.len() >= 28, "{id}");
        unbroken(&audio);
        unbroken(&video);
    }
    assert_eq!(world.engine.metrics().retransmitted, 0);
}

#[test]
fn who_comes_and_goes_meanwhile_disturbs_nobody() {
    let mut world = crowd();
    world.clutter = CLUTTER;
    for round in 0..40u32 {
        let (leaves, changes, comes) = (2 + round % 3, 5 + round % 2, 20 + round);
        if round < 3 {
            world.command(Command::CloseTransport { transport: leaves });
        }
        let tracks: &[&str] = match round / 2 % 2 {
            0 => &["TR_a"],
            _ => &["TR_a", "TR_v"],
        };
        world.subscribe(changes, tracks);
        if round % 8 == 0 {
            world.subscriber(comes, &["TR_v", "TR_a"]);
        }
        world.run_for(Duration::from_micros(3_300 * u64::from(round % 7)));
    }
    world.run_for(Duration::from_millis(1_500));
    for id in [7, 8, 9, 20, 28, 36, 44, 52] {
        let packets = world.client(id).packets(Video);
        assert!(packets.len() > 20, "{id}: {}", packets.len());
        unbroken(&packets);
        unbroken(&world.client(id).packets(Audio));
    }
    assert_eq!(world.engine.metrics().retransmitted, 0);
}
