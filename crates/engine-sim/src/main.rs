//! `cargo run --release -p engine-sim -- --scenario NAME|all --seed N --seeds COUNT --seconds S --shards M`: simulated calls, longer than tests may take.

use engine_sim::memory::{COUNTED, Heap, in_use};
use engine_sim::scenario::{SCENARIOS, Scenario};
use std::process::ExitCode;
use std::time::Duration;

#[global_allocator]
static HEAP: &Heap = &COUNTED;

struct Options {
    scenarios: Vec<&'static Scenario>,
    seed: u64,
    seeds: u64,
    seconds: u64,
    shards: u8,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        scenarios: SCENARIOS.iter().collect(),
        seed: 1,
        seeds: 1,
        seconds: 30,
        shards: 1,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments
            .next()
            .ok_or_else(|| format!("{argument} needs a value"))?;
        let number = || value.parse().map_err(|_| format!("{value} is no number"));
        match argument.as_str() {
            "--scenario" if value == "all" => options.scenarios = SCENARIOS.iter().collect(),
            "--scenario" => {
                let found = Scenario::named(&value).ok_or_else(|| unknown(&value))?;
                options.scenarios = vec![found];
            }
            "--seed" => options.seed = number()?,
            "--seeds" => options.seeds = number()?,
            "--seconds" => options.seconds = number()?,
            "--shards" => options.shards = number()?.clamp(1, 32) as u8,
            _ => return Err(format!("{argument} is unknown")),
        }
    }
    Ok(options)
}

fn unknown(name: &str) -> String {
    let stories = SCENARIOS
        .iter()
        .map(|s| format!("\n  {:9} {}", s.name, s.story));
    format!(
        "there is no scenario {name}:{}",
        stories.collect::<String>()
    )
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let (mut failed, mut simulated, mut wall) = (0, Duration::ZERO, Duration::ZERO);
    println!("scenario   seed  simulated  packets     wall  simulated s/s  heap after  digest");
    for seed in options.seed..options.seed + options.seeds {
        for scenario in &options.scenarios {
            let outcome = scenario.run(seed, options.shards, Duration::from_secs(options.seconds));
            simulated += outcome.simulated;
            wall += outcome.wall;
            println!(
                "{:9} {seed:5} {:8.1} s {:8} {:6.2} s {:14.0} {:8} kB  {:016x}",
                scenario.name,
                outcome.simulated.as_secs_f64(),
                outcome.packets,
                outcome.wall.as_secs_f64(),
                outcome.simulated.as_secs_f64() / outcome.wall.as_secs_f64(),
                in_use(HEAP) / 1024,
                outcome.digest,
            );
            if outcome.violations.is_empty() {
                continue;
            }
            failed += 1;
            for violation in &outcome.violations {
                println!("    {violation}");
            }
            println!(
                "    again: cargo run --release -p engine-sim -- --scenario {} --seed {seed} --seconds {} --shards {}",
                scenario.name, options.seconds, options.shards
            );
        }
    }
    let rate = simulated.as_secs_f64() / wall.as_secs_f64();
    println!(
        "{:.0} simulated seconds, {rate:.0} a second; {failed} runs failed",
        simulated.as_secs_f64()
    );
    ExitCode::from(u8::from(failed > 0))
}
