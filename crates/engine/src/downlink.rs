//! Media to subscribers: one sender an m-line, which lives as long as the m-line and keeps its numbers running when
//! the track on it changes.

use crate::command::TransportId;
use crate::engine::Engine;
use crate::event::{Event, MediaKind};
use crate::formats::{self, Incoming, Outgoing};
use crate::media::egress::{ExtensionIds, MidText, OutStream, PayloadForm};
use crate::media::keyframe::Need;
use crate::media::rtcp;
use crate::media::srtp::{Keys, Open, Profile, Seal};
use crate::media::{LayerId, MediaPacket, Munger};
use crate::metrics::Metrics;
use crate::negotiate::SlotState;
use crate::outbox::Outbox;
use crate::reports::Received;
use crate::tracks::TrackKey;
use crate::transport::Transport;
use std::time::Instant;
use str0m::format::CodecSpec;
use str0m::rtp::Extension;

/// Packets of a group of pictures that a newcomer is shown at once; more is dearer than a new key frame.
const REPLAY_LIMIT: usize = 120;

/// A point in time in the forms that packets need.
pub struct Moment {
    pub now: Instant,
    pub abs_send_time: u32,
}

/// The sending side of a subscriber transport.
#[derive(Default)]
pub struct Downlink {
    pub seal: Option<Seal>,
    pub open: Option<Open>,
    /// Tracks whose codec the subscriber does not speak, met while forwarding and still to be told.
    unspoken: Vec<TrackKey>,
}

pub struct Sender {
    pub enabled: bool,
    pub out: OutStream,
    pub munger: Munger,
    pub rtx_seq: u64,
    pub packets: u32,
    pub octets: u32,
    pub reported: Option<Instant>,
    pub received: Received,
    pub cname: String,
    /// A packet that was asked for again and was not there, since when.
    pub hole: Option<(u16, Instant)>,
    /// The subscriber's numbers for the codec that the publisher uses now.
    format: Option<(CodecSpec, Option<Outgoing>)>,
}

impl Transport {
    /// Keys for our own sealing; the handshake has just left them.
    pub(crate) fn take_keys(&mut self) -> Result<(), String> {
        let keys = self.keys.get().ok_or("the handshake left no SRTP keys")?;
        let profile = Profile::from_dtls(&keys.profile)
            .ok_or_else(|| format!("SRTP profile {:?} is not spoken", keys.profile))?;
        let (seal, open) = Keys::from_dtls(&keys.material, profile, keys.active)
            .map_err(|error| error.to_string())?;
        self.downlink.seal = Some(seal);
        self.downlink.open = Some(open);
        Ok(())
    }

    /// The sender of an m-line while that track is bound to it.
    pub(crate) fn sender(&mut self, slot: usize, key: TrackKey) -> Option<&mut Sender> {
        let slot = self.negotiation.slots.get_mut(slot)?;
        let bound = slot.track.as_ref().is_some_and(|t| t.key == key && t.bound);
        slot.sender.as_mut().filter(|_| bound)
    }

    /// The m-line that sends with this SSRC, and its track.
    pub(crate) fn slot_by_ssrc(&self, ssrc: u32) -> Option<(usize, TrackKey)> {
        let slots = self.negotiation.slots.iter().enumerate();
        let mut sending = slots.filter_map(|(i, slot)| {
            let track = slot.track.as_ref().filter(|track| track.bound)?;
            Some((i, track.key, slot.sender.as_ref()?.out.ssrc))
        });
        sending.find(|s| s.2 == ssrc).map(|(i, key, _)| (i, key))
    }

    /// What the client agreed to, made into a sender. None when it refused the m-line.
    fn make_sender(&mut self, slot: usize, first_seq: u16, rtx_seq: u16) -> Option<Sender> {
        let slot = self.negotiation.slots.get(slot)?;
        let (mid, kind) = (slot.mid, slot.kind);
        let (ssrc, rtx_ssrc) = {
            let mut api = self.rtc.direct_api();
            let stream = api.stream_tx_by_mid(mid, None)?;
            (*stream.ssrc(), stream.rtx().map(|ssrc| *ssrc))
        };
        let media = self.rtc.media(mid)?;
        let id = |extension| media.remote_extmap().id_of(extension);
        let video = kind == MediaKind::Video;
        let out = OutStream {
            ssrc,
            rtx_ssrc,
            mid: MidText::new(&mid.to_string()),
            extensions: ExtensionIds {
                mid: id(Extension::RtpMid),
                abs_send_time: id(Extension::AbsoluteSendTime),
                audio_level: id(Extension::AudioLevel).filter(|_| !video),
                orientation: id(Extension::VideoOrientation).filter(|_| video),
                dependency_descriptor: id(crate::codecs::dependency_descriptor()).filter(|_| video),
            },
        };
        let clock_rate = if video { 90_000 } else { 48_000 };
        Some(Sender {
            enabled: true,
            out,
            munger: Munger::new(first_seq, clock_rate, video),
            rtx_seq: u64::from(rtx_seq),
            packets: 0,
            octets: 0,
            reported: None,
            received: Received::default(),
            cname: String::new(),
            hole: None,
            format: None,
        })
    }

