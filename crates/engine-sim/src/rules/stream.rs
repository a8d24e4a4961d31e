//! One SSRC of the engine towards one client: what went out on it, and whether the next packet goes on from there.

use super::active::{is_left, leaves};
use super::ends::Ending;
use super::frames::Frames;
use super::order::{begins, follows, late_fits, owes, run_fits, seam_fits};
use super::recent::Recent;
use super::run::{Run, Sent};
use super::{Broken, Rule, Seen};
use crate::truth::Truth;
use engine::command::TransportId;
use engine::media::window::{Seen as Fresh, SeenWindow};
use std::collections::BTreeSet;
use std::time::Instant;

/// Empty numbers of one stream that are remembered.
const RECENT: usize = 2_048;

pub(super) struct Stream {
    sealed: SeenWindow<512>,
    recent: Recent<Sent>,
    /// Numbers that went out with nothing in them: their packets came too late to be of use.
    blanks: BTreeSet<u64>,
    run: Run,
    /// The decode targets that the receiver takes for active, once it was told.
    active: Option<u32>,
}

impl Stream {
    pub fn new(now: Instant) -> Stream {
        Stream {
            sealed: SeenWindow::default(),
            recent: Recent::default(),
            blanks: BTreeSet::new(),
            active: None,
            run: Run {
                number: 0,
                began: now,
                first: 0,
                frames: Frames::default(),
                spoiled: Frames::default(),
                lessened: None,
            },
        }
    }

    /// What went out under a 16-bit number.
    pub fn newest(&self, seq: u16) -> Option<&Sent> {
        self.recent.newest(seq)
    }

    pub fn once(&mut self, seen: &Seen) -> Result<(), Broken> {
        match self.sealed.mark(seen.index) {
            Fresh::New => Ok(()),
            Fresh::Repeated => Err((Rule::NonceOnce, "a packet index comes again".to_owned())),
            Fresh::TooOld => Err((Rule::NonceOnce, "a packet index from long ago".to_owned())),
        }
    }

    pub fn note_blank(&mut self, index: u64) {
        self.blanks.insert(index);
        if self.blanks.len() > RECENT {
            self.blanks.pop_first();
        }
    }

    /// Numbers between two packets that did not go out at all.
    fn holes(&self, before: &Sent, sent: &Sent) -> u64 {
        let between = before.seq + 1..sent.seq;
        if between.is_empty() {
            return 0;
        }
        let blanks = self.blanks.range(between.clone()).count() as u64;
        between.end - between.start - blanks
    }

    pub fn goes_on(
        &mut self,
        mut sent: Sent,
        transport: TransportId,
        truth: &Truth,
    ) -> Result<(), Broken> {
        let before = self.recent.before(sent.seq).copied();
        let after = self.recent.after(sent.seq).copied();
        let judged = match (before, after) {
            (None, None) => {
                self.begin(&sent);
                begins(&sent, truth)
            }
            (Some(before), None) => {
                let holes = self.holes(&before, &sent);
                if self.is_seam(&before, &sent, transport, truth) {
                    let blank = self.blanks.range(..sent.seq).next_back().copied();
                    let closed = blank.unwrap_or_default().max(before.seq) + 1 == sent.seq;
                    let owed =
                        holes == 0 || closed && owes(&before, holes, &self.run, &sent, truth);
                    self.begin(&sent);
                    seam_fits(&before, &sent, owed, truth)
                } else {
                    let fits = run_fits(&before, &sent, truth);
                    let untold = || {
                        Ending::of(&before, &sent, &self.run, &self.recent, truth)
                            .is_some_and(|ending| ending.is_untold())
                    };
                    fits.and_then(|()| follows(&before, &sent, holes, &self.run, truth, untold))
                }
            }
            (_, Some(after)) => {
                let neighbours = [before, Some(after)].into_iter().flatten();
                let ours = |other: &Sent| other.tag.stream() == sent.tag.stream();
                match neighbours.into_iter().find(ours) {
                    Some(neighbour) => {
                        sent.run = neighbour.run;
                        late_fits(before, &sent, after, truth)
                    }
                    None => Err((
                        Rule::Sequence,
                        "a late packet between those of another source".to_owned(),
                    )),
                }
            }
        };
        if after.is_none() {
            sent.run = self.run.number;
        }
        let judged = match after {
            Some(_) => judged,
            None => judged.and(self.follow_targets(before, &sent, truth)),
        };
        if sent.run == self.run.number {
            self.run.frames.insert(sent.tag.frame);
        }
        self.recent.insert(sent.seq, sent);
        judged
    }

    /// The newest packet tells which decode targets are left, or says nothing new.
    fn follow_targets(
        &mut self,
        before: Option<Sent>,
        sent: &Sent,
        truth: &Truth,
    ) -> Result<(), Broken> {
        let known = self.active;
        self.active = sent.active.or(known);
        let Some(active) = self.active.filter(|_| sent.frame_number.is_some()) else {
            return Ok(());
        };
        is_left(sent, active, truth)?;
        let Some(before) = before.filter(|before| before.run == sent.run) else {
            return Ok(());
        };
        let told = (known.unwrap_or_default(), active);
        let holes = self.holes(&before, sent);
        leaves(&before, sent, holes, told, &mut self.run, truth)
    }

    fn begin(&mut self, sent: &Sent) {
        self.run = Run {
            number: self.run.number + 1,
            began: sent.at,
            first: sent.tag.frame,
            frames: Frames::default(),
            spoiled: Frames::default(),
            lessened: None,
        };
    }

    /// Whether the packet begins anew after the one before it.
    fn is_seam(&self, before: &Sent, sent: &Sent, transport: TransportId, truth: &Truth) -> bool {
        let changed = truth.changed(transport, sent.tag.track);
        let resumed = changed.is_some_and(|changed| changed > before.at);
        // A stream that is begun anew at a key frame of its own has no reason to tell.
        let again = sent.tag.begins_key()
            && self.holes(before, sent) == 0
            && run_fits(before, sent, truth).is_err();
        // What a path does not carry breaks off anywhere, and begins anew.
        let pause = truth.pause(transport, sent.tag.track);
        let returns = sent.tag.begins_key() && pause.is_some_and(|pause| pause >= before.at);
        before.tag.stream() != sent.tag.stream() || resumed || again || returns
    }
}
