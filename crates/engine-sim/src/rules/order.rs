//! How one packet may follow another on the same SSRC.

use super::run::{Run, Sent};
use super::{Broken, Rule};
use crate::feed::Kind;
use crate::payload::Pictures;
use crate::tag::Tag;
use crate::truth::{Fact, GRACE, Truth};
use engine::media::Codec;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How far the clock of a stream may be from the wall's over a seam.
const SEAM_SLACK: Duration = Duration::from_secs(1);
/// Far enough back for any frame that is needed, in packets.
pub(super) const REACH: u32 = 200;

pub(super) fn kind(tag: &Tag, truth: &Truth) -> Kind {
    truth
        .tracks
        .get(&tag.track)
        .map_or(Kind::Audio, |track| track.kind)
}

fn rate(kind: Kind) -> i64 {
    if kind.is_video() { 90_000 } else { 48_000 }
}

/// A stream of pictures begins with a key frame, again after each silence and in each layer.
pub(super) fn begins(sent: &Sent, truth: &Truth) -> Result<(), Broken> {
    if kind(&sent.tag, truth).is_video() && !sent.tag.begins_key() {
        let Tag {
            layer, frame, part, ..
        } = sent.tag;
        let what = format!(
            "begins with frame {frame}, part {part} of layer {layer}, which is no key frame"
        );
        return Err((Rule::KeyFirst, what));
    }
    Ok(())
}

/// `owed`: what is missing between the two, if anything, is owed by the source that was left.
pub(super) fn seam_fits(
    before: &Sent,
    sent: &Sent,
    owed: bool,
    truth: &Truth,
) -> Result<(), Broken> {
    begins(sent, truth)?;
    if !owed {
        let what = format!(
            "{} follows {} where the source changes",
            sent.seq, before.seq
        );
        return Err((Rule::Sequence, what));
    }
    let rate = rate(kind(&sent.tag, truth));
    let ticks = |time: Duration| time.as_millis() as i64 * rate / 1_000;
    let step = i64::from(sent.timestamp.wrapping_sub(before.timestamp) as i32);
    let elapsed = sent.at.saturating_duration_since(before.at);
    // What is shown to a newcomer is older than the moment; then the clock goes with the pictures.
    let captured = sent.captured.zip(before.captured);
    let captured = captured.map_or(elapsed, |(sent, before)| {
        sent.saturating_duration_since(before)
    });
    let least = ticks(elapsed.min(captured)) - ticks(SEAM_SLACK);
    let most = ticks(elapsed.max(captured)) + ticks(SEAM_SLACK);
    if step <= 0 || !(least..=most).contains(&step) {
        let what = format!(
            "the clock steps by {step} in {elapsed:?}, for pictures {captured:?} apart, where the source changes"
        );
        return Err((Rule::Timestamp, what));
    }
    if let (Some(a), Some(b)) = (before.pictures, sent.pictures) {
        let steps = (
            b.picture.wrapping_sub(a.picture) & 0x7fff,
            b.base_layer.wrapping_sub(a.base_layer),
        );
        let key = a.key.zip(b.key);
        let key = key.is_none_or(|(a, b)| b.wrapping_sub(a) & 0x1f == 1);
        if steps != (1, 1) || !key {
            let what = format!("{a:?} to {b:?} where the source changes");
            return Err((Rule::Pictures, what));
        }
    }
    if let (Some(a), Some(b)) = (before.frame_number, sent.frame_number)
        && b.wrapping_sub(a) != 1
    {
        let what = format!("frame number {b} follows {a} where the source changes");
        return Err((Rule::Descriptor, what));
    }
    Ok(())
}

/// Two packets of one run: as far apart as in the source, or nearer.
pub(super) fn run_fits(before: &Sent, sent: &Sent, truth: &Truth) -> Result<(), Broken> {
    let (a, b) = (&before.tag, &sent.tag);
    if b.number <= a.number || sent.seq - before.seq > u64::from(b.number - a.number) {
        let what = format!(
            "numbers {} to {} of the source go as {} to {}",
            a.number, b.number, before.seq, sent.seq
        );
        return Err((Rule::Sequence, what));
    }
    let pictures = b.picture.wrapping_sub(a.picture);
    let step = sent.timestamp.wrapping_sub(before.timestamp);
    let expected = pictures.wrapping_mul(kind(b, truth).step());
    if step != expected {
        let what = format!("{pictures} pictures take {step} ticks, not {expected}");
        return Err((Rule::Timestamp, what));
    }
    let frames = b.frame.wrapping_sub(a.frame);
    if let (Some(from), Some(to)) = (before.frame_number, sent.frame_number)
        && u32::from(to.wrapping_sub(from)) != frames & 0xffff
    {
        let what = format!("frame numbers {from} to {to} over {frames} frames");
        return Err((Rule::Descriptor, what));
    }
    match (before.pictures, sent.pictures) {
        (Some(from), Some(to)) => counters_fit(before, sent, (from, to), truth),
        _ => Ok(()),
    }
}

