//! What str0m says after a change, collected first and acted on once the transport is free again.

use crate::command::TransportId;
use crate::engine::Engine;
use crate::event::Event as Told;
use crate::media::stun::Stun;
use crate::metrics::Metrics;
use crate::outbox::{Outbox, Route};
use crate::remote::Remote;
use crate::transport::Transport;
use std::time::Instant;
use str0m::channel::{ChannelData, ChannelId};
use str0m::{Event, IceConnectionState, Output, RtcError};

pub(crate) enum Effect {
    Connected,
    Ice(IceConnectionState),
    /// An answered binding request from this address: its integrity was right.
    Proven(Remote),
    ChannelOpen(ChannelId, String),
    ChannelData(ChannelData),
    ChannelWritable,
    ChannelClosed(ChannelId),
}

impl Transport {
    /// Takes everything out of str0m until it only waits for time to pass.
    ///
    /// `route` is where the client is by its last nomination: str0m itself stays with its first address.
    pub(crate) fn drain(
        &mut self,
        route: Option<Route>,
        outbox: &mut Outbox,
        metrics: &mut Metrics,
        effects: &mut Vec<Effect>,
    ) -> Result<(), RtcError> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(at) => {
                    self.deadline = at;
                    break;
                }
                Output::Transmit(transmit) => {
                    let bytes: &[u8] = &transmit.contents;
                    let Some(to) = self.remote(transmit.proto, transmit.destination) else {
                        continue;
                    };
                    match bytes.first() {
                        Some(1) => {
                            let success = Stun::parse(bytes).filter(Stun::is_binding_success);
                            let transaction = success.map(|message| message.transaction);
                            if transaction.is_some() && transaction == self.own_transaction {
                                continue;
                            }
                            if transaction.is_some() {
                                effects.push(Effect::Proven(to));
                            }
                        }
                        // Media and reports are ours alone, under the same keys. This would be a good-bye.
                        Some(128..=191) => continue,
                        _ => {}
                    }
                    let route = route.filter(|_| !matches!(bytes.first(), Some(..=3)));
                    let route = route.unwrap_or_else(|| Route {
                        to,
                        from: self.local_for(to),
                    });
                    outbox.push(route, bytes);
                    metrics.packets_out += 1;
                    metrics.bytes_out += bytes.len() as u64;
                }
                Output::Event(event) => self.note(event, effects),
            }
        }
        if !self.rtc.is_alive() {
            self.ended.get_or_insert_with(|| "closed".to_owned());
        }
        Ok(())
    }

    fn note(&mut self, event: Event, effects: &mut Vec<Effect>) {
        match event {
            Event::Connected => effects.push(Effect::Connected),
            Event::IceConnectionStateChange(state) => effects.push(Effect::Ice(state)),
            Event::ChannelOpen(id, label) => effects.push(Effect::ChannelOpen(id, label)),
            Event::ChannelData(data) => effects.push(Effect::ChannelData(data)),
            Event::ChannelBufferedAmountLow(_) => effects.push(Effect::ChannelWritable),
            Event::ChannelClose(id) => effects.push(Effect::ChannelClosed(id)),
            Event::Closed => {
                self.ended
                    .get_or_insert_with(|| "closed by the other side".to_owned());
            }
            _ => {}
        }
    }
}

impl Engine {
    pub(crate) fn effect(&mut self, now: Instant, id: TransportId, effect: Effect) {
        match effect {
            Effect::Connected => self.connected(now, id),
            Effect::Ice(state) => {
                if let Some(transport) = self.transports.get_mut(&id) {
                    let lost = state == IceConnectionState::Disconnected && transport.connected;
                    transport.lost_at = lost.then_some(now);
                }
            }
            // The address is bound by `datagram`, which knows the local side of the path.
            Effect::Proven(remote) => self.proven(now, id, remote),
            Effect::ChannelOpen(channel, label) => self.channel_open(now, id, channel, label),
            Effect::ChannelData(data) => self.channel_data(id, data),
            Effect::ChannelWritable => self.flush_data(now, id),
            Effect::ChannelClosed(channel) => self.channel_closed(id, channel),
        }
    }

    fn connected(&mut self, now: Instant, id: TransportId) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        match transport.take_keys() {
            Ok(seal) => {
                if let Some(egress) = self.egress.get_mut(transport.egress) {
                    egress.seal = Some(seal);
                }
            }
            Err(reason) => {
                self.end(now, id, reason);
                return;
            }
        }
        transport.connected = true;
        self.emit(Told::TransportConnected { transport: id });
        self.start_sending(now, id);
    }
}
