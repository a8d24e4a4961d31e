//! What a client tells of each packet: when it came, under its transport-wide number
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01), twenty times a second as libwebrtc does.
//!
//! Who lets the kernel throw most packets away sees one in eight of each stream and each that ends a frame, with the kernel's stamp. What lies
//! between two of these left in one train or right behind it, and counts as come with the latter.

use engine::media::rtp::Header;
use engine::media::twcc::Arrivals;
use std::time::{Duration, Instant};

/// libwebrtc's shortest; it takes longer ones where less than 217 kbit/s come.
pub const INTERVAL: Duration = Duration::from_millis(50);
const NAME: &str = "draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// More than this at once is no gap of what the kernel threw away.
const WIDEST_GAP: u16 = 512;

pub struct ArrivalLog {
    arrivals: Arrivals,
    extension: u8,
    /// Sees every packet.
    sees_all: bool,
    last: Option<u16>,
    /// One moment by both clocks, nanoseconds of the kernel's stamps.
    epoch: (Instant, u64),
}

impl ArrivalLog {
    /// None where the description, an answer, has no such numbers. `wall`: the time by the clock of the stamps.
    pub fn new(answer: &str, sees_all: bool, now: Instant, wall: u64) -> Option<ArrivalLog> {
        let mut lines = answer.lines();
        let line = lines.find(|line| line.starts_with("a=extmap:") && line.contains(NAME))?;
        let id = line.strip_prefix("a=extmap:")?.split([' ', '/']).next()?;
        Some(ArrivalLog {
            arrivals: Arrivals::new(now),
            extension: id.parse().ok()?,
            sees_all,
            last: None,
            epoch: (now, wall),
        })
    }

    /// An RTP packet, of which there may be no more than the header.
    pub fn note(&mut self, packet: &[u8], stamp: u64) {
        let number = Header::parse(packet)
            .and_then(|header| header.extension(self.extension)?.first_chunk().copied());
        let Some(number) = number.map(u16::from_be_bytes) else {
            return;
        };
        let at = self.epoch.0 + Duration::from_nanos(stamp.saturating_sub(self.epoch.1));
        let gap = number.wrapping_sub(self.last.unwrap_or(number));
        if gap >= 0x8000 {
            return self.arrivals.note(number, at);
        }
        self.last = Some(number);
        let unseen = if self.sees_all || gap > WIDEST_GAP {
            1
        } else {
            gap.max(1)
        };
        for before in (0..unseen).rev() {
            self.arrivals.note(number.wrapping_sub(before), at);
        }
    }

    /// Messages about all that came since the last call.
    pub fn write(&mut self, mut message: impl FnMut(&[u8]), sender: u32) {
        while self.arrivals.has_news() {
            let mut plain = vec![];
            self.arrivals.write(&mut plain, sender, 0);
            message(&plain);
        }
    }
}