fn counters_fit(
    before: &Sent,
    sent: &Sent,
    (from, to): (Pictures, Pictures),
    truth: &Truth,
) -> Result<(), Broken> {
    let steps = |from: &Pictures, to: &Pictures| {
        let pictures = to.picture.wrapping_sub(from.picture) & 0x7fff;
        (
            u32::from(pictures),
            u32::from(to.base_layer.wrapping_sub(from.base_layer)),
        )
    };
    let (pictures, bases) = steps(&from, &to);
    let fits = if kind(&sent.tag, truth).codec() == Codec::Vp9 {
        // References are distances in picture ids: they stay as far apart as they were made.
        let made = |sent: &Sent| truth.fact(sent.tag.stream(), sent.tag.number)?.pictures;
        let made = made(before).zip(made(sent));
        made.is_none_or(|(from, to)| steps(&from, &to) == (pictures, bases))
    } else {
        let frames = sent.tag.frame.wrapping_sub(before.tag.frame);
        let least = u32::from(frames > 0);
        let base = u32::from(frames > 0 && sent.tag.temporal == 0);
        (least..=frames).contains(&pictures) && (base..=frames).contains(&bases)
    };
    match fits {
        true => Ok(()),
        false => Err((Rule::Pictures, format!("{from:?} to {to:?}"))),
    }
}

/// What is missing between two packets of a run: a hole in the numbers is owed by the publisher, what is closed over was not needed.
/// `untold`: whether the last frame of the picture before was not known when it went out.
pub(super) fn follows(
    before: &Sent,
    sent: &Sent,
    holes: u64,
    run: &Run,
    truth: &Truth,
    untold: impl FnOnce() -> bool,
) -> Result<(), Broken> {
    let video = kind(&sent.tag, truth).is_video();
    let ends = sent.timestamp != before.timestamp && sent.seq == before.seq + 1;
    if video && ends && !before.marker && !untold() {
        return Err((Rule::Marker, "a picture ends without a marker".to_owned()));
    }
    let stream = sent.tag.stream();
    if let Some(between) = truth.facts(stream, before.tag.number + 1, sent.tag.number) {
        left_out(before, sent, between, holes as usize, run.began)?;
    }
    let needs = sent.tag.needs.into_iter();
    for frame in needs.filter(|frame| *frame != sent.tag.frame && !run.frames.contains(*frame)) {
        has_its_reason(frame, sent, run, truth)?;
    }
    Ok(())
}

/// Whether the source of a packet owes as many of those that follow it, where an empty number closes them off. Others of them may have been
/// passed over.
pub(super) fn owes(before: &Sent, holes: u64, run: &Run, sent: &Sent, truth: &Truth) -> bool {
    let facts = truth.facts_from(before.tag.stream(), before.tag.number + 1);
    facts.is_none_or(|facts| {
        let owed = facts.filter(|fact| !is_known(fact, run.began, sent.at));
        owed.count() as u64 >= holes
    })
}

/// Packets that came a moment ago may be on their way between threads still.
pub(super) fn is_known(fact: &Fact, began: Instant, now: Instant) -> bool {
    let known = |at: Instant| at > began && at + GRACE <= now;
    fact.delivered.is_some_and(known)
}

fn left_out<'a>(
    before: &Sent,
    sent: &Sent,
    between: impl DoubleEndedIterator<Item = &'a Fact> + Clone,
    holes: usize,
    began: Instant,
) -> Result<(), Broken> {
    let owed = between
        .clone()
        .filter(|fact| !is_known(fact, began, sent.at));
    let owed = owed.count();
    if holes > owed {
        let what = format!("{holes} numbers are left out, {owed} packets are owed");
        return Err((Rule::Sequence, what));
    }
    if sent.tag.begins_key() || between.clone().next().is_none() {
        return Ok(());
    }
    // The frame that was begun, this one, and what it needs, the newest first.
    let mut needed = BTreeSet::from([before.tag.frame, sent.tag.frame]);
    needed.extend(sent.tag.needs);
    let (mut all, mut spare) = (0, 0);
    for fact in between.rev() {
        all += 1;
        match needed.contains(&fact.tag.frame) {
            true => needed.extend(fact.tag.needs),
            false => spare += 1,
        }
    }
    let closed = all - holes;
    if closed > spare {
        let what = format!(
            "{closed} packets are passed over without a hole, {spare} of them are not needed"
        );
        return Err((Rule::KeyFirst, what));
    }
    Ok(())
}

/// A frame that is needed and did not go out: the publisher owes something of it.
fn has_its_reason(frame: u32, sent: &Sent, run: &Run, truth: &Truth) -> Result<(), Broken> {
    let broken = |what: &str| {
        let Tag { frame: own, .. } = sent.tag;
        Err((
            Rule::KeyFirst,
            format!("frame {own} needs frame {frame}, {what}"),
        ))
    };
    if frame < run.first {
        return broken("from before its key frame");
    }
    let tag = &sent.tag;
    let from = tag.number.saturating_sub(REACH);
    let Some(facts) = truth.facts(tag.stream(), from, tag.number) else {
        return Ok(());
    };
    let mut of_it = facts.filter(|fact| fact.tag.frame == frame);
    match of_it.clone().count() > 0 && of_it.all(|fact| is_known(fact, run.began, sent.at)) {
        true => broken("of which nothing went out"),
        false => Ok(()),
    }
}

pub(super) fn late_fits(
    before: Option<Sent>,
    sent: &Sent,
    after: Sent,
    truth: &Truth,
) -> Result<(), Broken> {
    let same = |other: &Sent| other.run == sent.run && other.tag.stream() == sent.tag.stream();
    if let Some(before) = before.filter(same) {
        run_fits(&before, sent, truth)?;
    }
    if same(&after) {
        run_fits(sent, &after, truth)?;
    }
    Ok(())
}
