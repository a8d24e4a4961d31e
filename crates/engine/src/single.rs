//! One transport for both directions: the client alone makes offers. What it offers to receive on carries tracks, which its next
//! offer brings; until then it is told how many m-lines more that takes.

use crate::command::TransportId;
use crate::downlink::Sender;
use crate::engine::Engine;
use crate::event::{Event, MediaKind, MidTrack};
use crate::negotiate::{Desired, Negotiation};
use crate::sdp::{self, Section};
use crate::slab::Slab;
use crate::slots::{SLOT_LIMIT, Slot, SlotState};
use crate::transport::Transport;
use std::collections::HashMap;
use std::time::Instant;
use str0m::media::Mid;

/// As many m-lines of a kind a client is to receive on at least, once it receives anything of that kind: they are asked for,
/// and those without a track are answered as if something were sent on them, as LiveKit's server does. When Firefox receives on one alone it takes that one's payload
/// types for a sign of it: media of a further m-line that overtakes the answer goes there, and the further one stays silent for good.
const OPEN_LINES: usize = 2;

/// What the client has to offer next.
#[derive(Debug, Default)]
pub struct Request {
    /// The first offer was answered; before it nothing is asked for.
    pub answered: bool,
    /// Asked for since the last answer: audio and video m-lines.
    asked: Option<(u32, u32)>,
}

impl Transport {
    /// Takes the m-lines that the client offers to receive on, and gives tracks to those that carry nothing.
    pub(crate) fn fit_tracks(
        &mut self,
        offered: &[Section],
        desired: Vec<Desired>,
        senders: &mut Slab<Sender>,
    ) {
        let negotiation = &mut self.negotiation;
        for section in offered {
            let Some(kind) = section.kind else {
                continue;
            };
            let mid = Mid::from(section.mid.as_str());
            let open = section.receives && !section.refused;
            let known = negotiation.slots.iter().position(|slot| slot.mid == mid);
            match known {
                Some(at) if !open => negotiation.retire(at, SlotState::Dead, senders),
                Some(at) => {
                    let slot = negotiation.slots.get_mut(at);
                    if let Some(slot) = slot.filter(|slot| slot.state == SlotState::Dead) {
                        slot.state = SlotState::Free;
                    }
                }
                None if open && negotiation.slots.len() < SLOT_LIMIT => {
                    negotiation.slots.push(Slot {
                        mid,
                        kind,
                        state: SlotState::Free,
                        track: None,
                        sender: None,
                        ssrcs: None,
                    });
                }
                None => {}
            }
        }
        negotiation.release(&desired, senders);
        let reused = negotiation.take_free(desired);
        self.take_streams();
        for mid in reused {
            self.renew_ssrcs(mid);
        }
        self.lend_streams();
    }

    /// The answer as the client is to see it: tracks under their own names, and nothing where there is none.
    pub(crate) fn name_tracks(&self, answer: String) -> (String, Vec<MidTrack>) {
        if !self.role.sends() {
            return (answer, Vec::new());
        }
        let (mut msids, mut silent, mut tracks) = (HashMap::new(), Vec::new(), Vec::new());
        let spare = self.negotiation.spare_lines();
        for slot in &self.negotiation.slots {
            let mid = slot.mid.to_string();
            match &slot.track {
                Some(track) => {
                    msids.insert(mid.clone(), (track.stream_id.clone(), track.id.clone()));
                    let track = track.id.clone();
                    tracks.push(MidTrack { mid, track });
                }
                None if spare.contains(&mid) => {}
                None => silent.push(mid),
            }
        }
        let answer = sdp::silence(&answer, &silent);
        let answer = sdp::unnamed(&answer, &spare);
        (sdp::set_msids(&answer, &msids), tracks)
    }

    /// After the answer: what was taken off an m-line is off it.
    pub(crate) fn settle_answer(&mut self, accepted: bool) {
        let Negotiation {
            slots, released, ..
        } = &mut self.negotiation;
        for slot in slots {
            let new = slot.track.as_ref().is_some_and(|track| !track.bound);
            if !accepted && new {
                slot.release(released);
                slot.state = SlotState::Free;
            } else if accepted && slot.state == SlotState::Leaving {
                slot.state = SlotState::Free;
            }
        }
        if accepted {
            let request = &mut self.negotiation.request;
            request.answered = true;
            request.asked = None;
        }
    }

