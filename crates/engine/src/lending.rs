//! The streams of m-lines: str0m needs them for descriptions only and keeps room for packets in each, so it has them only while it writes
//! or reads one.

use crate::transport::Transport;
use str0m::media::Mid;
use str0m::rtp::Ssrc;

impl Transport {
    /// Takes the streams of all m-lines from str0m.
    pub(crate) fn take_streams(&mut self) {
        let mut api = self.rtc.direct_api();
        for slot in &mut self.negotiation.slots {
            let stream = api.stream_tx_by_mid(slot.mid, None);
            let Some(ssrcs) = stream.map(|stream| (stream.ssrc(), stream.rtx())) else {
                continue;
            };
            api.remove_stream_tx(ssrcs.0);
            slot.ssrcs = Some(ssrcs);
        }
    }

    /// Gives them back, for the next description.
    pub(crate) fn lend_streams(&mut self) {
        for slot in &mut self.negotiation.slots {
            if self.rtc.media(slot.mid).is_some()
                && let Some((ssrc, rtx)) = slot.ssrcs.take()
            {
                let mut api = self.rtc.direct_api();
                api.declare_stream_tx(ssrc, rtx, slot.mid, None);
            }
        }
    }

    /// Another track on an m-line is another stream. Under the old SSRC browsers would take it for a continuation, and
    /// Chromium often shows nothing of that for seconds. To be called between `take_streams` and `lend_streams`.
    pub(crate) fn renew_ssrcs(&mut self, mid: Mid) {
        let slots = &mut self.negotiation.slots;
        let known = slots.iter().filter_map(|slot| slot.ssrcs);
        let used: Vec<Ssrc> = known
            .flat_map(|(ssrc, rtx)| [Some(ssrc), rtx])
            .flatten()
            .collect();
        // Counting from a random one: none comes twice, so that no key meets the same numbers again.
        let start = *self.rtc.direct_api().new_ssrc();
        let last = self.negotiation.last_ssrc.get_or_insert(start);
        let mut fresh = || {
            loop {
                *last = last.wrapping_add(1);
                if *last != 0 && !used.contains(&Ssrc::from(*last)) {
                    return Ssrc::from(*last);
                }
            }
        };
        let slot = slots.iter_mut().find(|slot| slot.mid == mid);
        if let Some((ssrc, rtx)) = slot.and_then(|slot| slot.ssrcs.as_mut()) {
            *rtx = rtx.map(|_| fresh());
            *ssrc = fresh();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{TransportRole, WantedTrack};
    use crate::engine::Engine;
    use crate::event::MediaKind;
    use crate::negotiate::Desired;
    use crate::testing::engine;
    use crate::tracks::TrackKey;
    use std::time::Instant;
    use str0m::Rtc;
    use str0m::change::SdpOffer;

    /// Offers as many voices.
    fn offer(engine: &mut Engine, voices: TrackKey) -> String {
        let transport = engine.transports.get_mut(&1).expect("a transport");
        let desired = (1..=voices).map(|key| Desired {
            key,
            kind: MediaKind::Audio,
            wanted: WantedTrack {
                track: format!("TR_{key}"),
                ..WantedTrack::default()
            },
        });
        let first = transport.negotiation.slots.is_empty();
        let negotiation = &mut transport.negotiation;
        let changes = negotiation.assign(desired.collect(), &mut engine.senders);
        let offer = transport.offer(first, changes, "ufrag".to_owned());
        offer.expect("something to offer").1
    }

    fn lent(transport: &mut Transport) -> usize {
        let mids: Vec<Mid> = transport.negotiation.slots.iter().map(|s| s.mid).collect();
        let mut api = transport.rtc.direct_api();
        let streams = mids
            .into_iter()
            .filter(|mid| api.stream_tx_by_mid(*mid, None).is_some());
        streams.count()
    }

    #[test]
    fn after_an_unusable_answer_the_streams_are_taken_back() {
        let now = Instant::now();
        let mut engine = engine(now, &[(1, TransportRole::Subscriber)]);
        let mut client = Rtc::new(now);
        let sdp = offer(&mut engine, 1);
        let sdp = SdpOffer::from_sdp_string(&sdp).expect("a description");
        let answer = client.sdp_api().accept_offer(sdp);
        let transport = engine.transports.get_mut(&1).expect("a transport");
        let flight = transport.negotiation.in_flight.take().expect("an offer");
        let api = transport.rtc.sdp_api();
        let accepted = api.accept_answer(flight.pending, answer.expect("an answer"));
        accepted.expect("a usable answer");
        transport.settle_slots();
        transport.take_streams();
        let slot = transport.negotiation.slots.first_mut().expect("an m-line");
        slot.track.as_mut().expect("a track").bound = true;
        let ssrcs = slot.ssrcs;
        assert!(ssrcs.is_some());
        assert_eq!(lent(transport), 0);

        offer(&mut engine, 2);
        let transport = engine.transports.get_mut(&1).expect("a transport");
        assert_eq!(lent(transport), 1, "its description is being written");
        transport.abandon_offer();
        assert_eq!(lent(transport), 0);
        let slots = &transport.negotiation.slots;
        assert_eq!(slots.first().expect("an m-line").ssrcs, ssrcs);
        assert!(slots.first().expect("an m-line").track.is_some());
        assert!(slots.iter().skip(1).all(|slot| slot.track.is_none()));
    }
}
