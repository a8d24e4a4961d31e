//! Data channels: messages in as events, messages out with bounded waiting.

use crate::command::{TransportId, TransportRole};
use crate::engine::Engine;
use crate::event::{Event, LogLevel};
use crate::transport::Transport;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;
use str0m::RtcError;
use str0m::channel::{ChannelData, ChannelId, Reliability};

/// Reliable bytes that wait for one client beyond what SCTP holds.
const WAITING_LIMIT: usize = 4 << 20;
/// Lossy messages are dropped while this much of the lossy channel has not left: late ones are worth nothing.
const LOSSY_LIMIT: usize = 256 << 10;
const LOW_WATER: usize = 512 << 10;
/// Channels one client may open.
const CHANNEL_LIMIT: usize = 64;
/// Longest label of a channel that is listened to: every message carries it.
const LABEL_LIMIT: usize = 256;
/// What a waiting message costs beside its bytes, so that empty ones count too.
const MESSAGE_COST: usize = 64;

#[derive(Default)]
pub struct Data {
    /// Made with the first offer to a subscriber, or by the client on a single transport.
    pub reliable: Option<ChannelId>,
    pub lossy: Option<ChannelId>,
    open: HashMap<ChannelId, Opened>,
    waiting: VecDeque<Arc<[u8]>>,
    waiting_bytes: usize,
    /// The drop has been told; said once until there is room again.
    overflowing: bool,
}

struct Opened {
    label: String,
    reliable: bool,
}

impl Engine {
    pub(crate) fn send_data(
        &mut self,
        now: Instant,
        transports: &[TransportId],
        reliable: bool,
        payload: &Arc<[u8]>,
    ) {
        for &id in transports {
            let Some(transport) = self.transports.get_mut(&id) else {
                continue;
            };
            if !transport.role.sends() {
                continue;
            }
            if !reliable {
                self.send_lossy(now, id, payload);
            } else if transport.data.enqueue(payload) {
                self.flush_data(now, id);
            } else if !std::mem::replace(&mut transport.data.overflowing, true) {
                let message = "reliable data is dropped: the client does not take it";
                self.log(LogLevel::Warn, id, message);
            }
        }
    }

    fn send_lossy(&mut self, now: Instant, id: TransportId, payload: &Arc<[u8]>) {
        let sent = self.operate(now, id, |transport| {
            let open = transport.data.open_lossy();
            let Some(mut channel) = open.and_then(|id| transport.rtc.channel(id)) else {
                return Ok(false);
            };
            // A message above the client's limit is an error of that message only.
            Ok(channel.buffered_amount() <= LOSSY_LIMIT
                && channel.write(true, payload).unwrap_or(false))
        });
        if matches!(sent, Some(Ok(false))) {
            self.metrics.packets_dropped += 1;
        }
    }

    /// Hands waiting reliable messages to SCTP as far as it takes them.
    pub(crate) fn flush_data(&mut self, now: Instant, id: TransportId) {
        let ready = |data: &Data| !data.waiting.is_empty() && data.open_reliable().is_some();
        let data = self.transports.get(&id).map(|transport| &transport.data);
        if data.is_some_and(ready) {
            let refused = self.operate(now, id, |transport| transport.write_waiting());
            if let Some(Ok(count @ 1..)) = refused {
                // The client says how long a message may be.
                self.log(
                    LogLevel::Debug,
                    id,
                    format!("{count} data messages were refused"),
                );
            }
        }
    }

    pub(crate) fn retry_data(&mut self, now: Instant) {
        let waiting: Vec<TransportId> = self
            .transports
            .values()
            .filter(|transport| !transport.data.waiting.is_empty())
            .map(|transport| transport.id)
            .collect();
        for id in waiting {
            self.flush_data(now, id);
        }
    }

    pub(crate) fn channel_open(
        &mut self,
        now: Instant,
        id: TransportId,
        channel: ChannelId,
        label: String,
    ) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        if transport.data.open.len() >= CHANNEL_LIMIT || label.len() > LABEL_LIMIT {
            return;
        }
        let Some(mut opened) = transport.rtc.channel(channel) else {
            return;
        };
        opened.set_buffered_amount_low_threshold(LOW_WATER);
        if transport.role == TransportRole::Single {
            // The client makes the channels, for both directions.
            match label.as_str() {
                "_reliable" => transport.data.reliable = Some(channel),
                "_lossy" => transport.data.lossy = Some(channel),
                _ => {}
            }
        }
        let reliable = opened.config().is_none_or(|config| {
            config.ordered && matches!(config.reliability, Reliability::Reliable)
        });
        transport.data.open.insert(
            channel,
            Opened {
                reliable: reliable && label != "_lossy",
                label,
            },
        );
        self.flush_data(now, id);
    }

    pub(crate) fn channel_closed(&mut self, id: TransportId, channel: ChannelId) {
        if let Some(transport) = self.transports.get_mut(&id) {
            transport.data.open.remove(&channel);
        }
    }

    pub(crate) fn channel_data(&mut self, id: TransportId, data: ChannelData) {
        let Some(transport) = self.transports.get(&id) else {
            return;
        };
        let Some(channel) = transport.data.open.get(&data.id) else {
            return;
        };
        self.emit(Event::DataReceived {
            transport: id,
            reliable: channel.reliable,
            label: channel.label.clone(),
            payload: data.data,
        });
    }
}

impl Data {
    fn enqueue(&mut self, payload: &Arc<[u8]>) -> bool {
        let cost = payload.len() + MESSAGE_COST;
        if self.waiting_bytes + cost > WAITING_LIMIT {
            return false;
        }
        self.waiting_bytes += cost;
        self.waiting.push_back(payload.clone());
        true
    }

    fn open_reliable(&self) -> Option<ChannelId> {
        self.reliable.filter(|id| self.open.contains_key(id))
    }

    fn open_lossy(&self) -> Option<ChannelId> {
        self.lossy.filter(|id| self.open.contains_key(id))
    }
}

impl Transport {
    /// The number of messages that can never be sent, which are dropped.
    fn write_waiting(&mut self) -> Result<u32, RtcError> {
        let mut refused = 0;
        let channel = self.data.open_reliable();
        while let Some(message) = self.data.waiting.front() {
            let Some(mut channel) = channel.and_then(|id| self.rtc.channel(id)) else {
                break;
            };
            match channel.write(true, message) {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => refused += 1,
            }
            self.data.waiting_bytes -= message.len() + MESSAGE_COST;
            self.data.waiting.pop_front();
            self.data.overflowing = false;
        }
        Ok(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_messages_do_not_wait_without_end() {
        let mut data = Data::default();
        let empty: Arc<[u8]> = [].into();
        let taken = (0..1_000_000).take_while(|_| data.enqueue(&empty)).count();
        assert_eq!(taken, WAITING_LIMIT / MESSAGE_COST);
    }
}
