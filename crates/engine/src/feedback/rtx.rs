//! How many retransmissions a subscriber is sent.

use crate::media::bandwidth::PACKET_BITS;
use std::time::Instant;

/// Retransmissions to one subscriber, so many a second; and how many seconds' worth at once.
const MOST: f64 = 400.0;
const BURST: f64 = 0.75;
/// Where the path does not carry even what is sent once. More would lose the voices with it; fewer, every picture to a loss that
/// has another cause.
const STRAINED: f64 = 30.0;
/// After an overload, one for so many packets that are sent once, but at least so many a second. Who waits for packets in a long queue
/// asks for them again and again: more would keep the queue full; fewer, lose every picture to losses that go on.
const OVERLOADED_SHARE: f64 = 0.25;
const OVERLOADED_LEAST: f64 = 10.0;

/// What a path has room for beside what is sent once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Room {
    /// Nothing speaks against it.
    Free,
    /// An overload was seen just now. So many bit/s are sent once.
    Overloaded(u64),
    /// It does not carry even what is sent once.
    Strained,
}

impl Room {
    /// Retransmissions a second.
    fn rate(self) -> f64 {
        match self {
            Room::Free => MOST,
            Room::Overloaded(sent) => {
                let packets = sent as f64 / PACKET_BITS as f64;
                (packets * OVERLOADED_SHARE).clamp(OVERLOADED_LEAST, MOST)
            }
            Room::Strained => STRAINED,
        }
    }
}

/// Allows a subscriber no more retransmissions than a real loss needs.
#[derive(Debug)]
pub struct RtxBudget {
    left: f64,
    at: Option<Instant>,
}

impl Default for RtxBudget {
    fn default() -> Self {
        RtxBudget {
            left: MOST * BURST,
            at: None,
        }
    }
}

impl RtxBudget {
    /// Whether there may be one more.
    pub fn take(&mut self, now: Instant, room: Room) -> bool {
        let (rate, at) = (room.rate(), self.at.replace(now));
        let elapsed = at.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        self.left = (self.left + elapsed * rate).min(rate * BURST);
        let some = self.left >= 1.0;
        if some {
            self.left -= 1.0;
        }
        some
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Of a thousand a second that are asked for, those there may be in ten seconds after a first one.
    fn allowed(budget: &mut RtxBudget, now: &mut Instant, room: Room) -> usize {
        let times = (0..10_000).filter(|_| {
            *now += Duration::from_millis(1);
            budget.take(*now, room)
        });
        times.count()
    }

    #[test]
    fn a_path_has_them_as_it_has_room() {
        let (mut budget, mut now) = (RtxBudget::default(), Instant::now());
        let mut allowed = |room| allowed(&mut budget, &mut now, room);
        assert!((4_290..=4_300).contains(&allowed(Room::Free)));
        // What was left of better times counts no more.
        assert!((100..=108).contains(&allowed(Room::Overloaded(250_000))));
        assert!((1_250..=1_350).contains(&allowed(Room::Overloaded(4_000_000))));
        assert!((300..=330).contains(&allowed(Room::Strained)));
        assert_eq!(Room::Overloaded(u64::MAX).rate(), MOST);
    }
}
