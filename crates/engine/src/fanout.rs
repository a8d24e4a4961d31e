//! From the store to every subscriber of a track: rewritten, sealed and laid out for the socket.
//!
//! Packets gather into runs (`runs.rs`). A run that is due becomes a delivery (`deliveries.rs`), which goes to one subscriber after the other. The
//! packets of one lie together and leave as one send; voice that is due at the same time rides behind. It pauses when the outbox holds
//! as much as stays in the processor's cache, and goes on in the next tick, which is due at once.

use crate::command::TransportId;
use crate::deliveries::{Deliveries, Delivery, STRIDE};
use crate::downlink::{EgressPath, Sender, payload_form};
use crate::engine::Engine;
use crate::event::MediaKind;
use crate::formats::Incoming;
use crate::media::egress;
use crate::media::train::{self, RUN};
use crate::media::{LayerId, MediaPacket, Ntp};
use crate::metrics::Metrics;
use crate::outbox::{Class, Outbox};
use crate::runs::Run;
use crate::slab::Slab;
use crate::tracks::TrackKey;
use crate::transport::Transports;
use std::time::Instant;

/// A point in time in the forms that packets need.
pub struct Moment {
    pub now: Instant,
    pub abs_send_time: u32,
}

/// What sending takes from the engine.
pub struct Forwarding<'a> {
    pub moment: &'a Moment,
    pub transports: &'a Transports,
    pub egress: &'a mut Slab<EgressPath>,
    pub outbox: &'a mut Outbox,
    pub metrics: &'a mut Metrics,
    pub unspoken: &'a mut Vec<(TransportId, TrackKey)>,
}

/// Packets of one layer on their way to any number of subscribers.
pub struct OutRun<'a> {
    key: TrackKey,
    layer: LayerId,
    packets: &'a [&'a MediaPacket],
    /// What each would be padded to, counted as `weight` does.
    sizes: [usize; RUN],
    incoming: Incoming,
    class: Class,
    padding: usize,
    /// The layer's newest packet, for pictures as they come. Who begins below it is behind.
    pub newest: u64,
}

impl<'a> OutRun<'a> {
    pub fn new(
        key: TrackKey,
        layer: LayerId,
        packets: &'a [&'a MediaPacket],
        incoming: Incoming,
        voice: bool,
    ) -> Self {
        let (class, padding) = match voice {
            true => (Class::Voice, train::VOICE_PADDING),
            false => (Class::Video, train::VIDEO_PADDING),
        };
        let mut weights = [0; RUN];
        for (to, packet) in weights.iter_mut().zip(packets) {
            *to = weight(packet);
        }
        OutRun {
            key,
            layer,
            packets,
            sizes: train::sizes(&weights[..packets.len().min(RUN)], padding),
            incoming,
            class,
            padding,
            newest: 0,
        }
    }
}

/// Bytes of a packet that are not the same for all packets of its stream.
fn weight(packet: &MediaPacket) -> usize {
    let descriptor = packet.dependency_descriptor.as_deref();
    packet.payload.len() + descriptor.map_or(0, <[u8]>::len)
}

impl Forwarding<'_> {
    /// What of a run is for a subscriber, in one train if it can be.
    pub fn send(&mut self, run: &OutRun, sender: &mut Sender) {
        let Some(EgressPath {
            seal: Some(seal),
            route: Some(route),
            tail,
            numbers,
        }) = self.egress.get_mut(sender.egress)
        else {
            return;
        };
        if sender.munger.wanted().is_none() {
            return;
        }
        let Some(outgoing) = sender.format(&run.incoming.spec, self.transports) else {
            // Nothing more goes to it before it is told.
            sender.munger.pause();
            self.unspoken.push((sender.transport, run.key));
            return;
        };
        // A newcomer comes to the others by and by.
        let before = match sender.catch_up {
            Some((layer, next)) if layer == run.layer => next,
            _ => u64::MAX,
        };
        let tag = seal.tag_len();
        let ran = sender.munger.current() == Some(run.layer);
        for (packet, size) in run.packets.iter().zip(run.sizes) {
            if packet.seq >= before {
                break;
            }
            // From before the publisher changed its codec: the payload type would lie.
            if packet.codec != run.incoming.codec {
                continue;
            }
            let now = self.moment.now;
            let Some(rewrite) = sender.munger.next(run.layer, packet, now) else {
                continue;
            };
            let (pt, form) = payload_form(packet, &outgoing);
            let stamp = numbers.stamp(self.moment.abs_send_time);
            let room = self.outbox.room(tail, *route);
            let out = &sender.out;
            let (mut length, mut whole) = (0, 0);
            let sent = self.outbox.couple(tail, *route, run.class, |arena| {
                let start = arena.len();
                let Some(header) = out.build(arena, packet, &rewrite, pt, form, stamp) else {
                    return false;
                };
                let plain = arena.len() - start;
                length = plain - header;
                let size = plain + size.saturating_sub(weight(packet));
                let train = room.and_then(|segment| segment.checked_sub(tag));
                let padding = train::pad(plain, size, train, run.padding);
                egress::pad(arena, start, padding as u8);
                let sealed = seal.seal_last(arena, start, header, rewrite.seq);
                whole = sealed.unwrap_or_default();
                whole > 0
            });
            if sent {
                numbers.note(&sender.out, whole, now);
                sender.packets = sender.packets.wrapping_add(1);
                sender.octets = sender.octets.wrapping_add(length as u32);
                self.metrics.packets_out += 1;
                self.metrics.bytes_out += length as u64;
            } else {
                self.metrics.packets_dropped += 1;
            }
            if !ran && packet.seq < run.newest {
                // The start of a key frame came late. What came before it could not be shown then; now it can.
                sender.catch_up = Some((run.layer, packet.seq + 1));
                break;
            }
        }
    }
}

