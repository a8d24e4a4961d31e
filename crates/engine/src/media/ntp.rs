//! Wall-clock time as RTP uses it (RFC 3550 section 4) and the map from a sender's RTP clock to it.

use std::time::{Duration, Instant};

/// Seconds from 1900 to 1970.
const UNIX_OFFSET: u64 = 2_208_988_800;

/// NTP time, 32.32 fixed point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ntp(pub u64);

impl Ntp {
    /// From the time since the Unix epoch.
    pub fn from_unix(since_epoch: Duration) -> Ntp {
        Ntp(since_epoch.as_secs().wrapping_add(UNIX_OFFSET) << 32 | fraction(since_epoch))
    }

    /// Later by `elapsed`.
    pub fn plus(self, elapsed: Duration) -> Ntp {
        Ntp(self
            .0
            .wrapping_add(elapsed.as_secs() << 32 | fraction(elapsed)))
    }

    /// The middle 32 bits: LSR and DLSR of report blocks.
    pub fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }

    /// 24-bit abs-send-time (6.18 fixed point seconds).
    pub fn abs_send_time(self) -> u32 {
        (self.0 >> 14) as u32 & 0x00FF_FFFF
    }
}

fn fraction(duration: Duration) -> u64 {
    (u64::from(duration.subsec_nanos()) << 32) / 1_000_000_000
}

/// A publisher's newest sender report: which RTP timestamp it showed at which wall-clock time.
#[derive(Debug, Clone, Copy)]
pub struct ReportClock {
    /// NTP time in the report, on the publisher's clock.
    pub ntp: Ntp,
    /// RTP timestamp in the report.
    pub rtp: u32,
    /// When the report came in.
    pub at: Instant,
    /// Ticks per second.
    pub rate: u32,
    /// Whose clock it is: reports with the same number tell the time of one wall clock.
    pub wall: u32,
}

/// A timestamp on a publisher's own clock: the same for all its layers and codecs that show a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aligned {
    /// In ticks modulo 2^32.
    pub ticks: u32,
    /// Whose clock it is. Two clocks may show any two times.
    pub wall: u32,
}

impl ReportClock {
    /// A timestamp on the publisher's own clock.
    pub fn align(&self, timestamp: u32) -> Aligned {
        let seconds = ((self.ntp.0 >> 32) as u32).wrapping_mul(self.rate);
        let fraction = ((self.ntp.0 & u64::from(u32::MAX)) * u64::from(self.rate)) >> 32;
        let report = seconds.wrapping_add(fraction as u32);
        Aligned {
            ticks: report.wrapping_add(timestamp.wrapping_sub(self.rtp)),
            wall: self.wall,
        }
    }

    /// The pair for `now`, carried forward by the elapsed time. Subscribers get the publisher's own clock, so that audio and video stay in step.
    pub fn extrapolate(&self, now: Instant) -> (Ntp, u32) {
        let elapsed = now.saturating_duration_since(self.at);
        (
            self.ntp.plus(elapsed),
            self.rtp.wrapping_add(ticks(elapsed, self.rate)),
        )
    }
}

/// `elapsed` in ticks of an RTP clock, modulo 2^32.
pub(super) fn ticks(elapsed: Duration, rate: u32) -> u32 {
    let rate = u64::from(rate);
    (elapsed.as_secs().wrapping_mul(rate))
        .wrapping_add(u64::from(elapsed.subsec_nanos()) * rate / 1_000_000_000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_point_forms() {
        let ntp = Ntp::from_unix(Duration::from_millis(1_500));
        assert_eq!(ntp.0, (UNIX_OFFSET + 1) << 32 | 1 << 31);
        assert_eq!(
            ntp.plus(Duration::from_millis(500)).0,
            (UNIX_OFFSET + 2) << 32
        );
        assert_eq!(Ntp(0x0102_0304_0506_0708).middle(), 0x0304_0506);
        // One second is 2^18 in abs-send-time.
        assert_eq!(Ntp(1 << 32).abs_send_time(), 1 << 18);
        assert_eq!(Ntp(64 << 32).abs_send_time(), 0);
    }

    #[test]
    fn a_report_is_carried_forward() {
        let at = Instant::now();
        let clock = ReportClock {
            ntp: Ntp(5 << 32),
            rtp: u32::MAX,
            at,
            rate: 90_000,
            wall: 3,
        };
        assert_eq!(
            clock.extrapolate(at + Duration::from_millis(2_500)),
            (Ntp(7 << 32 | 1 << 31), 224_999)
        );
        let other = ReportClock {
            ntp: Ntp(7 << 32 | 1 << 31),
            rtp: 7,
            ..clock
        };
        assert_eq!(other.align(7), clock.align(224_999));
        let aligned = Aligned {
            ticks: 7 * 90_000 + 45_000,
            wall: 3,
        };
        assert_eq!(clock.align(224_999), aligned);
    }
}
