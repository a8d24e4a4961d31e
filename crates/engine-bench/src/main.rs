//! The programs behind `npm run bench`: what drives a media server, and the least that the machine allows.
//!
//! Each runs in a process of its own, so that nothing of it is counted as the server's, takes lines on stdin and answers with a line of
//! JSON for each (`wire.rs`). `bench/` decides what is measured; nothing is judged here.

#[cfg(target_os = "linux")]
mod arrivals;
#[cfg(target_os = "linux")]
mod delays;
#[cfg(target_os = "linux")]
mod floor;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod pattern;
#[cfg(target_os = "linux")]
mod peer;
#[cfg(target_os = "linux")]
mod probe;
#[cfg(target_os = "linux")]
mod relay;
#[cfg(target_os = "linux")]
mod reports;
#[cfg(target_os = "linux")]
mod sink;
#[cfg(target_os = "linux")]
mod source;
#[cfg(target_os = "linux")]
mod system;
#[cfg(target_os = "linux")]
mod targets;
#[cfg(target_os = "linux")]
mod way;
#[cfg(target_os = "linux")]
mod wire;

use std::process::ExitCode;

const USAGE: &str = "\
engine-bench load  IP    clients of a media server that listen and send from this address
engine-bench floor IP    seals and sends from this address, and nothing else
engine-bench relay IP    sends every datagram back";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(target_os = "linux")]
fn run(arguments: &[String]) -> Result<(), String> {
    let [program, address] = arguments else {
        return Err(USAGE.to_owned());
    };
    let address = address
        .parse()
        .map_err(|_| format!("'{address}' is no IP address\n{USAGE}"))?;
    match program.as_str() {
        "load" => load::run(address),
        "floor" => floor::run(address),
        "relay" => relay::run(address),
        _ => Err(USAGE.to_owned()),
    }
}

#[cfg(not(target_os = "linux"))]
fn run(_arguments: &[String]) -> Result<(), String> {
    Err(format!(
        "engine-bench measures with system calls of Linux.\n{USAGE}"
    ))
}
