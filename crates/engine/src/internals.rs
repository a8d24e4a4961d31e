//! Parts that only the simulator and the fuzzers reach for. No promise is made about any of it.

use crate::command::TransportId;
pub use crate::dtls::{CapturedKeys, KeySlot, build as build_rtc};
use crate::engine::Engine;

/// The keys of a transport, filled in by its handshake.
pub fn keys(engine: &Engine, transport: TransportId) -> Option<KeySlot> {
    let transport = engine.transports.get(&transport)?;
    Some(transport.keys.clone())
}

/// Datagrams that came in and were of no use so far. Cheaper than all metrics.
pub fn dropped(engine: &Engine) -> u64 {
    engine.metrics.packets_dropped + engine.metrics.strays_dropped
}
