//! The simulator itself: the same seed is the same run, and a few stories told in full.

use engine::command::Command;
use engine_sim::feed::{Kind, TrackPlan};
use engine_sim::scenario::{SCENARIOS, Scenario};
use engine_sim::world::World;
use std::time::Duration;

#[test]
fn the_same_seed_is_the_same_run() {
    for (scenario, shards) in SCENARIOS.iter().zip([1, 2].into_iter().cycle()) {
        let run = |seed| scenario.run(seed, shards, Duration::from_secs(3)).digest;
        let first = run(5);
        assert_eq!(first, run(5), "{}", scenario.name);
        assert_ne!(first, run(6), "{}", scenario.name);
    }
}

/// Found that SCTP's first timer goes by the system's clock, whatever the world's says.
#[test]
fn a_call_over_streams_comes_again_whatever_the_clock_of_the_system_says() {
    let streams = Scenario::named("streams").expect("a scenario");
    let run = || streams.run(4, 2, Duration::from_secs(5)).digest;
    assert_eq!(run(), run());
}

/// What str0m sends by itself went to the first address of a client for ever.
#[test]
fn a_client_that_moved_still_gets_data_and_key_frame_requests() {
    let mut world = World::new(1);
    let publisher = world.publisher(&[TrackPlan {
        track: 1,
        kind: Kind::Video,
    }]);
    let subscriber = world.subscriber(&[1]);
    assert!(world.until(
        Duration::from_secs(5),
        |w| w.clients[&subscriber].channels.len() == 2
    ));
    for moved in [publisher, subscriber] {
        world.rebind(moved);
    }
    // Both find out by their next consent check.
    world.run_for(Duration::from_secs(6));
    let (asked, told) = (
        world.clients[&publisher].keyframe_requests,
        world.clients[&subscriber].messages,
    );
    world
        .clients
        .get_mut(&subscriber)
        .expect("it")
        .request_keyframes();
    let payload: std::sync::Arc<[u8]> = b"hello"[..].into();
    world.command(Command::SendData {
        transports: vec![subscriber],
        reliable: true,
        payload,
    });
    world.run_for(Duration::from_secs(1));
    assert!(world.clients[&publisher].keyframe_requests > asked);
    assert_eq!(world.clients[&subscriber].messages, told + 1);
    world.must_flow();
    assert_eq!(world.observer.violations(), []);
}
