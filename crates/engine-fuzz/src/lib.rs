//! Fuzzing of everything that sees foreign bytes: one function a target, the same for the tests, for `engine-fuzz` and for `cargo fuzz`.
//!
//! A target panics when something is wrong, and only then.

mod codecs;
mod decisions;
mod input;
pub mod mutate;
mod parsers;
pub mod record;
mod stage;
mod states;

use std::path::{Path, PathBuf};

pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// How many executions a short run does; those with a whole call behind them are dear.
    pub short: u64,
}

const fn target(name: &'static str, run: fn(&[u8]), short: u64) -> Target {
    Target { name, run, short }
}

pub const TARGETS: &[Target] = &[
    target("stun", parsers::stun, 20_000),
    target("rtp", parsers::rtp, 20_000),
    target("rtcp", parsers::rtcp, 20_000),
    target("srtp", parsers::srtp, 5_000),
    target("sdp", parsers::sdp, 1_000),
    target("framing", parsers::framing, 20_000),
    target("vp8", codecs::vp8, 20_000),
    target("vp9", codecs::vp9, 20_000),
    target("h264", codecs::h264, 20_000),
    target("av1", codecs::av1, 20_000),
    target("red", codecs::red, 20_000),
    target("dependency", codecs::dependency, 20_000),
    target("munger", states::munger, 3_000),
    target("store", states::store, 3_000),
    target("nack", states::nack, 5_000),
    target("transport_feedback", states::transport_feedback, 5_000),
    target("arrivals", states::arrivals, 5_000),
    target("receiver", states::receiver, 5_000),
    target("allocator", decisions::allocator, 5_000),
    target("estimate", decisions::estimate, 5_000),
    target("datagram", stage::datagram, 400),
    target("feedback", stage::feedback, 400),
    target("publisher_rtp", stage::publisher_rtp, 400),
    target("publisher_rtcp", stage::publisher_rtcp, 400),
    target("labels", stage::labels, 60),
    target("offer", stage::offer, 60),
];

impl Target {
    pub fn named(name: &str) -> Option<&'static Target> {
        TARGETS.iter().find(|target| target.name == name)
    }

    pub fn corpus_folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("corpus")
            .join(self.name)
    }

    /// The committed inputs, in the order of their names.
    pub fn corpus(&self) -> Vec<Vec<u8>> {
        let files = std::fs::read_dir(self.corpus_folder())
            .into_iter()
            .flatten();
        let mut paths: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
        paths.sort();
        paths.iter().flat_map(std::fs::read).collect()
    }
}

/// Runs a target by its name; for `cargo fuzz`.
pub fn run(name: &str, data: &[u8]) {
    if let Some(target) = Target::named(name) {
        (target.run)(data);
    }
}
