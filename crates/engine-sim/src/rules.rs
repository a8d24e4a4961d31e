//! The invariants of every packet that leaves the engine.

use crate::feed::{Kind, Pictures, read_payload};
use crate::observer::hash;
use crate::tag::Tag;
use crate::truth::{Fact, GRACE, Truth};
use engine::command::TransportId;
use engine::media::window::{Seen as Fresh, SeenWindow};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::time::{Duration, Instant};

/// Violations kept; one is enough to fail.
const KEPT: usize = 20;
/// Packets of one stream that are remembered.
const RECENT: usize = 2_048;
/// A retransmission of what was sent before a track was switched off may still be on its way.
const REPAIR_GRACE: Duration = Duration::from_secs(2);
/// How far the clock of a stream may be from the wall's over a seam.
const SEAM_SLACK: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Every packet opens with the client's keys.
    Opens,
    /// No (SSRC, rollover, sequence) and no SRTCP index twice: under GCM it would give the key stream away.
    NonceOnce,
    /// No packet of a track that is not wanted, muted, or gone.
    Wanted,
    /// The MID is the one of the m-line that carries the track, the SSRC the announced one.
    Mid,
    /// Numbers go on: holes only for what the publisher's stream still owes, none where a layer changes.
    Sequence,
    /// Timestamps go with the source's, and with the clock where the source changes.
    Timestamp,
    /// VP8 picture ids, TL0PICIDX and KEYIDX go on.
    Pictures,
    /// No picture without its key frame first; nothing left out that a later picture needs.
    KeyFirst,
    /// A retransmission is what went out under its number.
    Repair,
    /// What is wanted comes.
    Liveness,
    /// Nothing that the engine sends makes a client give up.
    Client,
    /// The engine does not grow.
    Memory,
    /// Nothing in the engine panics.
    Panic,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Since the beginning of the world.
    pub at: Duration,
    pub rule: Rule,
    pub transport: TransportId,
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation {
            at,
            rule,
            transport,
            what,
        } = self;
        write!(
            f,
            "{:.3} s, transport {transport}, {rule:?}: {what}",
            at.as_secs_f64()
        )
    }
}

/// A media packet on its way out, opened.
#[derive(Debug, Clone)]
pub struct Seen {
    pub at: Instant,
    pub transport: TransportId,
    pub ssrc: u32,
    /// Rollover counter and sequence number.
    pub index: u64,
    /// A hash of the sealed datagram.
    pub sealed: u64,
    pub payload_type: u8,
    pub timestamp: u32,
    pub mid: Option<String>,
    /// The number that a retransmission repeats.
    pub original: Option<u16>,
    pub payload: Vec<u8>,
}

pub struct Rules {
    start: Instant,
    streams: HashMap<(TransportId, u32), Stream>,
    /// When a packet of a track last went to a client.
    sent: HashMap<(TransportId, u16), Instant>,
    violations: Vec<Violation>,
    count: u64,
}

/// One SSRC of the engine towards one client.
struct Stream {
    sealed: SeenWindow<512>,
    recent: BTreeMap<u64, Sent>,
    /// Numbers that went out with nothing in them: their packets came too late to be of use.
    blanks: BTreeSet<u64>,
    /// Counts the seams, and when the newest run began.
    run: u32,
    began: Instant,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    seq: u64,
    timestamp: u32,
    tag: Tag,
    pictures: Option<Pictures>,
    at: Instant,
    captured: Option<Instant>,
    run: u32,
    payload: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Rules::new(Instant::now())
    }
}

type Broken = (Rule, String);

impl Rules {
    pub fn new(start: Instant) -> Self {
        Rules {
            start,
            streams: HashMap::new(),
            sent: HashMap::new(),
            violations: Vec::new(),
            count: 0,
        }
    }

    pub fn left(&mut self, transport: TransportId) {
        self.streams.retain(|(id, _), _| *id != transport);
        self.sent.retain(|(id, _), _| *id != transport);
    }

    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// When a packet of the track last left for the client, since the beginning.
    pub fn sent(&self, transport: TransportId, track: u16) -> Option<Duration> {
        let at = self.sent.get(&(transport, track))?;
        Some(at.saturating_duration_since(self.start))
    }

    /// All of them, those not kept included.
    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn add(&mut self, now: Instant, transport: TransportId, rule: Rule, what: String) {
        self.count += 1;
        if self.violations.len() < KEPT {
            self.violations.push(Violation {
                at: now.saturating_duration_since(self.start),
                rule,
                transport,
                what,
            });
        }
    }

    /// Forgets what broke a rule so far: it was meant to.
    pub fn forgive(&mut self, rule: Rule) {
        self.violations.retain(|violation| violation.rule != rule);
    }

