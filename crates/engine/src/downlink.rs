//! Media to subscribers: one sender for each track on an m-line, which keeps its numbers running when the layer changes.

use crate::command::TransportId;
use crate::engine::Engine;
use crate::event::MediaKind;
use crate::formats::{self, Outgoing};
use crate::media::egress::{ExtensionIds, MidText, OutStream, PayloadForm, Stamp};
use crate::media::select::Aim;
use crate::media::sent::SentLog;
use crate::media::srtp::{Keys, Profile, Seal};
use crate::media::{LayerId, MediaPacket, Munger};
use crate::outbox::{Route, Tail};
use crate::reports::Received;
use crate::share::Share;
use crate::slab::{Key, Slab};
use crate::tracks::TrackKey;
use crate::transport::{Transport, Transports};
use std::time::Instant;
use str0m::format::CodecSpec;
use str0m::rtp::Extension;

/// What every packet to one client needs on its way, apart from the rest of its transport: few bytes that lie together.
#[derive(Default)]
pub struct EgressPath {
    /// Since the handshake.
    pub seal: Option<Seal>,
    /// The path of the last nomination.
    pub route: Option<Route>,
    /// The newest train, on which more may ride.
    pub tail: Tail,
    pub numbers: TransportNumbers,
}

/// Transport-wide sequence numbers, where a subscriber negotiated them.
#[derive(Default)]
pub struct TransportNumbers {
    next: u16,
    /// What was sent under them, since the first one. Not in a box: it is looked for with every packet.
    pub sent: Option<SentLog>,
}

impl TransportNumbers {
    /// What the next packet carries.
    pub fn stamp(&self, abs_send_time: u32) -> Stamp {
        Stamp {
            abs_send_time,
            transport_seq: self.next,
        }
    }

    /// The packet of the last stamp has left, if its m-line has the extension under its number.
    pub fn note(&mut self, out: &OutStream, bytes: usize, at: Instant) {
        if out.extensions.transport_seq.is_none() {
            return;
        }
        let log = self.sent.get_or_insert_with(|| SentLog::new(at));
        log.note(self.next, bytes, at);
        self.next = self.next.wrapping_add(1);
    }
}

/// One subscription's stream. What each packet needs comes first.
pub struct Sender {
    pub egress: Key<EgressPath>,
    pub enabled: bool,
    pub out: OutStream,
    pub munger: Munger,
    /// The subscriber's numbers for the codec that the publisher uses now.
    format: Option<(CodecSpec, Option<Outgoing>)>,
    /// Shown what has gone before, up to this packet of this layer.
    pub catch_up: Option<(LayerId, u64)>,
    pub packets: u32,
    pub octets: u32,
    pub transport: TransportId,
    pub slot: usize,
    /// How much of the track's quality it is to send.
    pub aim: Aim,
    pub share: Share,
    pub rtx_seq: u64,
    /// When the next sender report is due, since the first one.
    pub report_at: Option<Instant>,
    pub received: Received,
    pub cname: String,
    /// A packet that was asked for again and was not there, since when.
    pub hole: Option<(u16, Instant)>,
}

impl Sender {
    /// The subscriber's numbers for a codec; the last answer is kept.
    pub fn format(&mut self, spec: &CodecSpec, transports: &Transports) -> Option<Outgoing> {
        if let Some((known, outgoing)) = &self.format
            && known == spec
        {
            return *outgoing;
        }
        let transport = transports.get(&self.transport)?;
        let slot = transport.negotiation.slots.get(self.slot)?;
        let agreed = transport.rtc.media(slot.mid)?.remote_pts();
        let params = transport.rtc.codec_config().params();
        let outgoing = formats::outgoing(spec, params, agreed);
        self.format = Some((*spec, outgoing));
        outgoing
    }
}

impl Engine {
    /// The sender of an m-line while that track is bound to it.
    pub(crate) fn sender(
        &mut self,
        id: TransportId,
        slot: usize,
        key: TrackKey,
    ) -> Option<&mut Sender> {
        let sender = self.transports.get(&id)?.sender(slot, key)?;
        self.senders.get_mut(sender)
    }

    /// Senders go with their transport.
    pub(crate) fn forget_senders(&mut self, transport: &Transport) {
        for slot in &transport.negotiation.slots {
            slot.sender.map(|sender| self.senders.remove(sender));
        }
        self.egress.remove(transport.egress);
    }
}

