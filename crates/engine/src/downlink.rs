//! Media to subscribers.

use crate::command::TransportId;
use crate::engine::Engine;
use crate::transport::Transport;
use std::time::Instant;

#[derive(Default)]
pub struct Downlink {}

impl Transport {
    pub(crate) fn take_keys(&mut self) -> Result<(), String> {
        self.keys.get().map(|_| ()).ok_or_else(|| "no keys".to_owned())
    }
}

impl Engine {
    pub(crate) fn start_sending(&mut self, _now: Instant, _id: TransportId) {}

    pub(crate) fn send_bye(&mut self, _id: TransportId) {}

    pub(crate) fn bind_slots(&mut self, _now: Instant, _id: TransportId) {}

    pub(crate) fn apply_enabled(&mut self, _now: Instant, _id: TransportId) {}

    pub(crate) fn subscriber_packet(&mut self, _now: Instant, _id: TransportId, _bytes: &[u8]) {}

    pub(crate) fn subscription_count(&self) -> u64 {
        0
    }

    pub(crate) fn forget_media(&mut self, _now: Instant, _transport: &Transport) {}
}