    /// The subscriber's numbers for a codec on an m-line; the last answer is kept.
    pub(crate) fn format(&mut self, slot: usize, spec: &CodecSpec) -> Option<Outgoing> {
        let slot = self.negotiation.slots.get_mut(slot)?;
        let sender = slot.sender.as_mut()?;
        if let Some((known, outgoing)) = &sender.format
            && known == spec
        {
            return *outgoing;
        }
        let agreed = self.rtc.media(slot.mid)?.remote_pts();
        let outgoing = formats::outgoing(spec, self.rtc.codec_config().params(), agreed);
        sender.format = Some((*spec, outgoing));
        outgoing
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

/// RED passes where it is spoken and is unwrapped where not.
pub(crate) fn payload_form(packet: &MediaPacket, outgoing: &Outgoing) -> (u8, PayloadForm) {
    match outgoing.red {
        Some(red) if packet.red => (red, PayloadForm::RedFor(outgoing.pt)),
        _ if packet.red => (outgoing.pt, PayloadForm::RedPrimary),
        _ => (outgoing.pt, PayloadForm::Whole),
    }
}

impl Engine {
    /// After an answer: every m-line that carries a new track gets its sender and its publisher is asked for a picture.
    pub(crate) fn bind_slots(&mut self, now: Instant, id: TransportId) {
        let Some(transport) = self.transports.get(&id) else {
            return;
        };
        let new = |slot: &crate::negotiate::Slot| slot.track.as_ref().is_some_and(|t| !t.bound);
        let slots = transport.negotiation.slots.iter().enumerate();
        let slots: Vec<usize> = slots.filter(|(_, s)| new(s)).map(|(i, _)| i).collect();
        for slot in slots {
            self.bind_slot(now, id, slot);
        }
    }

    fn bind_slot(&mut self, now: Instant, id: TransportId, index: usize) {
        let (first_seq, rtx_seq) = (self.first_seq(), self.first_seq());
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let made = transport.make_sender(index, first_seq, rtx_seq);
        let Some(slot) = transport.negotiation.slots.get_mut(index) else {
            return;
        };
        let Some(assigned) = slot.track.as_mut() else {
            return;
        };
        let (key, track) = (assigned.key, assigned.id.clone());
        if slot.state == SlotState::Dead {
            slot.track = None;
            let reason = "the client refused the m-line".to_owned();
            self.subscription_failed(id, key, track, reason);
            return;
        }
        assigned.bound = true;
        let cname = assigned
            .stream_id
            .split('|')
            .next()
            .unwrap_or_default()
            .to_owned();
        if slot.sender.is_none() {
            slot.sender = made;
        }
        let Some(sender) = slot.sender.as_mut() else {
            return;
        };
        sender.cname = cname;
        sender.munger.pause();
        let Some(source) = self.tracks.get_mut(key).map(|track| &mut track.source) else {
            // Unpublished meanwhile: the next offer takes it off.
            return;
        };
        let format = source.format;
        if !source.subscribers.contains(&(id, index)) {
            source.subscribers.push((id, index));
        }
        if let Some(format) = format
            && transport.format(index, &format.spec).is_none()
        {
            let reason = format!("the client does not speak {}", format.spec.codec);
            self.subscription_failed(id, key, track, reason);
            return;
        }
        self.emit(Event::SubscriptionStarted {
            transport: id,
            track: track.clone(),
        });
        let enabled = self
            .transports
            .get(&id)
            .is_some_and(|t| Engine::enabled(t, &track));
        self.show(now, id, index, key, enabled);
    }

    /// Sends a track from now on, beginning with the picture as it stands, or stops.
    fn show(&mut self, now: Instant, id: TransportId, slot: usize, key: TrackKey, enabled: bool) {
        let (Some(transport), Some(track)) = (self.transports.get_mut(&id), self.tracks.get(key))
        else {
            return;
        };
        let Some(sender) = transport.sender(slot, key) else {
            return;
        };
        sender.enabled = enabled;
        let chosen = track.source.chosen.filter(|_| enabled && !track.muted);
        match chosen {
            Some(layer) => sender.munger.want(layer),
            None => sender.munger.pause(),
        }
        let video = track.kind == Some(MediaKind::Video);
        if enabled && !track.muted && video {
            self.replay(now, id, slot, key);
            self.request_keyframe(now, key, Need::Newcomer);
        }
    }

    /// The packets since the last key frame, so that a newcomer sees a picture at once.
    fn replay(&mut self, now: Instant, id: TransportId, slot: usize, key: TrackKey) {
        let moment = self.moment(now);
        let (Some(transport), Some(track)) = (self.transports.get_mut(&id), self.tracks.get(key))
        else {
            return;
        };
        let source = &track.source;
        let (Some(layer), Some(format)) = (source.chosen_layer(), source.format) else {
            return;
        };
        if !transport.connected || track.muted {
            return;
        }
        for packet in layer.store.since_key(REPLAY_LIMIT).into_iter().flatten() {
            forward(
                (&mut *transport, slot, key),
                layer.id,
                packet,
                format,
                &moment,
                &mut self.outbox,
                &mut self.metrics,
            );
        }
    }

    /// The path is up: everything bound begins. Key frames were asked for when the answer came.
    pub(crate) fn start_sending(&mut self, now: Instant, id: TransportId) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let slots = transport.negotiation.slots.iter().enumerate();
        let bound: Vec<(usize, TrackKey)> = slots
            .filter_map(|(i, slot)| Some((i, slot.track.as_ref().filter(|t| t.bound)?.key)))
            .collect();
        for (slot, key) in bound {
            self.replay(now, id, slot, key);
            let waits = self.transports.get_mut(&id).and_then(|t| {
                let sender = t.sender(slot, key)?;
                Some(sender.munger.awaits_keyframe())
            });
            if waits == Some(true) {
                self.request_keyframe(now, key, Need::Newcomer);
            }
        }
    }

    /// Follows the subscriber's switches after it changed its wishes.
    pub(crate) fn apply_enabled(&mut self, now: Instant, id: TransportId) {
        let Some(transport) = self.transports.get(&id) else {
            return;
        };
        let mut changed = Vec::new();
        for (i, slot) in transport.negotiation.slots.iter().enumerate() {
            if let (Some(track), Some(sender)) = (&slot.track, &slot.sender) {
                let enabled = Engine::enabled(transport, &track.id);
                if track.bound && enabled != sender.enabled {
                    changed.push((i, track.key, enabled));
                }
            }
        }
        for (slot, key, enabled) in changed {
            self.show(now, id, slot, key, enabled);
        }
    }

    fn subscription_failed(
        &mut self,
        id: TransportId,
        key: TrackKey,
        track: String,
        reason: String,
    ) {
        if let Some(transport) = self.transports.get_mut(&id) {
            transport.negotiation.failed.push(key);
        }
        if let Some(track) = self.tracks.get_mut(key) {
            track.source.subscribers.retain(|(other, _)| *other != id);
        }
        self.emit(Event::SubscriptionFailed {
            transport: id,
            track,
            reason,
        });
    }

    /// Publishers may change their codec in mid-stream; who does not speak it is told once.
    pub(crate) fn tell_failed_formats(&mut self, now: Instant) {
        let told: Vec<(TransportId, Vec<TrackKey>)> = self
            .transports
            .values_mut()
            .filter(|transport| !transport.downlink.unspoken.is_empty())
            .map(|transport| {
                (
                    transport.id,
                    std::mem::take(&mut transport.downlink.unspoken),
                )
            })
            .collect();
        for (id, keys) in told {
            for key in keys {
                let Some(track) = self.tracks.get(key) else {
                    continue;
                };
                let codec = track
                    .source
                    .format
                    .map(|format| format.spec.codec.to_string());
                let reason = format!("the client does not speak {}", codec.unwrap_or_default());
                let track = track.id.clone();
                self.subscription_failed(id, key, track, reason);
            }
            self.reconcile(now, id);
        }
    }

    /// Our streams end before the DTLS session does: what comes after close_notify is not read.
    pub(crate) fn send_bye(&mut self, id: TransportId) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let senders = transport
            .negotiation
            .slots
            .iter()
            .filter_map(|s| s.sender.as_ref());
        let ssrcs: Vec<u32> = senders
            .filter(|s| s.packets > 0)
            .map(|s| s.out.ssrc)
            .collect();
        let (Some(seal), Some(route)) = (transport.downlink.seal.as_mut(), transport.route) else {
            return;
        };
        for ssrcs in ssrcs.chunks(31) {
            let mut plain = Vec::new();
            rtcp::write_goodbye(&mut plain, ssrcs);
            self.outbox
                .build(route, |arena| seal.seal_rtcp(&plain, arena).is_ok());
        }
    }

    pub(crate) fn subscription_count(&self) -> u64 {
        let subscribers = self.tracks.iter().map(|(_, t)| t.source.subscribers.len());
        subscribers.sum::<usize>() as u64
    }

    /// Below 2^15, so that a receiver cannot mistake the first rollover.
    fn first_seq(&mut self) -> u16 {
        (self.random.next() & 0x7fff) as u16
    }
}
