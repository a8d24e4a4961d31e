//! The decode targets that a receiver is told of: they are those that are left for it.

use super::order::{is_known, kind};
use super::run::{Run, Sent};
use super::{Broken, Rule};
use crate::feed::descriptor::{Parts, targets_of};
use crate::truth::Truth;

/// What goes out is of a target that is told to be there.
pub(super) fn is_left(sent: &Sent, active: u32, truth: &Truth) -> Result<(), Broken> {
    let targets = targets_of(kind(&sent.tag, truth), sent.tag.place());
    match targets & active {
        0 => {
            let what = format!("a frame of the targets {targets:b}, of which {active:b} are told");
            Err((Rule::Descriptor, what))
        }
        _ => Ok(()),
    }
}

/// What is left out between two packets of a run is of no target that was told before (`known`) and is told after (`active`), unless the
/// publisher owes something that it needs, or makes none of the targets any more that were told: others begin with the next key frame, since
/// what they need was rightly left out.
pub(super) fn leaves(
    before: &Sent,
    sent: &Sent,
    holes: u64,
    (known, active): (u32, u32),
    run: &mut Run,
    truth: &Truth,
) -> Result<(), Broken> {
    let between = truth.facts(sent.tag.stream(), before.tag.number + 1, sent.tag.number);
    let kind = kind(&sent.tag, truth);
    let (mut judged, mut ended) = (Ok(()), false);
    for fact in between.into_iter().flatten() {
        let (frame, place) = (fact.tag.frame, fact.tag.place());
        let made = fact.descriptor.as_deref().and_then(|d| Parts::of(kind, d));
        ended |= made
            .and_then(|parts| parts.active)
            .is_some_and(|made| known != 0 && made & known == 0);
        if run.frames.contains(frame) || frame == sent.tag.frame {
            continue;
        }
        let told = targets_of(kind, place) & known & active;
        if told == 0 {
            let left_out = |need: &u32| *need != frame && !run.frames.contains(*need);
            if ended && fact.tag.needs.iter().any(left_out) {
                run.spoiled.insert(frame);
            }
            continue;
        }
        let lacks = |need: &u32| *need < run.first || run.spoiled.contains(*need);
        let owed = !is_known(fact, run.began, sent.at);
        if holes > 0 || owed || fact.tag.needs.iter().any(lacks) {
            run.spoiled.insert(frame);
        } else {
            let what = format!("frame {frame}, {place:?}, is left out of the targets {told:b}");
            judged = Err((Rule::Descriptor, what));
        }
    }
    judged
}
