use std::time::{Duration, Instant};

/// A line towards a client that carries so much and no more: datagrams queue in front of it, and are lost where they would have
/// to wait too long.
pub struct Link {
    /// bit/s
    pub rate: u64,
    pub longest_wait: Duration,
    /// When the line has sent everything.
    free: Instant,
    pub carried: u64,
    pub lost: u64,
}

impl Link {
    pub fn new(rate: u64, now: Instant) -> Self {
        Link {
            rate,
            longest_wait: Duration::from_millis(400),
            free: now,
            carried: 0,
            lost: 0,
        }
    }

    pub fn wait(&self, now: Instant) -> Duration {
        self.free.saturating_duration_since(now)
    }

    /// When a datagram has passed the line, headers included.
    pub fn pass(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        if self.wait(now) > self.longest_wait {
            self.lost += 1;
            return None;
        }
        let bits = (bytes as u64 + 28) * 8;
        self.free = self.free.max(now) + Duration::from_nanos(bits * 1_000_000_000 / self.rate);
        self.carried += bits;
        Some(self.free)
    }
}
