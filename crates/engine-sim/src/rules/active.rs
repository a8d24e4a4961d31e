//! The decode targets that a receiver is told of: they are those that are left for it.

use super::order::{is_known, kind};
use super::run::{Run, Sent};
use super::{Broken, Rule};
use crate::feed::descriptor::{Parts, opened_by, targets_of};
use crate::truth::Truth;
use std::time::Duration;

/// Less may come for a moment not more often than so.
const MOMENTS: Duration = Duration::from_secs(2);

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
/// what they need was rightly left out. Or it was to be less for a moment in which nothing went out that could have told it: of another target
/// that was told there was nothing to send, and the packet after opens all again. Where that is so time and again, it was not told.
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
    let (mut missing, mut ended) = (None, false);
    let (mut passed, mut left_out, mut decodable) = (0, 0, true);
    for fact in between.into_iter().flatten() {
        let (frame, place) = (fact.tag.frame, fact.tag.place());
        let made = fact.descriptor.as_deref().and_then(|d| Parts::of(kind, d));
        ended |= made
            .and_then(|parts| parts.active)
            .is_some_and(|made| known != 0 && made & known == 0);
        if run.frames.contains(frame) || frame == sent.tag.frame {
            continue;
        }
        passed |= targets_of(kind, place);
        let told = targets_of(kind, place) & known & active;
        if told == 0 {
            let unsent = |need: &u32| *need != frame && !run.frames.contains(*need);
            if ended && fact.tag.needs.iter().any(unsent) {
                run.spoiled.insert(frame);
            }
            continue;
        }
        let lacks = |need: &u32| *need < run.first || run.spoiled.contains(*need);
        let owed = !is_known(fact, run.began, sent.at);
        if holes > 0 || owed || fact.tag.needs.iter().any(lacks) {
            run.spoiled.insert(frame);
        } else {
            let went = |need: &u32| *need > before.tag.frame || run.frames.contains(*need);
            decodable &= fact.tag.needs.iter().all(went);
            left_out |= told;
            missing = Some((frame, place));
        }
    }
    let Some((frame, place)) = missing else {
        return Ok(());
    };
    let recent = |last| sent.at < last + MOMENTS;
    let opened = left_out & !opened_by(kind, sent.tag.place()) == 0;
    if decodable && opened && known & !passed != 0 && !run.lessened.is_some_and(recent) {
        run.lessened = Some(sent.at);
        return Ok(());
    }
    let what = format!("frame {frame}, {place:?}, is left out of the targets {left_out:b}");
    Err((Rule::Descriptor, what))
}
