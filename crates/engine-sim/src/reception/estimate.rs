//! What a browser without transport-wide feedback estimates of its path, and says by REMB (draft-alvestrand-rmcat-remb-03): from the
//! send times that packets tell (abs-send-time), of its pictures alone.

use std::time::{Duration, Instant};

/// Packets are later than they were at best by this much, on average over a report: there is a queue.
const QUEUE: Duration = Duration::from_millis(40);
/// What is best is forgotten after so many reports.
const MEMORY: usize = 8;

#[derive(Debug, Default)]
pub struct Estimate {
    bitrate: Option<f64>,
    /// Since the last report: bytes of pictures, packets, and the sum of their delays.
    bytes: u64,
    packets: u32,
    delays: Duration,
    since: Option<Instant>,
    /// Average delays of the newest reports.
    averages: Vec<Duration>,
}

impl Estimate {
    pub fn note(&mut self, now: Instant, sent: Instant, size: usize) {
        self.since.get_or_insert(now);
        self.bytes += size as u64;
        self.packets += 1;
        self.delays += now.saturating_duration_since(sent);
    }

    /// bit/s, as is said next. None before there were pictures.
    pub fn report(&mut self, now: Instant) -> Option<u64> {
        let elapsed = now.saturating_duration_since(self.since?).as_secs_f64();
        if self.packets > 0 && elapsed > 0.0 {
            let received = self.bytes as f64 * 8.0 / elapsed;
            let average = self.delays / self.packets;
            let best = self.averages.iter().min().copied().unwrap_or(average);
            self.averages.push(average);
            if self.averages.len() > MEMORY {
                self.averages.remove(0);
            }
            let before = self.bitrate.unwrap_or(received);
            // As browsers do: less than arrives while there is a queue, and otherwise growing, but not far above what arrives.
            let most = received * 1.5 + 10_000.0;
            self.bitrate = Some(match average > best + QUEUE {
                true => before.min(received * 0.85),
                false => before.max(most.min(before * 1.08 + 1_000.0)),
            });
            (self.bytes, self.packets, self.delays) = (0, 0, Duration::ZERO);
            self.since = Some(now);
        }
        self.bitrate.map(|bitrate| bitrate as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten seconds of packets of 1,000 bytes 10 ms apart; says what is said each second.
    fn said(late: impl Fn(u64) -> u64) -> Vec<u64> {
        let start = Instant::now();
        let mut estimate = Estimate::default();
        let mut said = Vec::new();
        for at in 0..1_000 {
            let sent = start + Duration::from_millis(at * 10);
            let now = sent + Duration::from_millis(20 + late(at));
            estimate.note(now, sent, 1_000);
            if at % 100 == 99 {
                said.extend(estimate.report(now));
            }
        }
        said
    }

    #[test]
    fn it_grows_to_half_as_much_again_and_falls_with_a_queue() {
        let quiet = said(|_| 0);
        assert!(
            quiet.is_sorted() && quiet[9] > 1_100_000 && quiet[9] <= 1_300_000,
            "{quiet:?}"
        );
        let queued = said(|at| at.saturating_sub(500));
        assert!(queued[9] < 720_000, "{queued:?}");
    }
}