    pub fn judge(&mut self, seen: Seen, truth: &Truth) {
        let (at, transport) = (seen.at, seen.transport);
        let stream = self
            .streams
            .entry((transport, seen.ssrc))
            .or_insert(Stream {
                sealed: SeenWindow::default(),
                recent: BTreeMap::new(),
                blanks: BTreeSet::new(),
                run: 0,
                began: at,
            });
        let mut broken = Vec::new();
        broken.extend(stream.once(&seen).err());
        broken.extend(in_place(&seen, truth).err());
        if seen.payload.is_empty() && seen.original.is_none() {
            stream.note_blank(seen.index);
        }
        if let Some((tag, pictures)) = read_payload(&seen.payload) {
            self.sent.insert((transport, tag.track), at);
            broken.extend(wanted(&seen, &tag, truth).err());
            let hostile = truth
                .tracks
                .get(&tag.track)
                .is_some_and(|track| track.hostile);
            if seen.original.is_some() {
                broken.extend(self.repairs(&seen, truth).err());
            } else if !hostile {
                let sent = Sent {
                    seq: seen.index,
                    timestamp: seen.timestamp,
                    tag,
                    pictures,
                    at,
                    captured: truth.captured(tag.stream(), tag.number),
                    run: stream.run,
                    payload: hash(&seen.payload),
                };
                broken.extend(stream.goes_on(sent, transport, truth).err());
            }
        }
        for (rule, what) in broken {
            let what = format!("{what} (SSRC {:08x}, packet {})", seen.ssrc, seen.index);
            self.add(at, transport, rule, what);
        }
    }

    fn repairs(&self, seen: &Seen, truth: &Truth) -> Result<(), Broken> {
        let offer = truth.offer(seen.transport);
        let announced = offer.and_then(|offer| offer.announced.get(&seen.ssrc));
        let media = announced.and_then(|(_, media)| *media);
        let stream = media.and_then(|media| self.streams.get(&(seen.transport, media)));
        let sent = stream
            .into_iter()
            .flat_map(|stream| stream.recent.values().rev());
        let original = sent
            .into_iter()
            .find(|sent| Some(sent.seq as u16) == seen.original);
        match original {
            Some(sent)
                if sent.payload != hash(&seen.payload) || sent.timestamp != seen.timestamp =>
            {
                let what = format!("a retransmission is not what went out as {}", sent.seq);
                Err((Rule::Repair, what))
            }
            _ => Ok(()),
        }
    }
}

/// The MID and the SSRC are those of the m-line that carries the track.
fn in_place(seen: &Seen, truth: &Truth) -> Result<(), Broken> {
    let wrong = |what: String| Err((Rule::Mid, what));
    let Some(offer) = truth.offer(seen.transport) else {
        return wrong("media without an offer".to_owned());
    };
    let Some((mid, repeats)) = offer.announced.get(&seen.ssrc) else {
        return wrong("an SSRC that no offer announced".to_owned());
    };
    if seen.mid.as_ref() != Some(mid) {
        return wrong(format!("MID {:?} on an SSRC of {mid:?}", seen.mid));
    }
    if repeats.is_some() != seen.original.is_some() {
        return wrong(format!(
            "payload type {} on the wrong SSRC",
            seen.payload_type
        ));
    }
    match (read_payload(&seen.payload), offer.carried.get(mid)) {
        (Some((tag, _)), Some(carried)) if tag.track != *carried => {
            wrong(format!("track {} where {carried} is carried", tag.track))
        }
        _ => Ok(()),
    }
}

fn wanted(seen: &Seen, tag: &Tag, truth: &Truth) -> Result<(), Broken> {
    let Some(reason) = truth.forbids(seen.transport, tag.track, seen.at) else {
        return Ok(());
    };
    let changed = truth.changed(seen.transport, tag.track);
    let recent = changed.is_some_and(|changed| seen.at < changed + REPAIR_GRACE);
    if seen.original.is_some() && recent && reason == "a track not wanted now" {
        return Ok(());
    }
    Err((Rule::Wanted, format!("{reason}: {}", tag.track)))
}

impl Stream {
    fn once(&mut self, seen: &Seen) -> Result<(), Broken> {
        match self.sealed.mark(seen.index) {
            Fresh::New => Ok(()),
            Fresh::Repeated => Err((Rule::NonceOnce, "a packet index comes again".to_owned())),
            Fresh::TooOld => Err((Rule::NonceOnce, "a packet index from long ago".to_owned())),
        }
    }

    fn note_blank(&mut self, index: u64) {
        self.blanks.insert(index);
        if self.blanks.len() > RECENT {
            self.blanks.pop_first();
        }
    }

    /// Numbers between two packets that did not go out at all.
    fn holes(&self, before: &Sent, sent: &Sent) -> u64 {
        let between = before.seq + 1..sent.seq;
        let blanks = self.blanks.range(between.clone()).count() as u64;
        between.end - between.start - blanks
    }

