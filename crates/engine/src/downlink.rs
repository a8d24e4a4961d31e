//! Media to subscribers: one sender for each track on an m-line, which keeps its numbers running when the layer changes.

use crate::event::MediaKind;
use crate::formats::{self, Outgoing};
use crate::media::egress::{ExtensionIds, MidText, OutStream, PayloadForm};
use crate::media::select::Aim;
use crate::media::srtp::{Keys, Open, Profile, Seal};
use crate::media::{MediaPacket, Munger};
use crate::reports::Received;
use crate::tracks::TrackKey;
use crate::transport::Transport;
use std::time::Instant;
use str0m::format::CodecSpec;
use str0m::rtp::Extension;

/// The sending side of a subscriber transport.
#[derive(Default)]
pub struct Downlink {
    pub seal: Option<Seal>,
    pub open: Option<Open>,
    /// Tracks whose codec the subscriber does not speak, met while forwarding and still to be told.
    pub unspoken: Vec<TrackKey>,
}

pub struct Sender {
    pub enabled: bool,
    /// How much of the track's quality it is to send.
    pub aim: Aim,
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
    pub(crate) fn make_sender(
        &mut self,
        slot: usize,
        first_seq: u16,
        rtx_seq: u16,
    ) -> Option<Sender> {
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
            aim: Aim::Best,
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

/// RED passes where it is spoken and is unwrapped where not.
pub(crate) fn payload_form(packet: &MediaPacket, outgoing: &Outgoing) -> (u8, PayloadForm) {
    match outgoing.red {
        Some(red) if packet.red => (red, PayloadForm::RedFor(outgoing.pt)),
        _ if packet.red => (outgoing.pt, PayloadForm::RedPrimary),
        _ => (outgoing.pt, PayloadForm::Whole),
    }
}
