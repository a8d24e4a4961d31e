//! From the store to every subscriber of a track: rewritten, sealed and laid out for the socket.

use crate::downlink::payload_form;
use crate::engine::Engine;
use crate::formats::Incoming;
use crate::media::{LayerId, MediaPacket, Ntp};
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::tracks::TrackKey;
use crate::transport::Transport;
use std::time::Instant;

/// A point in time in the forms that packets need.
pub struct Moment {
    pub now: Instant,
    pub abs_send_time: u32,
}

impl Engine {
    /// A stored packet of a layer to the track's subscribers.
    pub(crate) fn fan_out(&mut self, now: Instant, key: TrackKey, layer: LayerId, seq: u64) {
        let moment = self.moment(now);
        let Some(source) = self.tracks.get(key).map(|track| &track.source) else {
            return;
        };
        let stored = source.layer(layer).and_then(|layer| layer.store.get(seq));
        let (Some(packet), Some(format)) = (stored, source.format) else {
            return;
        };
        for &(id, slot) in &source.subscribers {
            if let Some(transport) = self.transports.get_mut(&id) {
                forward(
                    (transport, slot, key),
                    layer,
                    packet,
                    format,
                    &moment,
                    &mut self.outbox,
                    &mut self.metrics,
                );
            }
        }
    }

    /// The time in the forms that packets need.
    pub(crate) fn moment(&self, now: Instant) -> Moment {
        let elapsed = now.saturating_duration_since(self.start);
        Moment {
            now,
            // Only differences count, so any zero does.
            abs_send_time: Ntp(0).plus(elapsed).abs_send_time(),
        }
    }
}

/// One packet to one subscriber, if it is for it now.
pub(crate) fn forward(
    (transport, slot, key): (&mut Transport, usize, TrackKey),
    layer: LayerId,
    packet: &MediaPacket,
    incoming: Incoming,
    moment: &Moment,
    outbox: &mut Outbox,
    metrics: &mut Metrics,
) {
    let Some(route) = transport.route.filter(|_| transport.connected) else {
        return;
    };
    if transport
        .sender(slot, key)
        .is_none_or(|s| s.munger.wanted().is_none())
    {
        return;
    }
    let Some(outgoing) = transport.format(slot, &incoming.spec) else {
        if !transport.downlink.unspoken.contains(&key) {
            transport.downlink.unspoken.push(key);
        }
        return;
    };
    let Transport {
        negotiation,
        downlink,
        ..
    } = transport;
    let sender = negotiation
        .slots
        .get_mut(slot)
        .and_then(|s| s.sender.as_mut());
    let (Some(sender), Some(seal)) = (sender, downlink.seal.as_mut()) else {
        return;
    };
    let Some(rewrite) = sender.munger.next(layer, packet, moment.now) else {
        return;
    };
    let (pt, form) = payload_form(packet, &outgoing);
    let out = &sender.out;
    let mut length = 0;
    let sent = outbox.build(route, |arena| {
        let start = arena.len();
        let header = out.build(arena, packet, &rewrite, pt, form, moment.abs_send_time);
        header.is_some_and(|header| {
            length = arena.len() - start - header;
            seal.seal_last(arena, start, header, rewrite.seq).is_ok()
        })
    });
    if sent {
        sender.packets = sender.packets.wrapping_add(1);
        sender.octets = sender.octets.wrapping_add(length as u32);
        metrics.packets_out += 1;
        metrics.bytes_out += length as u64;
    } else {
        metrics.packets_dropped += 1;
    }
}
