//! What is known of one stream as it arrives from a publisher: loss and jitter for receiver reports (RFC 3550 sections 6.4.1, A.3 and A.8), and
//! what is missing.
//!
//! Every packet that is put in was authentic and not seen before.

use super::nack::NackGenerator;
use super::ntp::{Ntp, ticks};
use super::rtcp::ReceptionBlock;
use super::rtp;
use std::time::{Duration, Instant};

/// The receiving side of one SSRC.
#[derive(Debug)]
pub struct Receiver {
    /// Ticks a second.
    rate: u32,
    epoch: Instant,
    /// Extended sequence numbers.
    first: Option<u64>,
    highest: u64,
    received: u64,
    /// At the last report, and when statistics were last told.
    reported: Counts,
    told: Counts,
    /// How much our clock is ahead of the timestamp of the newest packet, in ticks modulo 2^32.
    transit: Option<u32>,
    /// Sixteen times the jitter, in ticks.
    jitter: u32,
    /// Middle of the NTP time in the newest sender report, and when that came.
    report: Option<(u32, Instant)>,
    /// Something came since the last report.
    news: bool,
    /// What to ask for again; `None` when that was not negotiated.
    pub nack: Option<NackGenerator>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    expected: u64,
    received: u64,
}

impl Receiver {
    /// A stream of a clock of `rate` ticks a second.
    pub fn new(rate: u32, nacks: bool, now: Instant) -> Receiver {
        Receiver {
            rate,
            epoch: now,
            first: None,
            highest: 0,
            received: 0,
            reported: Counts::default(),
            told: Counts::default(),
            transit: None,
            jitter: 0,
            report: None,
            news: false,
            nack: nacks.then(NackGenerator::default),
        }
    }

    /// A packet with its extended sequence number and its timestamp.
    pub fn arrived(&mut self, seq: u64, timestamp: u32, now: Instant) {
        let first = self.first.get_or_insert(seq);
        *first = seq.min(*first);
        let in_order = self.received == 0 || seq > self.highest;
        self.highest = seq.max(self.highest);
        self.received += 1;
        self.news = true;
        // What was overtaken is left out, as browsers do (section A.8 takes every packet): how late it is says more of the order than of the
        // network's jitter.
        if in_order {
            let arrival = ticks(now.saturating_duration_since(self.epoch), self.rate);
            let transit = arrival.wrapping_sub(timestamp);
            if let Some(before) = self.transit.replace(transit) {
                let change = (transit.wrapping_sub(before) as i32).unsigned_abs();
                // A step of minutes is a new clock, no jitter.
                if change < 60 * self.rate {
                    self.jitter = self.jitter + change - ((self.jitter + 8) >> 4);
                }
            }
        }
        if let Some(nack) = &mut self.nack {
            nack.arrived(seq, now);
        }
    }

    /// A packet of this stream that came by its retransmission stream (RFC 4588). It stays lost in the reports: they are about the path.
    /// Returns its extended sequence number.
    pub fn repaired(&mut self, original: u16, now: Instant) -> Option<u64> {
        self.first?;
        let seq = rtp::extend(Some(self.highest), original);
        if seq > self.highest {
            // Nothing of ours was lost there: only a sender that makes numbers up repeats what it never sent.
            return None;
        }
        if let Some(nack) = &mut self.nack {
            nack.arrived(seq, now);
        }
        Some(seq)
    }

    /// A sender report about this stream came in.
    pub fn reported(&mut self, ntp: Ntp, now: Instant) {
        self.report = Some((ntp.middle(), now));
    }

    /// Whether a report would tell something new.
    pub fn has_news(&self) -> bool {
        self.news
    }

    /// The block for the next receiver report; `None` when nothing came since the last one.
    pub fn report(&mut self, ssrc: u32, now: Instant) -> Option<ReceptionBlock> {
        if !std::mem::take(&mut self.news) {
            return None;
        }
        let counts = self.counts();
        let (expected, lost) = counts.since(self.reported);
        self.reported = counts;
        let fraction = (lost << 8).checked_div(expected).unwrap_or_default();
        let total = counts.expected as i64 - counts.received as i64;
        let (last_report, delay) = self.report.map_or((0, 0), |(middle, at)| {
            let delay = ticks(now.saturating_duration_since(at), 1 << 16);
            (middle, delay)
        });
        Some(ReceptionBlock {
            ssrc,
            fraction_lost: fraction.min(255) as u8,
            lost: total.clamp(-0x80_0000, 0x7F_FFFF) as i32,
            highest: self.highest as u32,
            jitter: self.jitter >> 4,
            last_report,
            delay,
        })
    }

    /// Packets expected and lost since the last call, for the statistics.
    pub fn take_loss(&mut self) -> (u64, u64) {
        let counts = self.counts();
        let (expected, lost) = counts.since(self.told);
        self.told = counts;
        (expected, lost)
    }

    fn counts(&self) -> Counts {
        let expected = self.first.map_or(0, |first| self.highest - first + 1);
        Counts {
            expected,
            received: self.received,
        }
    }
}

impl Counts {
    /// Expected and lost since `before`; what came twice or late makes up for losses (RFC 3550 section A.3).
    fn since(self, before: Counts) -> (u64, u64) {
        let expected = self.expected.saturating_sub(before.expected);
        let received = self.received.saturating_sub(before.received);
        (expected, expected.saturating_sub(received))
    }
}