    fn goes_on(
        &mut self,
        mut sent: Sent,
        transport: TransportId,
        truth: &Truth,
    ) -> Result<(), Broken> {
        let before = self
            .recent
            .range(..sent.seq)
            .next_back()
            .map(|(_, sent)| *sent);
        let after = self
            .recent
            .range(sent.seq + 1..)
            .next()
            .map(|(_, sent)| *sent);
        let judged = match (before, after) {
            (None, None) => begins(&sent, truth),
            (Some(before), None) => {
                let seam = self.is_seam(&before, &sent, transport, truth);
                let holes = self.holes(&before, &sent);
                let judged = if seam {
                    seam_fits(&before, &sent, holes, truth)
                } else {
                    let between =
                        truth.between(sent.tag.stream(), before.tag.number, sent.tag.number);
                    run_fits(&before, &sent, truth)
                        .and_then(|()| left_out(&sent, between, holes as usize, self.began))
                };
                if seam {
                    self.run += 1;
                    self.began = sent.at;
                }
                judged
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
            sent.run = self.run;
        }
        self.recent.insert(sent.seq, sent);
        if self.recent.len() > RECENT {
            self.recent.pop_first();
        }
        judged
    }

    /// Whether the packet begins anew after the one before it.
    fn is_seam(&self, before: &Sent, sent: &Sent, transport: TransportId, truth: &Truth) -> bool {
        let changed = truth.changed(transport, sent.tag.track);
        let resumed = changed.is_some_and(|changed| changed > before.at);
        // A stream that is begun anew at a key frame of its own has no reason to tell.
        let again = sent.tag.begins_key()
            && self.holes(before, sent) == 0
            && run_fits(before, sent, truth).is_err();
        before.tag.stream() != sent.tag.stream() || resumed || again
    }
}

fn kind(tag: &Tag, truth: &Truth) -> Kind {
    truth
        .tracks
        .get(&tag.track)
        .map_or(Kind::Audio, |track| track.kind)
}

fn rate(kind: Kind) -> i64 {
    if kind == Kind::Audio { 48_000 } else { 90_000 }
}

/// A stream of pictures begins with a key frame, again after each silence and in each layer.
fn begins(sent: &Sent, truth: &Truth) -> Result<(), Broken> {
    if kind(&sent.tag, truth) != Kind::Audio && !sent.tag.begins_key() {
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

fn seam_fits(before: &Sent, sent: &Sent, holes: u64, truth: &Truth) -> Result<(), Broken> {
    begins(sent, truth)?;
    if holes > 0 {
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
        if steps != (1, 1) || b.key.wrapping_sub(a.key) & 0x1f != 1 {
            return Err((
                Rule::Pictures,
                format!("{a:?} to {b:?} where the source changes"),
            ));
        }
    }
    Ok(())
}

/// Two packets of one run: as far apart as in the source, or nearer.
fn run_fits(before: &Sent, sent: &Sent, truth: &Truth) -> Result<(), Broken> {
    let (a, b) = (&before.tag, &sent.tag);
    if b.number <= a.number || sent.seq - before.seq > u64::from(b.number - a.number) {
        let what = format!(
            "numbers {} to {} of the source go as {} to {}",
            a.number, b.number, before.seq, sent.seq
        );
        return Err((Rule::Sequence, what));
    }
    let frames = b.frame.wrapping_sub(a.frame);
    let step = sent.timestamp.wrapping_sub(before.timestamp);
    let expected = frames.wrapping_mul(kind(b, truth).step());
    if step != expected {
        return Err((
            Rule::Timestamp,
            format!("{frames} frames take {step} ticks, not {expected}"),
        ));
    }
    let (Some(a), Some(b)) = (before.pictures, sent.pictures) else {
        return Ok(());
    };
    let pictures = u32::from(b.picture.wrapping_sub(a.picture) & 0x7fff);
    let bases = u32::from(b.base_layer.wrapping_sub(a.base_layer));
    let least = u32::from(frames > 0);
    let base = u32::from(frames > 0 && sent.tag.temporal == 0);
    if !(least..=frames).contains(&pictures) || !(base..=frames).contains(&bases) {
        return Err((
            Rule::Pictures,
            format!("{a:?} to {b:?} over {frames} frames"),
        ));
    }
    Ok(())
}

/// What is missing between two packets: a hole in the numbers is owed by the publisher, what is closed over was not needed.
fn left_out(
    sent: &Sent,
    between: Option<Vec<Fact>>,
    holes: usize,
    began: Instant,
) -> Result<(), Broken> {
    let Some(between) = between else {
        return Ok(());
    };
    // What came a moment ago may be on its way between threads still.
    let known = |at: Instant| at > began && at + GRACE <= sent.at;
    let owed = between
        .iter()
        .filter(|fact| !fact.delivered.is_some_and(known));
    let owed = owed.count();
    if holes > owed {
        let what = format!("{holes} numbers are left out, {owed} packets are owed");
        return Err((Rule::Sequence, what));
    }
    let closed = between.len() - holes;
    let spare = between.iter().filter(|fact| fact.temporal > 0).count();
    if closed > spare && !sent.tag.begins_key() {
        let what = format!(
            "{closed} packets are passed over without a hole, {spare} of them are not needed"
        );
        return Err((Rule::KeyFirst, what));
    }
    Ok(())
}

fn late_fits(before: Option<Sent>, sent: &Sent, after: Sent, truth: &Truth) -> Result<(), Broken> {
    let same = |other: &Sent| other.run == sent.run && other.tag.stream() == sent.tag.stream();
    if let Some(before) = before.filter(same) {
        run_fits(&before, sent, truth)?;
    }
    if same(&after) {
        run_fits(sent, &after, truth)?;
    }
    Ok(())
}
