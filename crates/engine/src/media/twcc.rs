//! Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): which packets of a transport arrived, and when, so
//! that the sender can tell what its path carries. Written here for publishers, read in `report.rs` from subscribers.

mod report;

pub use report::{PacketStatus, Report, Statuses};

use super::rtp;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

const TRANSPORT_FEEDBACK: u8 = 205;
const FORMAT: u8 = 15;
/// Deltas are told in steps of 250 us, the reference time in steps of 64 ms.
const TICK: Duration = Duration::from_micros(250);
const TICKS_PER_REFERENCE: i64 = 256;
/// Packets between two reports at most: 100 ms of 400 Mbit/s. More than that is a jump, and counting starts anew.
const MAX_PENDING: usize = 4_096;
/// Packets told of in one message, so that it fits a datagram: two bytes each and the chunks.
const MAX_STATUSES: usize = 400;
/// How far behind what was told a late packet is still told of.
const MAX_LATE: u64 = 512;
const MAX_LATE_PENDING: usize = 64;

/// What arrived and was not told yet.
#[derive(Debug)]
pub struct Arrivals {
    epoch: Instant,
    highest: Option<u64>,
    /// Number of the first pending status.
    base: u64,
    /// Ticks since the epoch; `None` has not come.
    pending: VecDeque<Option<i64>>,
    /// Those that came after the ones behind them were told, each with its own message: nothing is told twice.
    late: VecDeque<(u64, i64)>,
    count: u8,
}

impl Arrivals {
    /// Nothing has arrived yet. `epoch` is any moment before the first packet.
    pub fn new(epoch: Instant) -> Arrivals {
        Arrivals {
            epoch,
            highest: None,
            base: 0,
            pending: VecDeque::new(),
            late: VecDeque::new(),
            count: 0,
        }
    }

    /// A packet with its transport-wide number.
    pub fn note(&mut self, number: u16, now: Instant) {
        let Some(highest) = self.highest else {
            // Room below, so that numbers may go backwards.
            let first = 1 << 32 | u64::from(number);
            (self.highest, self.base) = (Some(first), first);
            self.pending.push_back(Some(self.ticks(now)));
            return;
        };
        let number = rtp::extend(Some(highest), number);
        let ticks = self.ticks(now);
        if number < self.base {
            if self.base - number <= MAX_LATE && self.late.len() < MAX_LATE_PENDING {
                self.late.push_back((number, ticks));
            }
            return;
        }
        self.highest = Some(number.max(highest));
        if number - self.base >= MAX_PENDING as u64 {
            self.pending.clear();
            self.base = number;
        }
        let at = (number - self.base) as usize;
        if self.pending.len() <= at {
            self.pending.resize(at + 1, None);
        }
        if let Some(place) = self.pending.get_mut(at) {
            place.get_or_insert(ticks);
        }
    }

    /// Whether a report would tell something.
    pub fn has_news(&self) -> bool {
        !self.pending.is_empty() || !self.late.is_empty()
    }

    /// Appends one message about the oldest packets that were not told of; call it until [`Arrivals::has_news`] says no. Appends
    /// nothing when there is nothing to tell.
    pub fn write(&mut self, out: &mut Vec<u8>, sender: u32, media: u32) {
        if let Some((number, ticks)) = self.late.pop_front() {
            self.write_message(out, (sender, media), number, ticks, &[Some(ticks)]);
            return;
        }
        // A gap may be longer than a message, which then tells of losses alone.
        let Some(first) = self.pending.iter().flatten().next().copied() else {
            return;
        };
        let statuses: Vec<Option<i64>> = self.pending.iter().take(MAX_STATUSES).copied().collect();
        let told = self.write_message(out, (sender, media), self.base, first, &statuses);
        self.pending.drain(..told.min(self.pending.len()));
        self.base += told as u64;
    }

