//! What each subscriber is shown of each video: wishes, measured rates and the path's budget become aims, and what is missing
//! or not needed is told upward.
//!
//! Nothing here happens for a packet. A subscriber is looked at when it wants something else, when its path falters, and a few
//! times a second besides.

use crate::command::TransportId;
use crate::engine::Engine;
use crate::event::{Event, MediaKind};
use crate::feedback::Room;
use crate::media::Aim;
use crate::media::allocate::{Allocator, Bitrates, Choice, Outcome, Rise, Video};
use crate::media::bandwidth::{Budget, Gcc, Probing, Remb};
use crate::media::rtcp::Reception;
use crate::probes::Padding;
use crate::share::video;
use crate::tracks::TrackKey;
use crate::transport::Transport;
use std::time::{Duration, Instant};

/// How often a subscriber is looked at that could have more, and one that has all it wants. Other tracks' rates change too.
const SHORT_INTERVAL: Duration = Duration::from_millis(200);
const CONTENT_INTERVAL: Duration = Duration::from_millis(1_000);

/// What the allocation of a subscriber transport remembers.
#[derive(Default)]
pub struct Allocation {
    remb: Remb,
    /// Since the first transport-wide feedback.
    pub gcc: Option<Box<Gcc>>,
    pub probing: Probing,
    /// The probe that is being sent.
    pub padding: Option<Padding>,
    /// Of the last probe nothing was heard; then more is tried as without feedback.
    pub unheard: bool,
    pub budget: Budget,
    /// The smallest layers are sent even where the path does not carry them.
    keeps_pictures: bool,
    /// bit/s that are taken for granted instead of the budget's.
    assumed: Option<u64>,
    pub outcome: Outcome,
    /// bit/s of the voices.
    pub voice: u64,
    due: Option<Instant>,
}

impl Allocation {
    /// What there is room for beside what is sent once. Pictures may be sent all the same that the path is known not to carry.
    pub fn room(&self, now: Instant) -> Room {
        let sent = self.outcome.rate;
        let narrow = self.budget.limit().is_some_and(|limit| limit < sent);
        match self.budget.is_overloaded(now) {
            _ if self.keeps_pictures && narrow => Room::Strained,
            true => Room::Overloaded(sent),
            false => Room::Free,
        }
    }

    /// The estimator that is told of every packet and of probes, where there is one.
    pub fn measured(&mut self) -> Option<&mut Gcc> {
        self.gcc.as_deref_mut().filter(|_| !self.unheard)
    }
}

impl Engine {
    /// Takes over what a subscriber wants of the tracks on its m-lines.
    pub(crate) fn take_wishes(&mut self, id: TransportId) {
        let Some(negotiation) = self.transports.get(&id).map(|t| &t.negotiation) else {
            return;
        };
        for slot in &negotiation.slots {
            let sender = slot.sender.and_then(|key| self.senders.get_mut(key));
            let track = slot.track.as_ref().map(|track| &track.id);
            let mut wanted = negotiation.wanted.iter();
            let wish = wanted.find(|wanted| Some(&wanted.track) == track);
            if let (Some(sender), Some(wish)) = (sender, wish) {
                sender.share.want(wish);
            }
        }
    }

    pub(crate) fn keep_pictures(&mut self, id: TransportId, keep: bool) {
        if let Some(transport) = self.transports.get_mut(&id) {
            transport.allocation.keeps_pictures = keep;
        }
    }

    pub(crate) fn assume_capacity(&mut self, now: Instant, id: TransportId, bitrate: u64) {
        if let Some(transport) = self.transports.get_mut(&id) {
            transport.allocation.assumed = Some(bitrate).filter(|rate| *rate > 0);
            self.allocate(now, id);
        }
    }

