//! A probe of a path: what was sent for a moment at a higher rate than usual, and at what rate it arrived.

/// Fewer packets or less of their bytes say nothing.
const PACKETS: u32 = 5;
const ARRIVED_PERCENT: u64 = 80;
/// What arrives at less than this share of the rate it was sent with has queued: the path carries what arrives, and a little less so
/// that the queue empties.
const SATURATED_PERCENT: u64 = 90;
const CARRIED_PERCENT: u64 = 95;

/// What was sent between two moments, media included. Times are in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Cluster {
    from: i64,
    until: i64,
    sent: Span,
    arrived: Span,
    packets: u32,
    complete: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Span {
    first: Option<i64>,
    last: i64,
    bytes: u64,
    /// Bytes at the first and at the last moment.
    first_bytes: u64,
    last_bytes: u64,
}

impl Cluster {
    /// It begins at `from` and goes on.
    pub fn new(from: i64) -> Cluster {
        Cluster {
            from,
            until: i64::MAX,
            sent: Span::default(),
            arrived: Span::default(),
            packets: 0,
            complete: false,
        }
    }

    /// Its last packet leaves at `until`.
    pub fn close(&mut self, until: i64) {
        self.until = until;
    }

    /// What feedback tells of a packet; `arrived` is `None` for one that has not come.
    pub fn note(&mut self, sent: i64, arrived: Option<i64>, bytes: u16) {
        self.complete |= sent >= self.until;
        if sent < self.from || sent > self.until {
            return;
        }
        self.sent.note(sent, bytes);
        if let Some(arrived) = arrived {
            self.packets += 1;
            self.arrived.note(arrived, bytes);
        }
    }

    /// bit/s that the path carries as far as the probe can tell, or `Some(None)` where it failed; `None` while it goes on.
    pub fn result(&self) -> Option<Option<u64>> {
        self.complete.then(|| self.rate())
    }

    fn rate(&self) -> Option<u64> {
        let enough = self.arrived.bytes * 100 >= self.sent.bytes * ARRIVED_PERCENT;
        if self.packets < PACKETS || !enough {
            return None;
        }
        // What left last had nobody behind it; what came first, nobody in front.
        let sent = self.sent.rate(self.sent.last_bytes)?;
        let arrived = self.arrived.rate(self.arrived.first_bytes)?;
        Some(match arrived * 100 < sent * SATURATED_PERCENT {
            true => arrived * CARRIED_PERCENT / 100,
            false => arrived.min(sent),
        })
    }
}

impl Span {
    fn note(&mut self, at: i64, bytes: u16) {
        let bytes = u64::from(bytes);
        self.bytes += bytes;
        let first = *self.first.get_or_insert(at);
        if at <= first {
            if at < first {
                (self.first, self.first_bytes) = (Some(at), 0);
            }
            self.first_bytes += bytes;
        }
        match at.cmp(&self.last) {
            std::cmp::Ordering::Greater => (self.last, self.last_bytes) = (at, bytes),
            std::cmp::Ordering::Equal => self.last_bytes += bytes,
            std::cmp::Ordering::Less => {}
        }
    }

    /// bit/s without some bytes.
    fn rate(&self, without: u64) -> Option<u64> {
        let time = u64::try_from(self.last - self.first?).ok()?;
        let bytes = self.bytes.saturating_sub(without);
        (bytes * 8_000_000).checked_div(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twenty packets of 250 bytes, one every 4 ms (500 kbit/s), over a line of so many bit/s; every `lost`th is lost.
    fn probe(line: i64, lost: usize) -> Option<Option<u64>> {
        let mut cluster = Cluster::new(1_000);
        cluster.close(77_000);
        let (mut free, mut before) = (0, None);
        for number in 0..20 {
            let sent = 1_000 + 4_000 * number;
            assert!(before.is_none(), "not yet");
            free = sent.max(free) + 250 * 8 * 1_000_000 / line;
            let came = !(number as usize + 1).is_multiple_of(lost);
            cluster.note(sent, came.then_some(9_000_000 + free), 250);
            before = cluster.result();
        }
        before
    }

    #[test]
    fn what_the_path_carries_is_found() {
        assert_eq!(probe(10_000_000, 100), Some(Some(500_000)));
        // Its packets come as far apart as the line makes them.
        assert_eq!(probe(200_000, 100), Some(Some(190_000)));
    }

    #[test]
    fn losses_make_it_worthless() {
        assert_eq!(probe(10_000_000, 3), Some(None));
        assert!(probe(10_000_000, 9).flatten().is_some());
    }

    #[test]
    fn what_is_not_of_it_does_not_count() {
        let mut cluster = Cluster::new(1_000);
        cluster.close(5_000);
        cluster.note(0, Some(10), 1_000);
        for at in 1..5 {
            cluster.note(1_000 * at, Some(1_000 * at), 100);
        }
        assert_eq!(cluster.result(), None);
        cluster.note(6_000, Some(90_000), 1_000);
        assert_eq!(cluster.result(), Some(None), "four packets are too few");
    }

    #[test]
    fn all_at_one_moment_has_no_rate() {
        let mut cluster = Cluster::new(5);
        cluster.close(5);
        for _ in 0..9 {
            cluster.note(5, Some(7), 100);
        }
        assert_eq!(cluster.result(), Some(None));
    }
}