impl Transport {
    /// Keys for our own sealing; the handshake has just left them.
    pub(crate) fn take_keys(&mut self) -> Result<Seal, String> {
        let keys = self.keys.get().ok_or("the handshake left no SRTP keys")?;
        let profile = Profile::from_dtls(&keys.profile)
            .ok_or_else(|| format!("SRTP profile {:?} is not spoken", keys.profile))?;
        let (seal, open) = Keys::from_dtls(&keys.material, profile, keys.active)
            .map_err(|error| error.to_string())?;
        self.open = Some(open);
        Ok(seal)
    }

    /// The sender of an m-line while that track is bound to it.
    pub(crate) fn sender(&self, slot: usize, key: TrackKey) -> Option<Key<Sender>> {
        let slot = self.negotiation.slots.get(slot)?;
        let bound = slot.track.as_ref().is_some_and(|t| t.key == key && t.bound);
        slot.sender.filter(|_| bound)
    }

    /// The m-line that sends with this SSRC, and its track.
    pub(crate) fn slot_by_ssrc(
        &self,
        senders: &Slab<Sender>,
        ssrc: u32,
    ) -> Option<(usize, TrackKey)> {
        let slots = self.negotiation.slots.iter().enumerate();
        let mut sending = slots.filter_map(|(i, slot)| {
            let track = slot.track.as_ref().filter(|track| track.bound)?;
            Some((i, track.key, senders.get(slot.sender?)?.out.ssrc))
        });
        sending.find(|s| s.2 == ssrc).map(|(i, key, _)| (i, key))
    }

    /// What the client agreed to, made into a sender. None when it refused the m-line.
    pub(crate) fn make_sender(
        &mut self,
        index: usize,
        first_seq: u16,
        rtx_seq: u16,
    ) -> Option<Sender> {
        let slot = self.negotiation.slots.get(index)?;
        let (mid, kind) = (slot.mid, slot.kind);
        let (ssrc, rtx) = slot.ssrcs?;
        let media = self.rtc.media(mid)?;
        let id = |extension| media.remote_extmap().id_of(extension);
        let video = kind == MediaKind::Video;
        let params = self.rtc.codec_config().params().iter();
        let mut agreed = params.filter(|params| media.remote_pts().contains(&params.pt()));
        let tells_arrivals = agreed.any(|params| params.fb_transport_cc());
        let out = OutStream {
            ssrc: *ssrc,
            rtx_ssrc: rtx.map(|rtx| *rtx),
            mid: MidText::new(&mid.to_string()),
            extensions: ExtensionIds {
                mid: id(Extension::RtpMid),
                abs_send_time: id(Extension::AbsoluteSendTime),
                audio_level: id(Extension::AudioLevel).filter(|_| !video),
                orientation: id(Extension::VideoOrientation).filter(|_| video),
                dependency_descriptor: id(crate::codecs::dependency_descriptor()).filter(|_| video),
                // Without it receivers estimate (REMB).
                transport_seq: id(Extension::TransportSequenceNumber).filter(|_| tells_arrivals),
            },
        };
        let clock_rate = if video { 90_000 } else { 48_000 };
        Some(Sender {
            egress: self.egress,
            transport: self.id,
            slot: index,
            catch_up: None,
            enabled: true,
            aim: Aim::Best,
            share: Share::default(),
            out,
            munger: Munger::new(first_seq, clock_rate, video),
            rtx_seq: u64::from(rtx_seq),
            packets: 0,
            octets: 0,
            report_at: None,
            received: Received::default(),
            cname: String::new(),
            hole: None,
            format: None,
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_numbered_where_it_was_agreed_on() {
        let (mut numbers, now) = (TransportNumbers::default(), Instant::now());
        let mut out = OutStream {
            ssrc: 1,
            rtx_ssrc: None,
            mid: None,
            extensions: ExtensionIds::default(),
        };
        numbers.note(&out, 100, now);
        assert!(numbers.sent.is_none());
        out.extensions.transport_seq = Some(5);
        for number in 0..3 {
            assert_eq!(numbers.stamp(9).transport_seq, number);
            numbers.note(&out, 100, now);
        }
        let mut log = numbers.sent.unwrap();
        assert_eq!(log.arrived(2, now).map(|sent| sent.bytes), Some(100));
        assert_eq!(log.arrived(3, now), None);
    }
}
