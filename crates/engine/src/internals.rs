//! Parts that only the simulator and the fuzzers reach for. No promise is made about any of it.

use crate::command::TransportId;
use crate::dtls;
pub use crate::dtls::{CapturedKeys, KeySlot, build as build_rtc};
use crate::engine::Engine;

/// The keys of a transport, filled in by its handshake.
pub fn keys(engine: &Engine, transport: TransportId) -> Option<KeySlot> {
    let transport = engine.transports.get(&transport)?;
    Some(transport.keys.clone())
}

/// All handshakes on this thread draw from the seed from now on: see `dtls`.
pub fn simulate_handshakes(seed: u64) {
    dtls::simulate(seed);
}

/// Datagrams that came in and were of no use so far. Cheaper than all metrics.
pub fn dropped(engine: &Engine) -> u64 {
    engine.metrics.packets_dropped + engine.metrics.strays_dropped
}

/// All that is done to the text of a description: cut, read, and given other names.
pub fn sdp_pass(text: &str) -> Option<String> {
    let trimmed = crate::sdp::trim(text).ok()?;
    let sections = crate::sdp::scan(&trimmed);
    let names = sections.iter().map(|section| {
        let names = (section.stream_id.clone(), section.track_id.clone());
        (section.mid.clone(), names)
    });
    Some(crate::sdp::set_msids(&trimmed, &names.collect()))
}
