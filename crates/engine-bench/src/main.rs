//! What the engine costs for each packet it forwards, beside the least that the machine allows.
//!
//! `engine-bench floor` seals and sends; `engine-bench forward` runs the real engine between real clients and the
//! floor in turns. The last line printed is JSON. Nothing is judged here.

#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod floor;
#[cfg(target_os = "linux")]
mod forward;
#[cfg(target_os = "linux")]
mod system;

use std::process::ExitCode;

const USAGE: &str = "\
engine-bench floor   [--subscribers N] [--bytes N] [--seconds N]
engine-bench forward [--publishers N] [--subscribers N] [--kind audio|video] [--seconds N]";

/// The options of both commands.
#[derive(Debug, Clone)]
pub struct Options {
    pub publishers: u32,
    pub subscribers: u32,
    pub video: bool,
    pub seconds: f64,
    /// Size of a datagram on the wire without IP and UDP.
    pub bytes: usize,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(json) => {
            println!("{json}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(target_os = "linux")]
fn run(arguments: &[String]) -> Result<String, String> {
    let (command, options) = parse(arguments)?;
    match command {
        "floor" => floor::alone(&options),
        "forward" => forward::measure(&options),
        _ => Err(USAGE.to_owned()),
    }
}

#[cfg(not(target_os = "linux"))]
fn run(arguments: &[String]) -> Result<String, String> {
    parse(arguments)?;
    Err("engine-bench measures with system calls of Linux.".to_owned())
}

fn parse(arguments: &[String]) -> Result<(&str, Options), String> {
    let mut options = Options {
        publishers: 1,
        subscribers: 100,
        video: true,
        seconds: 8.0,
        bytes: 1_150,
    };
    let (command, rest) = arguments.split_first().ok_or(USAGE)?;
    for pair in rest.chunks(2) {
        let [name, value] = pair else {
            return Err(format!("{} has no value\n{USAGE}", pair[0]));
        };
        let wrong = || format!("{name} cannot be {value}\n{USAGE}");
        let number = || {
            value
                .parse::<u32>()
                .ok()
                .filter(|n| *n > 0)
                .ok_or_else(wrong)
        };
        match name.as_str() {
            "--publishers" => options.publishers = number()?,
            "--subscribers" => options.subscribers = number()?,
            "--seconds" => options.seconds = f64::from(number()?),
            "--bytes" => options.bytes = (number()? as usize).clamp(64, 1_400),
            "--kind" => {
                options.video = match value.as_str() {
                    "audio" => false,
                    "video" => true,
                    _ => return Err(wrong()),
                }
            }
            _ => return Err(format!("{name} is not an option\n{USAGE}")),
        }
    }
    Ok((command, options))
}
