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

/// A temporal layer that brought nothing in so many windows is none.
const MEMORY: u8 = 4;

/// Counts by spatial and temporal layer.
#[derive(Debug, Default)]
pub struct RateMeter {
    rows: [Row; SPATIAL],
}

#[derive(Debug, Clone, Copy, Default)]
struct Row {
    begun: Option<Instant>,
    heard: Option<Instant>,
    /// Windows for which each temporal layer is taken to be there.
    known: [u8; TEMPORAL],
    bytes: [u32; TEMPORAL],
    /// bit/s up to each temporal layer; `None` until a window is full.
    rates: Option<[u32; TEMPORAL]>,
}

impl RateMeter {
    /// Notes a packet of a layer, given as (spatial, temporal). It counts for the layer and all others that `needed_by` names.
    pub fn note(
        &mut self,
        now: Instant,
        own: (u8, u8),
        bytes: usize,
        needed_by: impl Fn(u8, u8) -> bool,
    ) {
        let own = (own.0.min(SPATIAL as u8 - 1), own.1.min(TEMPORAL as u8 - 1));
        for (spatial, row) in (0..).zip(&mut self.rows) {
            if spatial == own.0 {
                row.hear(now, own.1);
            } else if row.is_silent(now) {
                continue;
            }
            row.roll(now);
            for (temporal, count) in (0..).zip(&mut row.bytes) {
                if (spatial, temporal) == own || needed_by(spatial, temporal) {
                    *count = count.saturating_add(bytes as u32);
                }
            }
        }
    }

    /// The rates, each with those of the layers it needs; 0 for what is not known and for what does not arrive.
    pub fn rates(&self, now: Instant) -> Bitrates {
        self.rows.map(|row| row.read(now))
    }
}

impl Row {
    fn is_silent(&self, now: Instant) -> bool {
        self.heard.is_none_or(|heard| now >= heard + SILENCE)
    }

    fn hear(&mut self, now: Instant, temporal: u8) {
        if self.is_silent(now) {
            *self = Row {
                begun: Some(now),
                ..Row::default()
            };
        }
        self.heard = Some(now);
        if let Some(known) = self.known.get_mut(usize::from(temporal)) {
            *known = MEMORY;
        }
    }

    fn roll(&mut self, now: Instant) {
        let begun = self.begun.unwrap_or(now);
        let elapsed = now.saturating_duration_since(begun);
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
        self.known = self.known.map(|windows| windows.saturating_sub(1));
        self.begun = Some(now);
    }

    fn read(&self, now: Instant) -> [u32; TEMPORAL] {
        let Some(mut rates) = self.rates.filter(|_| !self.is_silent(now)) else {
            return [0; TEMPORAL];
        };
        for (rate, windows) in rates.iter_mut().zip(self.known) {
            if windows == 0 {
                *rate = 0;
            }
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
            meter.note(from + packet * 10 * MS, (spatial, temporal), 125, |s, t| {
                s >= spatial && t >= temporal
            });
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
    fn a_spatial_layer_brings_those_below_it_too() {
        let mut meter = RateMeter::default();
        let start = Instant::now();
        for packet in 0..150 {
            let spatial = packet % 2;
            let now = start + packet * 10 * MS;
            meter.note(now, (spatial as u8, 0), 125, |s, _| u32::from(s) >= spatial);
        }
        let [low, high, ..] = meter.rates(start + 1_500 * MS);
        assert!((49_000..52_000).contains(&low[0]), "{low:?}");
        assert!((98_000..102_000).contains(&high[0]), "{high:?}");
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
