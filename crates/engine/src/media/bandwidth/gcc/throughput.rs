//! How many bits a second arrive.

use std::collections::VecDeque;

/// Counted over this long, microseconds. Shorter follows sooner; longer is less moved by single frames.
const WINDOW: i64 = 300_000;
/// Counted together.
const BUCKET: i64 = 10_000;
/// Less than this says nothing yet.
const LEAST: i64 = 150_000;

/// Bytes by the time of their arrival, newest window only.
#[derive(Debug, Default)]
pub struct Throughput {
    /// Number of the bucket, and its bytes.
    buckets: VecDeque<(i64, u64)>,
    bytes: u64,
    first: Option<i64>,
}

impl Throughput {
    /// A packet has arrived, at a time of the receiver's clock in microseconds.
    pub fn note(&mut self, arrived: i64, bytes: u16) {
        let number = arrived.div_euclid(BUCKET);
        let newest = self.buckets.back().map(|(number, _)| *number);
        let far = WINDOW / BUCKET;
        if newest.is_some_and(|newest| (number - newest).abs() > 10 * far) {
            *self = Throughput::default();
        }
        self.first.get_or_insert(arrived);
        match self.buckets.back_mut() {
            // What comes late counts as if it came now.
            Some((newest, count)) if number <= *newest => *count += u64::from(bytes),
            _ => self.buckets.push_back((number, bytes.into())),
        }
        self.bytes += u64::from(bytes);
        while let Some((oldest, count)) = self.buckets.front()
            && *oldest + far < number
        {
            self.bytes -= count;
            self.buckets.pop_front();
        }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// bit/s of the last window; `None` before enough was seen.
    pub fn rate(&self) -> Option<u64> {
        let newest = (self.buckets.back()?.0 + 1) * BUCKET;
        let seen = newest - self.first?;
        let window = seen.min(WINDOW + BUCKET);
        (seen >= LEAST).then(|| self.bytes * 8_000_000 / window.unsigned_abs().max(1))
    }
}
