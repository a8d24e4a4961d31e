//! Pictures that end without a marker, though all that comes of them went out: which frame is their last was not known when it did.

use super::order::{REACH, is_known, kind};
use super::recent::Recent;
use super::run::{Run, Sent};
use crate::feed::descriptor::Parts;
use crate::truth::{Fact, Truth};
use std::ops::RangeInclusive;
use std::time::Instant;

/// A picture that ends with a packet, and what was before it.
pub(super) struct Ending<'a> {
    last: &'a Sent,
    run: &'a Run,
    recent: &'a Recent<Sent>,
    truth: &'a Truth,
    /// Of its source, with their numbers.
    facts: Vec<(u32, &'a Fact)>,
}

impl<'a> Ending<'a> {
    /// `next`: what follows the last packet. None when it is too long ago.
    pub fn of(
        last: &'a Sent,
        next: &Sent,
        run: &'a Run,
        recent: &'a Recent<Sent>,
        truth: &'a Truth,
    ) -> Option<Self> {
        let from = last.tag.number.saturating_sub(REACH);
        let facts = truth.facts(last.tag.stream(), from, next.tag.number)?;
        Some(Ending {
            last,
            run,
            recent,
            truth,
            facts: (from..).zip(facts).collect(),
        })
    }

    pub fn is_untold(&self) -> bool {
        self.are_fewer_untold() || self.are_more_told_late()
    }

    /// Whether the packets that tell of fewer layers than before were owed when the picture began: without them its last frame is taken for one
    /// that nobody needs, since none of the layer above it, which does not come, refers to it. They may have come since.
    fn are_fewer_untold(&self) -> bool {
        let first = self.first_frame();
        let own = |fact: &&'a Fact| {
            fact.tag.frame.checked_sub(first) == Some(u32::from(fact.tag.spatial))
        };
        let facts = self.facts.iter().map(|(_, fact)| *fact);
        let highest = facts.filter(own).map(|fact| fact.tag.spatial).max();
        let more =
            |(_, fact): &(u32, &Fact)| fact.tag.frame < first && Some(fact.tag.spatial) > highest;
        let more = self.facts.iter().rposition(more);
        let behind = more.and_then(|last| self.facts.get(last + 1..));
        let Some((told, rest)) = behind.and_then(|behind| behind.split_first()) else {
            return false;
        };
        let began = self.went_out(|sent| sent.tag.picture == self.last.tag.picture);
        let began = began.unwrap_or(self.last.at);
        let kind = kind(&self.last.tag, self.truth);
        // Dependency descriptors tell it with each packet of the first picture, unless it is a key picture.
        let tells = |(_, fact): &&(u32, &Fact)| {
            let parts = fact.descriptor.as_deref();
            let parts = parts.and_then(|descriptor| Parts::of(kind, descriptor));
            fact.captured == told.1.captured && parts.is_some_and(|parts| parts.active.is_some())
        };
        let mut told = std::iter::once(told).chain(rest.iter().filter(tells));
        !told.any(|(number, fact)| self.was_known(*number, fact, began))
    }

    /// Whether a key frame told too late of more layers than before: what came of them until then was nobody's, and what comes of them up
    /// to the next key frame needs that. Of each frame it is known only when it comes.
    fn are_more_told_late(&self) -> bool {
        let above = self.last.tag.frame + 1;
        let above = self.fact_of(above).filter(|(_, fact)| {
            let own = fact.tag.frame.checked_sub(self.first_frame());
            own == Some(u32::from(fact.tag.spatial))
        });
        let Some((_, key)) = above.and_then(|above| self.key_of(above)) else {
            return false;
        };
        let start = key.tag.frame - u32::from(key.tag.spatial);
        let Some((number, told)) = self.fact_of(start) else {
            return false;
        };
        let mut earlier = self.facts.iter().rev();
        let before = earlier.find(|(_, fact)| fact.tag.frame < start);
        if before.is_none_or(|(_, before)| before.tag.spatial >= key.tag.spatial) {
            return false;
        }
        let passed = self.went_out(|sent| sent.tag.frame > start);
        let late = passed.is_some_and(|passed| !self.was_known(number, told, passed));
        // Until it was told, what there was before ends the pictures.
        let above = start + 1..=key.tag.frame;
        (late || self.is_overtaken(number, told, above)) && self.has_come(number, told)
    }

    /// Whether something of these frames came before a packet did.
    fn is_overtaken(&self, number: u32, fact: &Fact, frames: RangeInclusive<u32>) -> bool {
        let behind = self
            .facts
            .iter()
            .filter(|(_, fact)| frames.contains(&fact.tag.frame));
        let came = behind.filter_map(|(_, fact)| fact.delivered).min();
        let out = self.went_out(|sent| sent.tag.number == number);
        let own = fact.delivered.into_iter().chain(out).min();
        came.is_some_and(|came| own.is_none_or(|own| came < own))
    }

    /// The key frame that a frame goes back to in its own layer, where nothing went out of all that.
    fn key_of(&self, of: (u32, &'a Fact)) -> Option<(u32, &'a Fact)> {
        let (mut number, mut fact) = of;
        while !self.run.frames.contains(fact.tag.frame) {
            if fact.tag.key {
                return Some((number, fact));
            }
            let needs = fact.tag.needs.iter().filter(|need| **need < fact.tag.frame);
            let mut needs = needs.filter_map(|need| self.fact_of(*need));
            (number, fact) = needs.find(|(_, need)| need.tag.spatial == fact.tag.spatial)?;
        }
        None
    }

    /// The frames of a picture follow each other, one for each spatial layer.
    fn first_frame(&self) -> u32 {
        self.last.tag.frame - u32::from(self.last.tag.spatial)
    }

    /// The first packet of a frame.
    fn fact_of(&self, frame: u32) -> Option<(u32, &'a Fact)> {
        let mut facts = self.facts.iter().copied();
        facts.find(|(_, fact)| fact.tag.frame == frame)
    }

    /// When the first of such packets of the run went out.
    fn went_out(&self, such: impl Fn(&Sent) -> bool) -> Option<Instant> {
        let own = self.recent.iter().filter(|s| s.run == self.run.number);
        own.filter(|sent| such(sent)).map(|sent| sent.at).min()
    }

    /// Whether a packet had come, or its retransmission had gone out, before a moment.
    fn was_known(&self, number: u32, fact: &Fact, moment: Instant) -> bool {
        let out = self.went_out(|sent| sent.tag.number == number);
        is_known(fact, self.run.began, moment) || out.is_some_and(|out| out < moment)
    }

    /// Whether it may have been known when the picture ended.
    fn has_come(&self, number: u32, fact: &Fact) -> bool {
        let out = self.went_out(|sent| sent.tag.number == number);
        let mut came = out.into_iter().chain(fact.delivered);
        came.any(|came| came <= self.last.at)
    }
}
