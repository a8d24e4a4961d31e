//! What a narrow path is used for, and whether pictures come as fast as they are wanted.

use super::World;
use crate::reception::Telling;
use crate::rules::Rule;
use engine::command::TransportId;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What has not been heard of for this long does not come.
const LATE: Duration = Duration::from_millis(500);
/// Two packets of a voice that rests may be lost one after the other; the next one comes within this.
const RESTED: Duration = Duration::from_millis(500 + 3 * 400);
/// Time that is measured over.
const MEASURED: Duration = Duration::from_secs(4);
/// Of what is sent into a path that does not get narrower, this share may find its queue full.
const REFUSED: f64 = 0.1;
/// Pictures a second of feeds by the highest temporal layer that is wanted, and from which wish on: half of it for each layer below.
const PACES: [(u32, f64); 3] = [(7, 5.0), (15, 10.0), (30, 20.0)];

/// What has happened at a subscriber so far.
struct Count {
    pictures: BTreeMap<u16, u32>,
    /// Datagrams put on its wire, and those that found its queue full.
    wire: [u64; 2],
}

impl World {
    /// Lets some time pass in which voices must come everywhere, no path may be overfilled, what is more important must not be worse off
    /// than what is less so, and pictures on wide paths must come as fast as they are wanted.
    pub fn must_share_well(&mut self) {
        let ids: Vec<TransportId> = self.wishes.keys().copied().collect();
        let before: Vec<Option<Count>> = ids.iter().map(|id| self.count(*id)).collect();
        self.run_for(MEASURED);
        for (id, before) in ids.into_iter().zip(before) {
            let Some((before, after)) = before.zip(self.count(id)) else {
                continue;
            };
            let wrong = [
                self.silent_voice(id),
                self.overfilled(id, &before, &after),
                self.unfair(id),
                self.wrong_pace(id, &before, &after),
            ];
            for (rule, what) in wrong.into_iter().flatten() {
                self.observer.rules.add(self.now, id, rule, what);
            }
        }
    }

    fn count(&self, id: TransportId) -> Option<Count> {
        let heard = &self.clients.get(&id)?.heard;
        let [_, wire] = self.wires.get(&id)?;
        Some(Count {
            pictures: heard
                .iter()
                .map(|(track, heard)| (*track, heard.pictures))
                .collect(),
            wire: [wire.offered, wire.refused],
        })
    }

    /// Tracks that should come to a subscriber, pictures or voices.
    fn flowing(&self, id: TransportId, video: bool) -> impl Iterator<Item = u16> {
        let wishes = self.wishes.get(&id).into_iter().flat_map(BTreeMap::keys);
        let flowing =
            move |track: &u16| self.truth.flows(id, *track) && self.is_video(*track) == video;
        wishes.copied().filter(flowing)
    }

    fn comes(&self, id: TransportId, track: u16) -> bool {
        let heard = self
            .clients
            .get(&id)
            .and_then(|client| client.heard.get(&track)?.last);
        heard.is_some_and(|at| self.now < at + LATE)
    }

    /// Whether something of a voice that came to the engine longer ago than `LATE`, and all that came after it, is still not there. A voice
    /// that rests says something every 400 ms, so that where the path's queue has just become longer there may be half a second between
    /// two packets of which none is missing.
    fn is_behind(&self, id: TransportId, track: u16) -> bool {
        let Some(generation) = self.truth.tracks.get(&track).map(|t| t.generation) else {
            return false;
        };
        let heard = self.clients.get(&id).and_then(|c| c.heard.get(&track));
        let newest = match Telling::of(id) {
            // A queue is known by what it has no room for, and two packets of a voice that rests may be among that. So of the voice all
            // has to be sent, and some of it has to come.
            Telling::Nothing => {
                let last = heard.and_then(|heard| heard.last);
                if last.is_none_or(|last| self.now >= last + RESTED) {
                    return true;
                }
                self.observer.rules.newest(id, track)
            }
            _ => heard.and_then(|heard| heard.newest),
        };
        let stream = (track, 0, generation);
        let next = newest.filter(|tag| tag.stream() == stream);
        let next = next.map_or(0, |tag| tag.number + 1);
        let facts = self.truth.facts_from(stream, next);
        let due = |at: Instant| at + LATE <= self.now;
        // What is not remembered any more was long ago.
        facts.is_none_or(|mut facts| facts.any(|fact| fact.delivered.is_some_and(due)))
    }

    fn silent_voice(&self, id: TransportId) -> Option<(Rule, String)> {
        let silent = self
            .flowing(id, false)
            .find(|track| self.is_behind(id, *track))?;
        let what = format!("voice {silent} does not come over a path that has room for it");
        Some((Rule::Liveness, what))
    }

    /// Losses alone tell too late, one step after the other, and little of what a path carries.
    fn overfilled(&self, id: TransportId, before: &Count, after: &Count) -> Option<(Rule, String)> {
        if Telling::of(id) == Telling::Nothing {
            return None;
        }
        let [offered, refused] = [0, 1].map(|at| (after.wire[at] - before.wire[at]) as f64);
        let what = format!("{refused} of {offered} datagrams find the path's queue full");
        (refused > offered * REFUSED).then_some((Rule::Budget, what))
    }

    fn unfair(&self, id: TransportId) -> Option<(Rule, String)> {
        let pictures: Vec<u16> = self.flowing(id, true).collect();
        let priority = |track: u16| self.shown(id, track).priority;
        let pairs = pictures
            .iter()
            .flat_map(|a| pictures.iter().map(move |b| (*a, *b)));
        let mut pairs = pairs.filter(|(a, b)| priority(*a) > priority(*b));
        let (more, less) =
            pairs.find(|(more, less)| !self.comes(id, *more) && self.comes(id, *less))?;
        let what =
            format!("track {less} comes and track {more}, which is more important, does not");
        Some((Rule::Priority, what))
    }

    fn wrong_pace(&self, id: TransportId, before: &Count, after: &Count) -> Option<(Rule, String)> {
        let [_, wire] = self.wires.get(&id)?;
        // Where arrivals are not told, a path that has become wide is found out about by trying, for much longer than this.
        if wire.conditions.rate.is_some() || Telling::of(id) != Telling::Arrivals {
            return None;
        }
        self.flowing(id, true).find_map(|track| {
            let wanted = self.shown(id, track).fps;
            let pace = PACES.iter().find(|(fps, _)| wanted > 0 && wanted <= *fps);
            let expected = pace.or(PACES.last()).map(|(_, pace)| *pace)?;
            let count = |count: &Count| count.pictures.get(&track).copied().unwrap_or_default();
            let came = f64::from(count(after) - count(before)) / MEASURED.as_secs_f64();
            let fits = (expected * 0.9 - 0.5..=expected * 1.1 + 0.5).contains(&came);
            let what = format!(
                "track {track} comes {came} times a second, not {expected}: {wanted} are wanted"
            );
            (!fits).then_some((Rule::Pace, what))
        })
    }
}