    /// Looks at those subscribers whose time has come.
    pub(crate) fn allocate_due(&mut self, now: Instant) {
        let due = |transport: &Transport| {
            transport.role.sends()
                && transport.connected
                && transport.allocation.due.is_none_or(|due| due <= now)
        };
        let mut ids = std::mem::take(&mut self.due_allocations);
        let transports = self.transports.values().filter(|transport| due(transport));
        ids.extend(transports.map(|t| t.id));
        for id in ids.drain(..) {
            self.allocate(now, id);
        }
        self.due_allocations = ids;
    }

    /// Decides anew what a subscriber is shown.
    pub(crate) fn allocate(&mut self, now: Instant, id: TransportId) {
        let (mut places, mut videos) = (
            std::mem::take(&mut self.allocating.places),
            std::mem::take(&mut self.allocating.videos),
        );
        let mut choices = std::mem::take(&mut self.allocating.choices);
        if let Some(rates) = self.gather(now, id, &mut places, &mut videos) {
            self.decide(now, id, rates, &mut videos, &mut choices);
            for (((slot, key), choice), video) in places.iter().zip(&choices).zip(&videos) {
                self.follow(now, id, *slot, *key, *choice, video.most);
            }
        }
        self.allocating.places = places;
        self.allocating.videos = videos;
        self.allocating.choices = choices;
    }

    /// The videos of a subscriber that flow or could. Returns (bit/s of its voices, bit/s of the cheapest picture of each video).
    fn gather(
        &mut self,
        now: Instant,
        id: TransportId,
        places: &mut Vec<(usize, TrackKey)>,
        videos: &mut Vec<Video>,
    ) -> Option<(u64, u64)> {
        places.clear();
        videos.clear();
        let transport = self.transports.get(&id)?;
        let (mut voice, mut cheapest) = (0, 0);
        for (index, slot) in transport.negotiation.slots.iter().enumerate() {
            let bound = slot.track.as_ref().filter(|track| track.bound);
            let sender = slot.sender.and_then(|key| self.senders.get_mut(key));
            let (Some(assigned), Some(sender)) = (bound, sender) else {
                continue;
            };
            let Some(track) = self.tracks.get_mut(assigned.key) else {
                continue;
            };
            if !sender.enabled || track.muted {
                sender.share.fresh = true;
                continue;
            }
            let bitrates = track.source.bitrates(now);
            if slot.kind == MediaKind::Audio {
                voice += bitrates
                    .iter()
                    .flatten()
                    .map(|rate| u64::from(*rate))
                    .sum::<u64>();
                continue;
            }
            track.picture.stirred |= sender.share.fresh;
            cheapest += lowest(&bitrates);
            places.push((index, assigned.key));
            videos.push(video(track, &sender.share, bitrates));
        }
        Some((voice, cheapest))
    }

    fn decide(
        &mut self,
        now: Instant,
        id: TransportId,
        (voice, cheapest): (u64, u64),
        videos: &mut [Video],
        choices: &mut Vec<Choice>,
    ) {
        let Some(allocation) = self.transports.get_mut(&id).map(|t| &mut t.allocation) else {
            return;
        };
        let measured = allocation.measured().is_some();
        let (always, assumed) = (allocation.keeps_pictures, allocation.assumed);
        let budget = &mut allocation.budget;
        let (mut available, kept) = match assumed {
            Some(assumed) => (assumed, always),
            None => (
                budget.available(now, voice),
                always || budget.keeps_pictures(now, voice, cheapest),
            ),
        };
        if kept {
            available = available.max(voice + cheapest);
            videos.iter_mut().for_each(|video| video.kept = true);
        }
        let paused = videos.iter().any(|video| video.current == Choice::Paused);
        let trial = !measured && paused && budget.may_try_picture(now);
        let reach = budget.reach(now, voice + cheapest).filter(|_| !measured);
        let rise = match reach {
            _ if assumed.is_some() => Rise::Within,
            _ if trial => Rise::Probe(u64::MAX),
            Some(reach) => Rise::Probe(reach),
            None if budget.may_rise(now) => Rise::Within,
            None => Rise::No,
        };
        let allocator = &mut self.allocating.allocator;
        let outcome = allocator.allocate(voice, videos, available, rise, choices);
        if outcome.probed {
            budget.probed(now, outcome.rate, trial);
        } else if choices
            .iter()
            .zip(&*videos)
            .any(|(choice, video)| *choice > video.current)
        {
            budget.rose(now);
        }
        (allocation.outcome, allocation.voice) = (outcome, voice);
        let interval = match outcome.short {
            true => SHORT_INTERVAL,
            false => CONTENT_INTERVAL,
        };
        // Spread, so that those who came together are not looked at together for ever.
        allocation.due = Some(now + interval - interval / 8 + interval / 4 * (id % 64) / 64);
        self.probe(now, id);
    }