/// Round trip out of what the other side echoes: the middle of our clock now, of the report it answers, and how long it kept that, in 1/65536 s
/// (RFC 3550 section 6.4.1, RFC 3611 section 4.5). `None` for values that cannot be.
pub fn round_trip(now_middle: u32, last_report: u32, delay: u32) -> Option<Duration> {
    if last_report == 0 {
        return None;
    }
    let elapsed = now_middle.wrapping_sub(last_report).wrapping_sub(delay);
    // Negative, or more than a minute: clock steps and lies.
    (elapsed < 60 << 16).then(|| Duration::from_micros((u64::from(elapsed) * 1_000_000) >> 16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::testing::Random;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn reports_follow_the_book() {
        let start = Instant::now();
        let mut receiver = Receiver::new(90_000, true, start);
        assert_eq!(receiver.report(7, start), None);
        // 65530..=65539 without 65533 and 65534.
        for seq in (65_530..65_540).filter(|seq| !(65_533..65_535).contains(seq)) {
            receiver.arrived(seq, 0, start);
        }
        let block = receiver.report(7, start).unwrap();
        assert_eq!(
            (block.ssrc, block.fraction_lost, block.lost, block.highest),
            (7, 51, 2, 65_539)
        );
        assert_eq!((block.jitter, block.last_report, block.delay), (0, 0, 0));
        assert_eq!(receiver.report(7, start), None);
        // One of them, late, and nothing lost since: the fraction is that of the interval.
        receiver.arrived(65_534, 0, start);
        receiver.arrived(65_540, 0, start);
        receiver.reported(Ntp(0x0001_0002_0003_0004), start);
        let block = receiver.report(7, start + 500 * MS).unwrap();
        assert_eq!((block.fraction_lost, block.lost), (0, 1));
        assert_eq!((block.last_report, block.delay), (0x0002_0003, 0x8000));
        assert_eq!(receiver.take_loss(), (11, 1));
        assert_eq!(receiver.take_loss(), (0, 0));
    }

    #[test]
    fn jitter_is_that_of_the_reference_code() {
        let start = Instant::now();
        let mut receiver = Receiver::new(48_000, false, start);
        let (mut model, mut before) = (0u32, None);
        let mut random = Random::new(5);
        for packet in 0..2_000u32 {
            let arrival = Duration::from_millis(20 * u64::from(packet) + random.below(40));
            let timestamp = (packet * 960).wrapping_sub(50_000);
            receiver.arrived(u64::from(packet), timestamp, start + arrival);
            let transit = (arrival.as_millis() as u32 * 48).wrapping_sub(timestamp);
            if let Some(before) = before.replace(transit) {
                let d = (transit.wrapping_sub(before) as i32).unsigned_abs();
                model = model + d - ((model + 8) >> 4);
            }
        }
        let block = receiver.report(1, start).unwrap();
        assert_eq!(block.jitter, model >> 4);
        assert!((400..1_000).contains(&block.jitter), "{}", block.jitter);
    }

    #[test]
    fn a_clock_that_starts_anew_is_no_jitter() {
        let start = Instant::now();
        let mut receiver = Receiver::new(90_000, false, start);
        receiver.arrived(1, 5, start);
        receiver.arrived(2, 5 + (1 << 30), start + MS);
        receiver.arrived(3, 5 + (1 << 30) + 90, start + 2 * MS);
        assert_eq!(receiver.report(1, start).unwrap().jitter, 0);
    }

    #[test]
    fn loss_agrees_with_counting() {
        for seed in 1..30 {
            let mut random = Random::new(seed);
            let start = Instant::now();
            let mut receiver = Receiver::new(90_000, true, start);
            let (mut lost, mut sent, mut told) = (0u64, 0u64, (0, 0));
            for seq in 1_000..5_000 {
                // The ends must arrive for both to agree.
                if seq > 1_000 && seq < 4_999 && random.one_in(8) {
                    lost += 1;
                } else {
                    receiver.arrived(seq, seq as u32, start);
                }
                sent += 1;
                if random.one_in(200) {
                    let (expected, lost) = receiver.take_loss();
                    told = (told.0 + expected, told.1 + lost);
                }
            }
            let (expected, more) = receiver.take_loss();
            assert_eq!((told.0 + expected, told.1 + more), (sent, lost));
            assert_eq!(receiver.report(1, start).unwrap().lost, lost as i32);
        }
    }

    #[test]
    fn a_repair_is_put_in_its_place_and_stays_a_loss() {
        let start = Instant::now();
        let mut receiver = Receiver::new(90_000, true, start);
        assert_eq!(receiver.repaired(5, start), None);
        for seq in [65_535, 65_536, 65_539] {
            receiver.arrived(seq, 0, start);
        }
        assert_eq!(receiver.repaired(1, start), Some(65_537));
        assert_eq!(receiver.repaired(2, start), Some(65_538));
        assert_eq!(receiver.repaired(4, start), None);
        assert_eq!(receiver.nack.as_ref().unwrap().due(), None);
        assert_eq!(receiver.take_loss(), (5, 2));
    }

    #[test]
    fn round_trips() {
        let middle = 0x0005_8000;
        assert_eq!(round_trip(middle, 0, 0), None);
        assert_eq!(round_trip(middle, 0x0004_0000, 0x0001_0000), Some(500 * MS));
        assert_eq!(round_trip(middle, 0x0005_0000, 0x0001_0000), None);
    }
}
