//! How long packets were on their way.

/// Delays of one group of receivers since the last look, in nanoseconds.
#[derive(Debug, Default)]
pub struct Delays(Vec<u64>);

/// Above this only every other one is kept; percentiles stay what they are.
const KEPT: usize = 1 << 20;

impl Delays {
    pub fn note(&mut self, nanos: u64) {
        if self.0.len() >= KEPT {
            let mut keep = false;
            self.0.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.0.push(nanos);
    }

    /// Percentiles in microseconds as JSON; begins anew.
    pub fn take(&mut self) -> String {
        self.0.sort_unstable();
        let at = |share: f64| {
            let last = self.0.len().saturating_sub(1);
            let nanos = self.0.get((last as f64 * share) as usize);
            nanos.map_or(0.0, |nanos| *nanos as f64 / 1e3)
        };
        let json = format!(
            "{{\"count\":{},\"p50\":{:.1},\"p95\":{:.1},\"p99\":{:.1},\"max\":{:.1}}}",
            self.0.len(),
            at(0.5),
            at(0.95),
            at(0.99),
            at(1.0)
        );
        self.0.clear();
        json
    }
}