    /// Brings a choice to the m-line, and tells what begins or ends to be missing.
    fn follow(
        &mut self,
        now: Instant,
        id: TransportId,
        slot: usize,
        key: TrackKey,
        choice: Choice,
        most: (u8, u8),
    ) {
        let Some(transport) = self.transports.get(&id) else {
            return;
        };
        let content = !transport.allocation.outcome.short && transport.allocation.budget.is_guess();
        let Some(sender) = self.sender(id, slot, key) else {
            return;
        };
        let share = &mut sender.share;
        if share.choice == Choice::Paused && choice != Choice::Paused {
            share.resumed = sender.munger.highest();
        }
        (share.choice, share.fresh) = (choice, false);
        let paused = choice == Choice::Paused;
        let told = std::mem::replace(&mut share.told_paused, paused);
        let aim = match choice {
            Choice::Paused => Aim::Paused,
            // A better layer that comes is not waited for.
            Choice::Layer { .. } if content => Aim::Layer {
                spatial: most.0,
                temporal: most.1,
            },
            Choice::Layer { spatial, temporal } => Aim::Layer { spatial, temporal },
        };
        self.aim(now, id, slot, aim);
        let Some(track) = self
            .tracks
            .get(key)
            .map(|t| t.id.clone())
            .filter(|_| paused != told)
        else {
            return;
        };
        self.emit(match paused {
            true => Event::SubscriptionPaused {
                transport: id,
                track,
            },
            false => Event::SubscriptionResumed {
                transport: id,
                track,
            },
        });
    }

    /// A subscriber's own estimate of its path. Browsers make it of the video alone; what the voices need comes on top.
    pub(crate) fn hear_estimate(&mut self, now: Instant, id: TransportId, bitrate: u64) {
        let allocation = self.transports.get_mut(&id).map(|t| &mut t.allocation);
        let Some(allocation) = allocation.filter(|a| a.gcc.is_none() || a.unheard) else {
            return;
        };
        let Allocation {
            remb,
            budget,
            outcome,
            voice,
            ..
        } = allocation;
        remb.hear(bitrate.saturating_add(*voice));
        if budget.hear(now, remb, outcome.rate) {
            self.allocate(now, id);
        }
    }

    /// How one of the streams to a subscriber arrived since `began`, when its last report came.
    pub(crate) fn hear_losses(
        &mut self,
        now: Instant,
        id: TransportId,
        reception: &Reception,
        began: Option<Instant>,
    ) {
        let allocation = self.transports.get_mut(&id).map(|t| &mut t.allocation);
        let Some(allocation) = allocation.filter(|a| a.gcc.is_none() || a.unheard) else {
            return;
        };
        let Allocation {
            budget,
            outcome,
            voice,
            ..
        } = allocation;
        if budget.is_past(began) {
            return;
        }
        if budget.hear_loss(now, reception.fraction_lost, outcome.rate, *voice) {
            self.allocate(now, id);
        }
    }
}

/// Working memory, kept so that looking at a subscriber allocates nothing.
#[derive(Default)]
pub struct Allocating {
    allocator: Allocator,
    places: Vec<(usize, TrackKey)>,
    videos: Vec<Video>,
    choices: Vec<Choice>,
}

fn lowest(bitrates: &Bitrates) -> u64 {
    let rates = bitrates.iter().flatten().filter(|rate| **rate > 0);
    u64::from(rates.min().copied().unwrap_or_default())
}