    /// The m-lines of each kind that the client is to add with its next offer; None when nothing needs one.
    fn lacking(&mut self, desired: &[Desired]) -> Option<(u32, u32)> {
        let negotiation = &mut self.negotiation;
        let slots = &negotiation.slots;
        let carried = negotiation.carried();
        let waiting = desired.iter().filter(|d| !carried.contains(&d.key));
        let waiting: Vec<&Desired> = waiting.collect();
        let leaving = slots.iter().any(|slot| slot.state == SlotState::Leaving);
        if !negotiation.request.answered || waiting.is_empty() && !leaving {
            return None;
        }
        let room = (SLOT_LIMIT - slots.len().min(SLOT_LIMIT)) as u32;
        let count = |kind: MediaKind| {
            let waiting = waiting.iter().filter(|d| d.kind == kind).count();
            if waiting == 0 {
                return 0;
            }
            let own = slots.iter().filter(|slot| slot.kind == kind);
            let open = own.clone().filter(|slot| slot.state != SlotState::Dead);
            let free =
                own.filter(|slot| matches!(slot.state, SlotState::Free | SlotState::Leaving));
            let further = waiting.saturating_sub(free.count());
            (further.max(OPEN_LINES.saturating_sub(open.count())) as u32).min(room)
        };
        let (audio, video) = (count(MediaKind::Audio), count(MediaKind::Video));
        let before = negotiation.request.asked;
        let (audio_before, video_before) = before.unwrap_or_default();
        let audio = audio.saturating_sub(audio_before);
        let video = video.saturating_sub(video_before);
        // Where another offer would change nothing, asking after each answer would never end.
        let is_free = |d: &&Desired| {
            let mut free = slots.iter().filter(|slot| slot.state == SlotState::Free);
            free.any(|slot| slot.kind == d.kind)
        };
        let serves = leaving || waiting.iter().any(is_free);
        let asks = audio > 0 || video > 0 || before.is_none() && serves;
        if asks {
            negotiation.request.asked = Some((audio_before + audio, video_before + video));
        }
        asks.then_some((audio, video))
    }
}

impl Negotiation {
    /// M-lines without a track that are answered as open.
    fn spare_lines(&self) -> Vec<String> {
        let of_kind = |kind: MediaKind| {
            let slots = self.slots.iter().filter(move |slot| slot.kind == kind);
            let carrying = slots.clone().filter(|slot| slot.track.is_some()).count();
            let free = slots.filter(|slot| slot.state == SlotState::Free);
            free.take(OPEN_LINES.saturating_sub(carrying))
        };
        let both = of_kind(MediaKind::Audio).chain(of_kind(MediaKind::Video));
        both.map(|slot| slot.mid.to_string()).collect()
    }
}

impl Engine {
    /// What is no longer desired stops; what is to change on the m-lines is asked for.
    pub(crate) fn require_sections(&mut self, id: TransportId, desired: &[Desired]) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        transport.negotiation.release(desired, &mut self.senders);
        let lacking = transport.lacking(desired);
        self.say_ended(id);
        self.drop_released(id);
        if let Some((audio, video)) = lacking {
            self.emit(Event::SectionsRequired {
                transport: id,
                audio,
                video,
            });
        }
    }

    /// Tracks of an accepted offer begin, and what found no place is asked for.
    pub(crate) fn bind_offered(&mut self, now: Instant, id: TransportId) {
        self.say_ended(id);
        self.drop_released(id);
        self.bind_slots(now, id);
        self.reconcile(now, id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{TransportRole, WantedTrack};
    use crate::testing::engine;

    #[test]
    fn where_there_is_no_room_nothing_is_asked_for_again_and_again() {
        let now = Instant::now();
        let mut engine = engine(now, &[(1, TransportRole::Single)]);
        let transport = engine.transports.get_mut(&1).expect("a transport");
        transport.negotiation.request.answered = true;
        transport.negotiation.slots = (0..SLOT_LIMIT)
            .map(|at| Slot {
                mid: Mid::from(at.to_string().as_str()),
                kind: MediaKind::Audio,
                state: SlotState::Taken,
                track: None,
                sender: None,
                ssrcs: None,
            })
            .collect();
        let desired = [Desired {
            key: 1,
            kind: MediaKind::Audio,
            wanted: WantedTrack::default(),
        }];
        assert_eq!(transport.lacking(&desired), None);
        assert_eq!(transport.lacking(&desired), None);
        transport.negotiation.slots[0].state = SlotState::Free;
        assert_eq!(transport.lacking(&desired), Some((0, 0)));
        assert_eq!(transport.lacking(&desired), None);
    }
}
