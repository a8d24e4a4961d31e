//! `cargo run --release -p engine-sim -- --scenario NAME|all --seed N --seeds COUNT --seconds S --shards M`: simulated calls, longer than tests
//! may take, one on each processor.

use engine_sim::scenario::{Outcome, SCENARIOS, Scenario};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{available_parallelism, scope};
use std::time::{Duration, Instant};

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
    let seeds = options.seed..options.seed + options.seeds;
    let runs = seeds.flat_map(|seed| options.scenarios.iter().map(move |s| (seed, *s)));
    let runs: Vec<Run> = runs.collect();
    let (began, next) = (Instant::now(), AtomicUsize::new(0));
    let workers = available_parallelism().map_or(1, usize::from);
    println!("scenario   seed  simulated  x transports  packets     wall  simulated s/s  digest");
    let total = scope(|threads| {
        let (said, hear) = channel();
        for _ in 0..workers.min(runs.len()) {
            let said = said.clone();
            threads.spawn(|| work(&options, &runs, &next, said));
        }
        drop(said);
        let mut total = Total::default();
        for (run, outcome) in hear {
            total.add(&outcome);
            tell(&options, run, &outcome);
        }
        total
    });
    let (simulated, transports) = (total.simulated, total.transports);
    let rate = |time: Duration| time.as_secs_f64() / began.elapsed().as_secs_f64();
    println!(
        "{:.0} simulated seconds, {:.0} a second; {:.0} of transports, {:.0} a second; {} runs failed",
        simulated.as_secs_f64(),
        rate(simulated),
        transports.as_secs_f64(),
        rate(transports),
        total.failed,
    );
    ExitCode::from(u8::from(total.failed > 0))
}

type Run = (u64, &'static Scenario);

#[derive(Default)]
struct Total {
    failed: u32,
    simulated: Duration,
    transports: Duration,
}

impl Total {
    fn add(&mut self, outcome: &Outcome) {
        self.simulated += outcome.simulated;
        self.transports += outcome.transports;
        self.failed += u32::from(!outcome.violations.is_empty());
    }
}

/// Takes one run after the other until there are none left.
fn work(options: &Options, runs: &[Run], next: &AtomicUsize, said: Sender<(Run, Outcome)>) {
    while let Some((seed, scenario)) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
        let time = Duration::from_secs(options.seconds);
        let outcome = scenario.run(*seed, options.shards, time);
        // The other end lives as long as this thread.
        let _ = said.send(((*seed, *scenario), outcome));
    }
}

fn tell(options: &Options, (seed, scenario): Run, outcome: &Outcome) {
    println!(
        "{:9} {seed:5} {:8.1} s {:11.1} s {:8} {:6.2} s {:14.0} {:016x}",
        scenario.name,
        outcome.simulated.as_secs_f64(),
        outcome.transports.as_secs_f64(),
        outcome.packets,
        outcome.wall.as_secs_f64(),
        outcome.simulated.as_secs_f64() / outcome.wall.as_secs_f64(),
        outcome.digest,
    );
    for violation in &outcome.violations {
        println!("    {violation}");
    }
    if !outcome.violations.is_empty() {
        println!(
            "    again: cargo run --release -p engine-sim -- --scenario {} --seed {seed} --seconds {} --shards {}",
            scenario.name, options.seconds, options.shards
        );
    }
}
