//! Parts that only the simulator, the fuzzers and other tests reach for. No promise is made about any of it.

use crate::command::TransportId;
use crate::dtls;
pub use crate::dtls::{CapturedKeys, KeySlot, build as build_rtc};
use crate::engine::Engine;
use str0m::Rtc;
use str0m::change::SdpPendingOffer;
use str0m::media::{Direction, MediaKind, Mid};

/// The keys of a transport, filled in by its handshake.
pub fn keys(engine: &Engine, transport: TransportId) -> Option<KeySlot> {
    let transport = engine.transports.get(&transport)?;
    Some(transport.keys.clone())
}

/// All handshakes on this thread draw from the seed from now on: see `dtls`.
pub fn simulate_handshakes(seed: u64) {
    dtls::simulate(seed);
}

/// Datagrams that came in and were of no use so far. Cheaper than all metrics.
pub fn dropped(engine: &Engine) -> u64 {
    engine.metrics.packets_dropped + engine.metrics.strays_dropped
}

/// What a client with one connection offers to receive `audio` and `video` more m-lines than those in `receiving`, which it then knows;
/// those that fell silent are offered again.
///
/// # Panics
/// When str0m has nothing to offer, which cannot be.
pub fn offer_to_receive(
    rtc: &mut Rtc,
    receiving: &mut Vec<Mid>,
    audio: u32,
    video: u32,
) -> (String, SdpPendingOffer) {
    let silent = |mid: &&Mid| {
        let media = rtc.media(**mid);
        media.is_some_and(|media| media.direction() == Direction::Inactive)
    };
    let silent: Vec<Mid> = receiving.iter().filter(silent).copied().collect();
    // str0m offers nothing when nothing has changed.
    let spare = u32::from(audio + video == 0 && silent.is_empty());
    let mut api = rtc.sdp_api();
    for mid in silent {
        api.set_direction(mid, Direction::RecvOnly);
    }
    for (kind, count) in [(MediaKind::Audio, audio + spare), (MediaKind::Video, video)] {
        for _ in 0..count {
            receiving.push(api.add_media(kind, Direction::RecvOnly, None, None, None));
        }
    }
    let (offer, pending) = api.apply().expect("something to offer");
    (offer.to_sdp_string(), pending)
}

/// All that is done to the text of a description: cut, read, and given other names.
pub fn sdp_pass(text: &str) -> Option<String> {
    let trimmed = crate::sdp::trim(text).ok()?;
    let sections = crate::sdp::scan(&trimmed);
    let names = sections.iter().map(|section| {
        let names = (section.stream_id.clone(), section.track_id.clone());
        (section.mid.clone(), names)
    });
    Some(crate::sdp::set_msids(&trimmed, &names.collect()))
}
