//! The short form of every scenario. Seeds that found something stay in the list.

use engine_sim::scenario::Scenario;
use std::time::Duration;

fn holds(name: &str, seconds: u64, seeds: &[u64]) {
    let scenario = Scenario::named(name).expect("a scenario");
    // One media thread, then three, and so on.
    for (&seed, shards) in seeds.iter().zip([1, 3].into_iter().cycle()) {
        let outcome = scenario.run(seed, shards, Duration::from_secs(seconds));
        let told: String = outcome
            .violations
            .iter()
            .map(|v| format!("\n  {v}"))
            .collect();
        assert!(
            outcome.violations.is_empty(),
            "{told}\n  again: cargo run --release -p engine-sim -- --scenario {name} --seed {seed} --seconds {seconds} --shards {shards}"
        );
        assert!(outcome.packets > 200, "{} packets", outcome.packets);
    }
}

#[test]
fn calm() {
    holds("calm", 5, &[1]);
}

#[test]
fn loss() {
    holds("loss", 8, &[1, 2]);
}

/// Found that who began with the late start of a key frame was not sent what had come between.
#[test]
fn a_long_loss() {
    holds("loss", 30, &[1]);
}

#[test]
fn disorder() {
    holds("disorder", 8, &[1, 2]);
}

#[test]
fn paths() {
    holds("paths", 10, &[1, 2]);
}

#[test]
fn slow() {
    holds("slow", 6, &[1, 2]);
}

#[test]
fn storms() {
    holds("storms", 6, &[1, 2]);
}

#[test]
fn restarts() {
    holds("restarts", 8, &[1, 2]);
}

#[test]
fn wishes() {
    holds("wishes", 8, &[1, 2]);
}

#[test]
fn layers() {
    holds("layers", 10, &[1, 2]);
}

#[test]
fn hostile() {
    holds("hostile", 5, &[1, 2]);
}

/// Seeds 2 and 4 found that key frame requests went to the address that a publisher had before.
#[test]
fn chaos() {
    holds("chaos", 20, &[4, 2]);
}

/// Found that the rules took a number that went out empty for a hole.
#[test]
fn chaos_of_three_threads() {
    let scenario = Scenario::named("chaos").expect("a scenario");
    let outcome = scenario.run(307, 3, Duration::from_secs(12));
    assert_eq!(outcome.violations, []);
}