impl Engine {
    /// A stored packet of a layer is to go to the track's subscribers, soon.
    pub(crate) fn fan_out(&mut self, now: Instant, key: TrackKey, layer: LayerId, seq: u64) {
        let Some(track) = self.tracks.get(key) else {
            return;
        };
        if track.source.subscribers.is_empty() {
            return;
        }
        let stored = track.source.layer(layer);
        let Some(packet) = stored.and_then(|layer| layer.store.get(seq)) else {
            return;
        };
        let voice = track.kind == Some(MediaKind::Audio);
        let place = (key, layer);
        self.runs.note(now, place, seq, voice, packet.marker);
    }

    /// When media that waits is to leave.
    pub(crate) fn media_due(&self) -> Option<Instant> {
        if self.deliveries.is_under_way() {
            return Some(self.start);
        }
        let newcomers = self.catching_up.iter().map(|(at, _, _)| *at);
        newcomers.chain(self.runs.due()).min()
    }

    /// Sends the runs whose time has come, as far as the outbox takes them at once: video first, so that voice rides behind.
    /// Video that is left over lets voice pass.
    pub(crate) fn send_due_media(&mut self, now: Instant) {
        if self.media_due().is_none_or(|due| due > now) {
            return;
        }
        self.catch_up(now);
        let moment = self.moment(now);
        let mut all = std::mem::take(&mut self.deliveries);
        if all.video.is_empty() {
            self.begin_deliveries(now, &mut all, false);
            self.send_videos(&moment, &mut all);
            self.begin_deliveries(now, &mut all, true);
            self.send_voices(&moment, &mut all);
        } else {
            self.begin_deliveries(now, &mut all, true);
            self.send_voices(&moment, &mut all);
            self.send_videos(&moment, &mut all);
        }
        self.deliveries = all;
        self.runs.tidy(now);
    }

    /// Begins to deliver the runs of one kind that may leave.
    fn begin_deliveries(&mut self, now: Instant, all: &mut Deliveries, voice: bool) {
        let mut runs = std::mem::take(&mut self.runs);
        for run in runs.runs() {
            let rides = |run: &Run| run.voice && run.waits() && self.may_ride(run.key);
            if run.voice != voice || !run.is_due(now) && !rides(run) {
                continue;
            }
            run.take(now, &mut self.taken);
            let source = self.tracks.get(run.key).map(|track| &track.source);
            let found = source.and_then(|s| Some((s, s.format?, s.layer(run.layer)?)));
            if let Some((source, incoming, layer)) = found {
                let packets = self.taken.iter().filter_map(|seq| layer.store.get(*seq));
                all.begin(now, run, (source, incoming), packets);
            }
        }
        self.runs = runs;
    }

    /// Goes on with one video after the other until the outbox is full.
    fn send_videos(&mut self, moment: &Moment, all: &mut Deliveries) {
        while let Some(delivery) = all.video.front_mut() {
            self.send_delivery(moment, delivery, usize::MAX, false);
            if !all.end_video() {
                return;
            }
        }
    }

    /// Goes on with all voices side by side until the outbox is full.
    fn send_voices(&mut self, moment: &Moment, all: &mut Deliveries) {
        while !all.voice.is_empty() {
            let mut at = 0;
            while let Some(next) = all.next_voice(at) {
                if let Some(delivery) = all.voice.get_mut(next) {
                    self.send_delivery(moment, delivery, STRIDE, true);
                }
                at = next + 1;
            }
            all.end_voices();
            if self.outbox.is_full() {
                return;
            }
        }
    }

    /// Whether a train to somebody who hears the track is about to leave.
    fn may_ride(&self, key: TrackKey) -> bool {
        let track = self.tracks.get(key);
        let first = track.and_then(|track| track.source.subscribers.first());
        let sender = first.and_then(|first| self.senders.get(first.sender));
        let egress = sender.and_then(|sender| self.egress.get(sender.egress));
        egress.is_some_and(|egress| {
            let route = egress.route;
            route.is_some_and(|route| self.outbox.room(&egress.tail, route).is_some())
        })
    }

    /// The packets of a delivery to the next `most` of its senders, until the outbox is full or all have them.
    fn send_delivery(
        &mut self,
        moment: &Moment,
        delivery: &mut Delivery,
        most: usize,
        voice: bool,
    ) {
        let Some(first) = delivery.packets.first() else {
            delivery.next = delivery.senders.len();
            return;
        };
        let mut packets = [first; RUN];
        for (place, packet) in packets.iter_mut().zip(&delivery.packets) {
            *place = packet;
        }
        let packets = packets.get(..delivery.packets.len()).unwrap_or(&packets);
        let mut run = OutRun::new(
            delivery.key,
            delivery.layer,
            packets,
            delivery.incoming,
            voice,
        );
        let source = self.tracks.get(delivery.key).map(|track| &track.source);
        let layer = source.and_then(|source| source.layer(delivery.layer));
        if let Some(layer) = layer.filter(|_| !voice) {
            run.newest = layer.store.highest().unwrap_or_default();
        }
        let mut forwarding = Forwarding {
            moment,
            transports: &self.transports,
            egress: &mut self.egress,
            outbox: &mut self.outbox,
            metrics: &mut self.metrics,
            unspoken: &mut self.unspoken,
        };
        for name in delivery.senders.iter().skip(delivery.next).take(most) {
            if forwarding.outbox.is_full() {
                return;
            }
            delivery.next += 1;
            if let Some(sender) = self.senders.get_mut(*name) {
                let listed = sender.catch_up.is_some();
                forwarding.send(&run, sender);
                if !listed && sender.catch_up.is_some() {
                    self.catching_up.push((moment.now, delivery.key, *name));
                }
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
