//! Offers and answers of a client: what it speaks, and its m-lines.

use super::Client;
use crate::description::{self, Section};
use crate::feed::{Feed, Kind, RIDS};
use crate::payload::OPUS;
use crate::stream::{self, Stream};
use engine::media::Codec;
use str0m::RtcConfig;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, Reliability};
use str0m::format::{Codec as Format, FormatParams};
use str0m::media::{Direction, Frequency, Simulcast, SimulcastLayer};
use str0m::rtp::{Extension, ExtensionSerializer, ExtensionValues};

/// An extension that str0m only negotiates.
#[derive(Debug)]
struct Negotiated;

impl ExtensionSerializer for Negotiated {
    fn write_to(&self, _: &mut [u8], _: &ExtensionValues) -> usize {
        0
    }

    fn parse_value(&self, _: &[u8], _: &mut ExtensionValues) -> bool {
        false
    }

    fn is_video(&self) -> bool {
        true
    }

    fn is_audio(&self) -> bool {
        false
    }
}

pub(super) fn config(spoken: &[Codec]) -> RtcConfig {
    let config = RtcConfig::new().set_rtp_mode(true).clear_codecs();
    let mut config = config
        .enable_opus(true, true)
        .enable_vp8(spoken.contains(&Codec::Vp8));
    let codecs = config.codec_config();
    let format = FormatParams {
        profile_id: Some(0),
        ..Default::default()
    };
    if spoken.contains(&Codec::Vp9) {
        let (number, repair) = (98.into(), Some(99.into()));
        codecs.add_config(
            number,
            repair,
            Format::Vp9,
            Frequency::NINETY_KHZ,
            None,
            format,
        );
    }
    if spoken.contains(&Codec::H264) {
        codecs.add_h264(108.into(), Some(109.into()), true, 0x42e01f);
    }
    config
        .enable_av1(spoken.contains(&Codec::Av1))
        .set_sctp_max_buffered_amount(4 << 20)
        .clear_extension_map()
        .set_extension(stream::AUDIO_LEVEL, Extension::AudioLevel)
        .set_extension(2, Extension::AbsoluteSendTime)
        .set_extension(stream::TRANSPORT_NUMBER, Extension::TransportSequenceNumber)
        .set_extension(stream::MID, Extension::RtpMid)
        .set_extension(
            stream::DESCRIPTOR,
            Extension::with_serializer(description::DESCRIPTOR, Negotiated),
        )
        .set_extension(stream::RID, Extension::RtpStreamId)
        .set_extension(stream::REPAIRED_RID, Extension::RepairedRtpStreamId)
        .set_extension(13, Extension::VideoOrientation)
}

impl Client {
    /// One m-line for each track, its streams on one, and data channels.
    pub fn offer(&mut self, tracks: Vec<Vec<Feed>>) -> (String, SdpPendingOffer) {
        let mut api = self.rtc.sdp_api();
        for (label, ordered) in [("_reliable", true), ("_lossy", false)] {
            let reliability = match ordered {
                true => Reliability::Reliable,
                false => Reliability::MaxRetransmits { retransmits: 0 },
            };
            api.add_channel_with_config(ChannelConfig {
                label: label.to_owned(),
                ordered,
                reliability,
                ..Default::default()
            });
        }
        let mut feeds = Vec::new();
        for mut track in tracks {
            let Some(plan) = track.first().map(|feed| feed.plan) else {
                continue;
            };
            let simulcast = (plan.kind == Kind::Simulcast).then(|| {
                let mut simulcast = Simulcast::new();
                for rid in RIDS {
                    simulcast.add_send_layer(SimulcastLayer::new(rid));
                }
                simulcast
            });
            let (stream, name) = (Some("stream".to_owned()), Some(format!("t{}", plan.track)));
            let mid = api.add_media(
                plan.kind.media(),
                Direction::SendOnly,
                stream,
                name,
                simulcast,
            );
            track.iter_mut().for_each(|feed| feed.mid = mid);
            feeds.append(&mut track);
        }
        let (offer, pending) = api.apply().expect("there is something to offer");
        let offer = offer.to_sdp_string();
        let sections = description::sections(&offer);
        let streams = feeds.into_iter().map(|feed| self.stream(feed, &sections));
        self.streams = streams.collect();
        (offer, pending)
    }

    /// SSRCs of one stream are those in the offer; layers that go by their names draw their own.
    fn stream(&self, feed: Feed, sections: &[Section]) -> Stream {
        let mid = feed.mid.to_string();
        let section = sections.iter().find(|section| section.mid == mid);
        let offered = section.and_then(|section| section.streams().first().copied());
        let purpose = u64::from(feed.plan.track) << 8 | u64::from(feed.layer);
        let mut random = self.random.fork(purpose);
        let mut drawn = || 0x1000_0000 | random.number() as u32;
        let own = (drawn(), Some(drawn()));
        let (ssrc, repair) = match feed.rid {
            Some(_) => own,
            None => offered.unwrap_or(own),
        };
        let (payload_type, repair_type) = payload_types(feed.plan.kind);
        Stream::new(feed, ssrc, repair.zip(repair_type), payload_type)
    }

    /// Offers more m-lines to receive on; those that fell silent are offered again.
    pub fn offer_sections(&mut self, audio: u32, video: u32) -> (String, SdpPendingOffer) {
        engine::internals::offer_to_receive(&mut self.rtc, &mut self.receiving, audio, video)
    }

    pub fn accept(&mut self, pending: SdpPendingOffer, answer: &str) {
        let answer = description::keep(answer, &self.spoken);
        let answer = SdpAnswer::from_sdp_string(&answer).expect("the engine's answer is one");
        if let Err(error) = self.rtc.sdp_api().accept_answer(pending, answer) {
            self.broken = Some(error.to_string());
        }
        self.drain();
    }

    pub fn answer(&mut self, offer: &str) -> Option<String> {
        // As browsers do; str0m by itself takes the passive side.
        let offer = description::keep(offer, &self.spoken);
        let offer = offer.replace("a=setup:actpass", "a=setup:passive");
        let offer = SdpOffer::from_sdp_string(&offer).expect("the engine's offer is one");
        let answer = self.rtc.sdp_api().accept_offer(offer);
        self.drain();
        match answer {
            Ok(answer) => Some(answer.to_sdp_string()),
            Err(error) => {
                self.broken = Some(error.to_string());
                None
            }
        }
    }
}

/// Payload types of media and of its retransmissions, as every client offers them.
fn payload_types(kind: Kind) -> (u8, Option<u8>) {
    match (kind, kind.codec()) {
        (Kind::Red, _) => (63, None),
        (_, Codec::Opus) => (OPUS, None),
        (_, Codec::Vp8) => (96, Some(97)),
        (_, Codec::Vp9) => (98, Some(99)),
        (_, Codec::H264) => (108, Some(109)),
        (_, Codec::Av1) => (45, Some(46)),
    }
}
