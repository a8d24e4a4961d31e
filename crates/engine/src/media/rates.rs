//! How many bits a second each layer of a source brings.

use super::allocate::{Bitrates, SPATIAL, TEMPORAL};
use std::time::{Duration, Instant};

/// Counted this long at a time. Shorter knows a new layer sooner; longer is less moved by key frames.
const WINDOW: Duration = Duration::from_millis(500);
/// A layer that was not heard for this long brings nothing.
const SILENCE: Duration = Duration::from_secs(1);
/// Rates rise at once by half of what is new and fall by an eighth: a still picture may move again at any time.
const RISE: u32 = 2;
const FALL: u32 = 8;

/// Counts by spatial and temporal layer.
#[derive(Debug, Default)]
pub struct RateMeter {
    rows: [Row; SPATIAL],
}

#[derive(Debug, Clone, Copy, Default)]
struct Row {
    begun: Option<Instant>,
    heard: Option<Instant>,
    bytes: [u32; TEMPORAL],
    /// bit/s of each temporal layer by itself; `None` until a window is full.
    rates: Option<[u32; TEMPORAL]>,
}

impl RateMeter {
    /// Notes a packet. Layers above those that are told apart count as the highest.
    pub fn note(&mut self, now: Instant, spatial: u8, temporal: u8, bytes: usize) {
        let Some(row) = self.rows.get_mut(usize::from(spatial).min(SPATIAL - 1)) else {
            return;
        };
        row.roll(now);
        row.heard = Some(now);
        if let Some(count) = row.bytes.get_mut(usize::from(temporal).min(TEMPORAL - 1)) {
            *count = count.saturating_add(bytes as u32);
        }
    }

    /// The rates, each with those of the temporal layers below it; 0 for what is not known and for what does not arrive.
    pub fn rates(&self, now: Instant) -> Bitrates {
        self.rows.map(|row| row.read(now))
    }
}

impl Row {
    fn roll(&mut self, now: Instant) {
        if self.heard.is_none_or(|heard| now >= heard + SILENCE) {
            *self = Row {
                begun: Some(now),
                ..Row::default()
            };
            return;
        }
        let elapsed = self
            .begun
            .map_or(Duration::ZERO, |begun| now.saturating_duration_since(begun));
        if elapsed < WINDOW {
            return;
        }
        let millis = (elapsed.as_millis() as u64).max(1);
        let measured = self
            .bytes
            .map(|bytes| (u64::from(bytes) * 8_000 / millis) as u32);
        let mut rates = self.rates.unwrap_or(measured);
        for (rate, new) in rates.iter_mut().zip(measured) {
            *rate = match new >= *rate {
                true => *rate + (new - *rate) / RISE,
                false => *rate - (*rate - new) / FALL,
            };
        }
        self.rates = Some(rates);
        self.bytes = [0; TEMPORAL];
        self.begun = Some(now);
    }

    fn read(&self, now: Instant) -> [u32; TEMPORAL] {
        let arrives = self.heard.is_some_and(|heard| now < heard + SILENCE);
        let Some(mut rates) = self.rates.filter(|_| arrives) else {
            return [0; TEMPORAL];
        };
        let mut sum = 0u32;
        for rate in &mut rates {
            sum = sum.saturating_add(*rate);
            // A temporal layer that brings nothing is none.
            *rate = if *rate == 0 { 0 } else { sum };
        }
        rates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Packets of 125 bytes, one each 10 ms, every fourth of them of the lowest temporal layer.
    fn feed(meter: &mut RateMeter, from: Instant, spatial: u8, packets: u32) -> Instant {
        for packet in 0..packets {
            let temporal = if packet % 4 == 0 { 0 } else { 2 };
            meter.note(from + packet * 10 * MS, spatial, temporal, 125);
        }
        from + packets * 10 * MS
    }

    #[test]
    fn layers_are_measured_with_what_they_stand_on() {
        let mut meter = RateMeter::default();
        let start = Instant::now();
        let now = feed(&mut meter, start, 1, 40);
        assert_eq!(meter.rates(now), [[0; 4]; 4]);
        let now = feed(&mut meter, start + 400 * MS, 1, 100);
        let [none, [low, middle, high, top], ..] = meter.rates(now);
        assert_eq!((none, middle, top), ([0; 4], 0, 0));
        assert!((24_000..27_000).contains(&low), "{low}");
        assert!((99_000..101_000).contains(&high), "{high}");
    }

    #[test]
    fn a_silent_layer_brings_nothing_and_starts_anew() {
        let mut meter = RateMeter::default();
        let now = feed(&mut meter, Instant::now(), 0, 200);
        assert_ne!(meter.rates(now + 900 * MS)[0], [0; 4]);
        assert_eq!(meter.rates(now + 1_000 * MS)[0], [0; 4]);
        let now = feed(&mut meter, now + 5_000 * MS, 0, 40);
        assert_eq!(meter.rates(now)[0], [0; 4]);
        let now = feed(&mut meter, now, 0, 40);
        assert!(meter.rates(now)[0][2] > 95_000);
    }
}
