//! What is found where a path is not used well, and where what is told of it is not so.

use engine_sim::feed::{Kind, TrackPlan};
use engine_sim::rules::Rule;
use engine_sim::scenario::Scenario;
use engine_sim::wire::Conditions;
use engine_sim::world::{Shown, World};
use std::collections::BTreeSet;
use std::time::Duration;

/// A world of two pictures and a voice, and their subscriber; then something happens to it, and what rules are broken.
fn broken(happens: impl FnOnce(&mut World, [u32; 2], u32)) -> BTreeSet<Rule> {
    let mut world = World::new(1);
    let plans = [(1, Kind::Video), (2, Kind::Video), (3, Kind::Audio)];
    let [one, two, voice] = plans.map(|(track, kind)| TrackPlan { track, kind });
    let first = world.publisher(&[one, voice]);
    let subscriber = world.subscriber(&[1, 2, 3]);
    let second = world.publisher(&[two]);
    let priority = 9;
    let shown = Shown {
        priority,
        ..Shown::default()
    };
    world.show(subscriber, 1, shown);
    world.run_for(Duration::from_secs(5));
    happens(&mut world, [first, second], subscriber);
    world.must_share_well();
    let violations = world.observer.violations().iter();
    violations.map(|violation| violation.rule).collect()
}

fn stop(world: &mut World, publisher: u32, track: u16) {
    let client = world.clients.get_mut(&publisher).expect("it is there");
    client.feeds(track).for_each(|feed| feed.running = false);
}

#[test]
fn a_path_that_is_used_well_breaks_nothing() {
    assert_eq!(broken(|_, _, _| {}), BTreeSet::new());
}

#[test]
fn a_path_that_is_overfilled_is_found() {
    let found = broken(|world, _, subscriber| {
        let narrow = Conditions {
            rate: Some((4_000, 1_000)),
            ..Conditions::default()
        };
        world.conditions(subscriber, Conditions::default(), narrow);
    });
    assert!(found.contains(&Rule::Budget), "{found:?}");
}

#[test]
fn a_picture_that_stays_away_for_a_less_important_one_is_found() {
    let found = broken(|world, [first, _], _| stop(world, first, 1));
    assert_eq!(found, BTreeSet::from([Rule::Priority, Rule::Pace]));
}

#[test]
fn a_picture_that_is_too_slow_is_found() {
    let found = broken(|world, [_, second], _| stop(world, second, 2));
    assert_eq!(found, BTreeSet::from([Rule::Pace]));
}

/// Clients that tell when packets come, what they estimate, and what they lost alone.
#[test]
fn a_voice_that_stays_away_is_found() {
    let mut world = World::new(1);
    let (track, kind) = (3, Kind::Audio);
    world.publisher(&[TrackPlan { track, kind }]);
    let subscribers = BTreeSet::from([(); 5].map(|()| world.subscriber(&[track])));
    world.run_for(Duration::from_secs(5));
    world.must_share_well();
    assert_eq!(world.observer.violations(), []);
    world.mute(track, true);
    let truth = world.truth.tracks.get_mut(&track).expect("the voice");
    truth.muted = false;
    world.must_share_well();
    let violations = world.observer.violations().iter();
    let silent = violations.filter(|violation| violation.rule == Rule::Liveness);
    let silent: BTreeSet<u32> = silent.map(|violation| violation.transport).collect();
    assert_eq!(silent, subscribers);
}

#[test]
fn a_round_trip_that_is_not_so_is_found() {
    let mut world = World::new(1);
    world.all_conditions(Conditions {
        delay: Duration::from_millis(40),
        ..Conditions::default()
    });
    let calm = Scenario::named("calm").expect("a scenario");
    let outcome = calm.run_in(world, Duration::from_secs(7));
    let found: BTreeSet<Rule> = outcome.violations.iter().map(|v| v.rule).collect();
    assert_eq!(found, BTreeSet::from([Rule::Quality]));
}

#[test]
fn a_stream_that_is_slow_keeps_the_voice_and_a_small_picture() {
    let mut world = World::new(1);
    let plans = [(1, Kind::Simulcast), (2, Kind::Audio)];
    world.publisher(&plans.map(|(track, kind)| TrackPlan { track, kind }));
    world.streamed = true;
    let subscriber = world.subscriber(&[1, 2]);
    assert!(world.until(Duration::from_secs(5), World::all_connected));
    let slow = Conditions {
        rate: Some((80_000, 0)),
        ..Conditions::default()
    };
    world.conditions(subscriber, Conditions::default(), slow);
    world.run_for(Duration::from_secs(20));
    let heard = &world.clients[&subscriber].heard;
    assert!(heard[&1].layer == 0 && heard[&1].pictures > 0, "{heard:?}");
    assert!(heard[&2].silence < Duration::from_secs(1), "{heard:?}");
    world.must_settle();
    assert_eq!(world.observer.violations(), []);
}
