//! The receiver's own estimate (draft-alvestrand-rmcat-remb-03), as browsers make it from the send times of packets.

use super::Estimator;

/// bit/s that no line has: what is told beyond is taken for it, so that one can reckon with it.
const MOST: u64 = 1_000_000_000_000;

/// Receivers lower their estimate on an overload only, to a share of what arrives; smaller changes are rounding.
const FALL_PERCENT: u64 = 97;
/// Before the first estimate nothing is known to have fallen; then it has to be this far below what is sent.
const FIRST_PERCENT: u64 = 80;

/// What a client says by REMB.
#[derive(Debug, Default)]
pub struct Remb {
    bitrate: Option<u64>,
    /// The last estimate that was looked at.
    seen: Option<u64>,
}

impl Remb {
    /// Takes in a message.
    pub fn hear(&mut self, bitrate: u64) {
        self.bitrate = Some(bitrate.min(MOST));
    }
}

impl Estimator for Remb {
    const MEASURES: bool = false;

    fn bitrate(&self) -> Option<u64> {
        self.bitrate
    }

    fn take_overload(&mut self, sent: u64) -> bool {
        let Some(bitrate) = self.bitrate else {
            return false;
        };
        let percent = |of: u64, percent: u64| of.saturating_mul(percent) / 100;
        match self.seen.replace(bitrate) {
            Some(seen) => bitrate < percent(seen, FALL_PERCENT),
            None => bitrate < percent(sent, FIRST_PERCENT),
        }
    }
}
