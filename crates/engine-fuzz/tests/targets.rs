//! Every committed input, and a short run of mutated ones for each target.

use engine_fuzz::mutate::mutate;
use engine_fuzz::{TARGETS, Target};
use engine_sim::random::Random;
use std::panic::catch_unwind;

fn holds(targets: impl Iterator<Item = &'static Target>) {
    for target in targets {
        let corpus = target.corpus();
        assert!(!corpus.is_empty(), "{} has no corpus", target.name);
        for (number, input) in corpus.iter().enumerate() {
            let held = catch_unwind(|| (target.run)(input));
            assert!(
                held.is_ok(),
                "{}: broken by input {number} of its corpus",
                target.name
            );
        }
        let mut random = Random::new(1);
        for execution in 0..target.short {
            let input = mutate(&mut random, &corpus);
            let held = catch_unwind(|| (target.run)(&input));
            assert!(
                held.is_ok(),
                "{}: broken by execution {execution} of seed 1\n  again: cargo run --release -p engine-fuzz -- {} --executions {}",
                target.name,
                target.name,
                execution + 1
            );
        }
    }
}

#[test]
fn parsers_and_state_machines_hold() {
    holds(TARGETS.iter().filter(|target| target.short >= 1_000));
}

#[test]
fn calls_hold() {
    holds(TARGETS.iter().filter(|target| target.short < 1_000));
}
