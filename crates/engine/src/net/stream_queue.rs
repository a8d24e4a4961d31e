//! What is to leave on one TCP stream: kept for a short time, video given up first.

use crate::media::framing::write_frame;
use crate::outbox::Class;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Bytes that may wait: a large key frame, and what comes while it leaves.
const LIMIT: usize = 512 << 10;

/// Frames in the order in which they leave.
#[derive(Default)]
pub(super) struct StreamQueue {
    waiting: VecDeque<Waiting>,
    bytes: usize,
}

struct Waiting {
    /// When it is worth nothing any more.
    until: Instant,
    frame: Vec<u8>,
}

/// Longer than datagrams wait: TCP sends again what was lost before it takes more, which takes some round trips, and what is left
/// out here has to be asked for behind all that.
fn patience(class: Class) -> Duration {
    Duration::from_millis(match class {
        Class::Video => 300,
        Class::Voice => 500,
        Class::Control => 3_000,
    })
}

/// Bytes that may wait when one of this class comes: the last part is kept for what matters more.
fn share(class: Class) -> usize {
    match class {
        Class::Video => LIMIT / 4 * 3,
        Class::Voice => LIMIT / 8 * 7,
        Class::Control => LIMIT,
    }
}

impl StreamQueue {
    /// False when there is no room for it.
    pub fn push(&mut self, now: Instant, class: Class, packet: &[u8]) -> bool {
        let mut frame = Vec::with_capacity(packet.len() + 2);
        if self.bytes + packet.len() > share(class) || !write_frame(&mut frame, packet) {
            return false;
        }
        self.bytes += frame.len();
        let until = now + patience(class);
        self.waiting.push_back(Waiting { until, frame });
        true
    }

    /// Frames of `room` bytes at least, if there are so many that are still worth it, and how many were not.
    pub fn take(&mut self, now: Instant, room: usize) -> (Vec<u8>, u64) {
        let (mut taken, mut late) = (Vec::new(), 0);
        while taken.len() < room {
            let Some(Waiting { until, frame }) = self.waiting.pop_front() else {
                break;
            };
            self.bytes -= frame.len();
            if until < now {
                late += 1;
            } else {
                taken.extend(frame);
            }
        }
        (taken, late)
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn video_gives_way_to_voice_and_voice_to_control() {
        let (now, mut queue) = (Instant::now(), StreamQueue::default());
        for class in [Class::Video, Class::Voice, Class::Control] {
            let mut bytes = 0;
            while queue.push(now, class, &[0; 998]) {
                bytes += 1_000;
            }
            assert!(bytes > LIMIT / 8 - 2_000, "{class:?}: {bytes}");
            assert!(queue.bytes <= share(class));
        }
    }

    #[test]
    fn whole_frames_leave_in_order() {
        let (now, mut queue) = (Instant::now(), StreamQueue::default());
        for packet in [[1; 10], [2; 10], [3; 10]] {
            assert!(queue.push(now, Class::Voice, &packet));
        }
        let (first, late) = queue.take(now, 13);
        assert_eq!((first.len(), late), (24, 0));
        assert_eq!(
            (&first[..3], &first[12..15]),
            (&[0, 10, 1][..], &[0, 10, 2][..])
        );
        assert_eq!(queue.take(now, 13).0.len(), 12);
        assert!(queue.is_empty() && queue.bytes == 0);
    }

    #[test]
    fn what_waited_too_long_stays_behind() {
        let (now, mut queue) = (Instant::now(), StreamQueue::default());
        queue.push(now, Class::Video, &[1; 10]);
        queue.push(now, Class::Voice, &[2; 10]);
        queue.push(now, Class::Control, &[3; 10]);
        let later = now + Duration::from_millis(400);
        let (taken, late) = queue.take(later, usize::MAX);
        assert_eq!((taken.len(), taken[2], late), (24, 2, 1));
    }
}
