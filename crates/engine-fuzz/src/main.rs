//! Fuzzing without other tools. `engine-fuzz` tells the targets; `engine-fuzz TARGET|all [--executions N] [--seed S]` mutates the corpus;
//! `engine-fuzz TARGET FILE` runs one input; `engine-fuzz record` makes the corpus from a simulated call anew.

use engine_fuzz::mutate::mutate;
use engine_fuzz::record::record;
use engine_fuzz::{TARGETS, Target};
use engine_sim::random::Random;
use std::fs;
use std::io;
use std::panic::catch_unwind;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => {
            for target in TARGETS {
                println!("{:20} {} inputs", target.name, target.corpus().len());
            }
            ExitCode::SUCCESS
        }
        ["record"] => match write_corpora() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
        [name, options @ ..] => {
            let targets: Vec<&Target> = match *name {
                "all" => TARGETS.iter().collect(),
                name => Target::named(name).into_iter().collect(),
            };
            if targets.is_empty() {
                eprintln!("there is no target {name}");
                return ExitCode::from(2);
            }
            if let [file] = options {
                return replay(targets[0], file);
            }
            let number = |option| {
                let at = options.iter().position(|word| *word == option)?;
                options.get(at + 1)?.parse::<u64>().ok()
            };
            let executions = number("--executions").unwrap_or(100_000);
            let seed = number("--seed").unwrap_or(1);
            let broken = targets
                .into_iter()
                .filter(|target| !hold(target, executions, seed))
                .count();
            ExitCode::from(u8::from(broken > 0))
        }
    }
}

fn write_corpora() -> io::Result<()> {
    for (name, inputs) in record() {
        let Some(target) = Target::named(name) else {
            continue;
        };
        let folder = target.corpus_folder();
        fs::create_dir_all(&folder)?;
        for (number, input) in inputs.iter().enumerate() {
            fs::write(folder.join(format!("recorded-{number:02}")), input)?;
        }
    }
    Ok(())
}

fn replay(target: &Target, file: &str) -> ExitCode {
    match fs::read(file) {
        Ok(input) => {
            (target.run)(&input);
            println!("{} holds", target.name);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs mutated inputs; one that breaks the target is kept in a file of this folder.
fn hold(target: &Target, executions: u64, seed: u64) -> bool {
    let corpus = target.corpus();
    let mut random = Random::new(seed);
    for execution in 0..executions {
        let input = mutate(&mut random, &corpus);
        if catch_unwind(|| (target.run)(&input)).is_err() {
            let file = format!("broken-{}-{seed}-{execution}", target.name);
            let kept = fs::write(&file, &input).map_or_else(|error| error.to_string(), |()| file);
            println!(
                "{}: broken by execution {execution} of seed {seed}: {kept}",
                target.name
            );
            println!(
                "    again: cargo run --release -p engine-fuzz -- {} {kept}",
                target.name
            );
            return false;
        }
    }
    println!("{}: {executions} executions", target.name);
    true
}
