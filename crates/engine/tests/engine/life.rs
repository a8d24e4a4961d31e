//! Transports end: closed by either side, lost, panicked.

use crate::world::{Feed, Setup, World, call};
use engine::command::Command;
use engine::event::Event;
use std::collections::BTreeSet;
use std::time::Duration;
use str0m::media::MediaKind::{Audio, Video};

fn watched() -> World {
    let mut world = call();
    world.subscriber(2, &["TR_a", "TR_v"]);
    world.subscriber(3, &["TR_a", "TR_v"]);
    world.until("both see pictures", |w| {
        let sees = |id| w.client(id).packets(Video).len() > 30;
        sees(2) && sees(3)
    });
    world
}

fn goes_on(world: &mut World, id: u32) {
    let before = world.client(id).packets(Audio).len();
    world.run_for(Duration::from_secs(1));
    assert!(world.client(id).packets(Audio).len() > before + 40);
}

/// How often the engine wants to be woken within ten seconds.
fn wakes(world: &mut World) -> usize {
    let mut deadlines = BTreeSet::new();
    for _ in 0..500 {
        world.run_for(Duration::from_millis(20));
        deadlines.insert(world.engine.deadline());
    }
    deadlines.len()
}

#[test]
fn while_nobody_is_here_the_engine_sleeps() {
    let mut world = World::new();
    let idle = wakes(&mut world);
    assert!(idle < 30, "{idle} times");
    let now = world.now;
    world.publisher(1, vec![Feed::audio(now)]);
    let busy = wakes(&mut world);
    assert!(busy >= 100, "{busy} times");
    world.command(Command::CloseTransport { transport: 1 });
    world.run_for(Duration::from_secs(20));
    let again = wakes(&mut world);
    assert!(again < 30, "{again} times");
    let due = world.engine.deadline();
    world.engine.tick(due);
    let asleep = world.engine.deadline().saturating_duration_since(due);
    assert!(
        asleep >= Duration::from_millis(500),
        "one wake is enough for all that is due, and then {asleep:?}"
    );
}

#[test]
fn a_panic_costs_one_transport() {
    let mut world = watched();
    world.command(Command::InjectPanic { transport: 2 });
    let reason = world.closed(2).expect("the end is told").to_owned();
    assert!(reason.starts_with("panic: "), "{reason}");
    goes_on(&mut world, 3);
    assert_eq!(world.engine.metrics().transports, 2);
    world.command(Command::InjectPanic { transport: 1 });
    assert!(world.closed(1).is_some());
    assert_eq!(world.engine.metrics().tracks, 0);
    assert_eq!(world.closed(3), None);
}

#[test]
fn closing_here_says_goodbye_and_tells_nothing() {
    let mut world = watched();
    world.command(Command::CloseTransport { transport: 2 });
    world.until("the client hears of it", |w| w.client(2).closed);
    assert_eq!(world.closed(2), None);
    goes_on(&mut world, 3);
}

#[test]
fn a_client_that_closes_is_gone_at_once() {
    let mut world = watched();
    world.client_mut(2).close();
    world.run_for(Duration::from_millis(50));
    assert_eq!(world.closed(2), Some("closed by the other side"));
    world.client_mut(1).close();
    world.run_for(Duration::from_millis(50));
    assert_eq!(world.closed(1), Some("closed by the other side"));
    assert_eq!(world.engine.metrics().tracks, 0);
}

#[test]
fn a_client_that_vanishes_is_lost_after_its_consent_runs_out() {
    let mut world = watched();
    world.clients.retain(|client| client.transport != 2);
    world.run_for(Duration::from_secs(14));
    assert_eq!(world.closed(2), None);
    world.run_for(Duration::from_secs(8));
    let reason = world.closed(2).expect("lost");
    assert!(reason.starts_with("lost"), "{reason}");
    goes_on(&mut world, 3);
}

/// What it says by RTCP proves nothing about where it is; its checks do.
#[test]
fn a_client_whose_checks_stay_away_is_lost_though_its_reports_come() {
    let mut world = watched();
    world.loss_up = Box::new(|id, bytes| id == 2 && bytes[0] < 4);
    world.run_for(Duration::from_secs(22));
    assert_eq!(
        world.closed(2),
        Some("lost: no ICE check came for 15 seconds")
    );
    goes_on(&mut world, 3);
}

/// Where the client is the DTLS server, the engine makes the SCTP association, and str0m does not close while that is under way.
#[test]
fn a_client_is_told_of_the_end_before_there_are_data_channels() {
    let mut world = call();
    world.loss = Box::new(|id, bytes| id == 2 && bytes[0] == 23);
    let passive = Setup {
        active: false,
        ..Setup::default()
    };
    world.subscriber_with(2, &["TR_a"], passive);
    world.until("it connects", |w| w.connected(2));
    world.run_for(Duration::from_millis(100));
    assert!(world.client(2).channels.is_empty());
    world.command(Command::CloseTransport { transport: 2 });
    world.until("it hears of it", |w| w.client(2).closed);
}

#[test]
fn all_are_told_when_the_engine_ends() {
    let mut world = watched();
    let now = world.now;
    world.engine.close_all(now);
    world.until("all clients hear of it", |w| {
        w.clients.iter().all(|client| client.closed)
    });
    assert_eq!(world.engine.metrics().transports, 0);
    let closed = |event: &Event| matches!(event, Event::TransportClosed { .. });
    assert!(!world.events.iter().any(closed));
}

#[test]
fn a_client_whose_media_path_is_faster_than_its_answer_connects_at_once() {
    let mut world = call();
    let silent = Setup {
        answers: false,
        ..Setup::default()
    };
    world.subscriber_with(2, &["TR_a"], silent);
    let offer = world.offers(2)[0].0.clone();
    let sdp = world.client_mut(2).answer(&offer);
    // Its first binding requests arrive while the answer is still on its way.
    world.run_for(Duration::from_millis(40));
    assert!(world.client(2).sent.is_empty());
    let answered = world.now;
    world.command(Command::AcceptAnswer {
        transport: 2,
        offer: 1,
        sdp,
    });
    world.until("it connects", |w| w.connected(2));
    let waited = world.now - answered;
    assert!(waited < Duration::from_millis(60), "{waited:?}");
}