    /// `first` is when the first one came. Returns how many of the statuses went into the message.
    fn write_message(
        &mut self,
        out: &mut Vec<u8>,
        (sender, media): (u32, u32),
        base: u64,
        first: i64,
        arrivals: &[Option<i64>],
    ) -> usize {
        let reference = first.div_euclid(TICKS_PER_REFERENCE);
        let mut at = reference * TICKS_PER_REFERENCE;
        let (mut statuses, mut deltas) = (Vec::new(), Vec::new());
        for &arrived in arrivals {
            let Some(ticks) = arrived else {
                statuses.push(Status::Missing);
                continue;
            };
            let delta = ticks - at;
            if let Ok(delta) = u8::try_from(delta) {
                statuses.push(Status::Small);
                deltas.push(delta);
            } else if let Ok(delta) = i16::try_from(delta) {
                statuses.push(Status::Large);
                deltas.extend_from_slice(&delta.to_be_bytes());
            } else {
                // Eight seconds apart: the next message has a reference time of its own.
                break;
            }
            at = ticks;
        }
        let start = out.len();
        let [_, reference @ ..] = (reference as u32).to_be_bytes();
        out.extend_from_slice(&[0x80 | FORMAT, TRANSPORT_FEEDBACK, 0, 0]);
        out.extend_from_slice(&sender.to_be_bytes());
        out.extend_from_slice(&media.to_be_bytes());
        out.extend_from_slice(&(base as u16).to_be_bytes());
        out.extend_from_slice(&(statuses.len() as u16).to_be_bytes());
        out.extend_from_slice(&reference);
        out.push(self.count);
        write_chunks(out, &statuses);
        out.extend_from_slice(&deltas);
        close(out, start);
        self.count = self.count.wrapping_add(1);
        statuses.len()
    }

    fn ticks(&self, now: Instant) -> i64 {
        let elapsed = now.saturating_duration_since(self.epoch);
        (elapsed.as_micros() / TICK.as_micros()) as i64
    }
}

/// Pads the message that begins at `start` to whole words and writes its length.
fn close(out: &mut Vec<u8>, start: usize) {
    let length = out.len() - start;
    let padding = length.next_multiple_of(4) - length;
    if padding > 0 {
        out.resize(out.len() + padding - 1, 0);
        out.push(padding as u8);
        if let Some(first) = out.get_mut(start) {
            *first |= 0x20;
        }
    }
    let words = ((out.len() - start) / 4 - 1) as u16;
    for (to, from) in out.iter_mut().skip(start + 2).zip(words.to_be_bytes()) {
        *to = from;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Missing = 0,
    Small = 1,
    Large = 2,
}

/// Run lengths where the same status goes on, vectors of seven or fourteen statuses elsewhere (section 3.1).
fn write_chunks(out: &mut Vec<u8>, mut statuses: &[Status]) {
    while let Some(&first) = statuses.first() {
        let run = statuses.iter().take_while(|s| **s == first).count();
        let short = |status: &&Status| **status != Status::Large;
        let bits = statuses.iter().take(14).take_while(short).count();
        let (word, taken) = if run >= 14 || run == statuses.len() {
            let run = run.min(0x1FFF);
            ((first as u16) << 13 | run as u16, run)
        } else if bits == 14.min(statuses.len()) {
            let vector = statuses.iter().zip((0..14).rev());
            let word = vector.fold(0x8000, |word, (s, bit)| word | (*s as u16) << bit);
            (word, bits)
        } else {
            let taken = 7.min(statuses.len());
            let vector = statuses.iter().zip((0..7).rev());
            let word = vector.fold(0xC000, |word, (s, at)| word | (*s as u16) << (2 * at));
            (word, taken)
        };
        out.extend_from_slice(&word.to_be_bytes());
        statuses = statuses.get(taken..).unwrap_or_default();
    }
}

#[cfg(test)]
#[path = "twcc_tests.rs"]
mod tests;
