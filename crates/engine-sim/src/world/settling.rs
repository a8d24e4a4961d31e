//! What must be so once nothing goes wrong any more, and what a run came to.

use super::World;
use crate::feed::SIZES;
use crate::rules::Rule;
use crate::wire::Conditions;
use engine::command::TransportId;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

/// What comes from a wanted track in this time at the latest, once all is well.
const PATIENCE: Duration = Duration::from_secs(4);
/// After this time a picture is back that was paused because the path did not carry it: reports of earlier losses, the pause, a trial.
const PAUSE_PATIENCE: Duration = Duration::from_secs(6);
/// The trial of each such picture of one subscriber.
const TRIAL: Duration = Duration::from_secs(4);
/// Something came lately.
const RECENT: Duration = Duration::from_millis(500);

impl World {
    /// Makes all wires good and waits; whatever should come to a subscriber then must come.
    pub fn must_settle(&mut self) {
        self.all_conditions(Conditions::default());
        self.run_for(PATIENCE);
        self.must_flow_but(true);
        // Paused pictures are tried one after the other.
        let mut pictures: BTreeMap<TransportId, u32> = BTreeMap::new();
        let tracks = self
            .wishes
            .iter()
            .flat_map(|(id, wishes)| wishes.keys().map(|t| (*id, *t)));
        for (id, _) in tracks.filter(|(id, track)| self.is_excused(*id, *track)) {
            *pictures.entry(id).or_default() += 1;
        }
        if let Some(most) = pictures.into_values().max() {
            self.run_for(PAUSE_PATIENCE + TRIAL * most - PATIENCE);
            self.must_flow();
        }
    }

    /// The engine told that the path does not carry the picture, or that it comes again in a moment.
    fn is_excused(&self, id: TransportId, track: u16) -> bool {
        let resumed = self.resumed.get(&(id, track));
        let recent = resumed.is_some_and(|at| self.now < *at + 2 * RECENT);
        // Voice is never paused.
        self.is_video(track) && (recent || self.paused.contains(&(id, track)))
    }

    /// What should come must have come in the last moments.
    pub fn must_flow(&mut self) {
        self.must_flow_but(false);
    }

    /// As `must_flow`; `paused` excuses pictures of which the engine told that the path does not carry them.
    fn must_flow_but(&mut self, paused: bool) {
        let mut silent = Vec::new();
        for (id, wishes) in &self.wishes {
            let Some(client) = self.clients.get(id) else {
                continue;
            };
            for track in wishes.keys().filter(|track| self.truth.flows(*id, **track)) {
                if paused && self.is_excused(*id, *track) {
                    continue;
                }
                let runs = self.runs(*track);
                let heard = client.heard.get(track).and_then(|heard| heard.last);
                let recent = heard.is_some_and(|at| self.now < at + Duration::from_millis(500));
                if runs && !recent {
                    silent.push((*id, *track, heard.map(|at| at - self.start)));
                }
            }
        }
        for (id, track, last) in silent {
            let sent = self.observer.rules.sent(id, track);
            let what = format!("track {track} does not come: heard at {last:?}, sent at {sent:?}");
            self.observer.rules.add(self.now, id, Rule::Liveness, what);
        }
    }

    /// The size that each subscriber wants is what it gets, and publishers have been told of the largest.
    pub fn must_fit(&mut self) {
        let mut wrong = Vec::new();
        let mut most: BTreeMap<u16, u8> = BTreeMap::new();
        for (id, wishes) in &self.wishes {
            let flowing = wishes.keys().filter(|track| self.truth.flows(*id, **track));
            for track in flowing.filter(|track| self.layers(**track) > 1) {
                let wanted = self.wanted_layer(*id, *track);
                let largest = most.entry(*track).or_default();
                *largest = wanted.max(*largest);
                let client = self.clients.get(id);
                let layers = client.and_then(|client| Some(client.heard.get(track)?.layers));
                let recent = |at: &Option<Instant>| at.is_some_and(|at| self.now < at + RECENT);
                let heard = layers.and_then(|layers| layers.iter().rposition(recent));
                if heard != Some(usize::from(wanted)) {
                    let what = format!("track {track} comes in layer {heard:?}, not {wanted}");
                    wrong.push((*id, what));
                }
            }
        }
        for (track, wanted) in most {
            // Above the highest there is nothing, so that is all the same.
            let top = self.layers(track) - 1;
            let told = self.wanted_layers.get(&track).copied().unwrap_or(u8::MAX);
            if told.min(top) != wanted {
                let what = format!(
                    "layer {told} of track {track} is wanted, says the engine, not {wanted}"
                );
                wrong.push((0, what));
            }
        }
        for (id, what) in wrong {
            self.observer.rules.add(self.now, id, Rule::Size, what);
        }
    }

    fn layers(&self, track: u16) -> u8 {
        let track = self.truth.tracks.get(&track);
        track.map_or(1, |track| track.kind.layers())
    }

    /// The lowest layer that is as large as a subscriber's picture of the track.
    fn wanted_layer(&self, id: TransportId, track: u16) -> u8 {
        let size = self.shown(id, track).size;
        let enough = |layer: &(u32, u32)| layer.0 >= size.0 && layer.1 >= size.1;
        let layer = SIZES.iter().position(enough).filter(|_| size.0 > 0);
        layer.unwrap_or(SIZES.len() - 1) as u8
    }

    pub(super) fn is_video(&self, track: u16) -> bool {
        self.truth
            .tracks
            .get(&track)
            .is_some_and(|track| track.kind.is_video())
    }

    /// Whether its publisher is there and sends.
    fn runs(&self, track: u16) -> bool {
        let publisher = self
            .truth
            .tracks
            .get(&track)
            .and_then(|t| self.clients.get(&t.transport));
        publisher.is_some_and(|client| {
            client.alive()
                && client.connected
                && client
                    .streams
                    .iter()
                    .any(|s| s.feed.plan.track == track && s.feed.running)
        })
    }

    /// What came of it, for comparing runs.
    pub fn digest(&self) -> u64 {
        let mut text = format!("{:?} {:?} {:?}", self.elapsed(), self.told, self.ended);
        for (id, client) in self.clients.iter() {
            text += &format!(
                "\n{id} {} {} {}",
                client.connected, client.keyframe_requests, client.messages
            );
            for (track, heard) in &client.heard {
                let last = heard.last.map(|at| at - self.start);
                text += &format!(
                    " {track}: {} {} {} {} {last:?} {:?}",
                    heard.packets, heard.keys, heard.layer, heard.switches, heard.silence
                );
            }
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        hasher.finish()
    }
}
