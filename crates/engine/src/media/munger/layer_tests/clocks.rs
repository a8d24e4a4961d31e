//! The clocks of layers and of publishers, as their sender reports tell them.

use super::*;
use crate::media::ntp::Aligned;

#[test]
fn sender_reports_keep_layers_in_step() {
    let mut random = Random::new(70);
    let mut layers = [encoder(&mut random, 0), encoder(&mut random, 0)];
    let zeros = [layers[0].timestamp, layers[1].timestamp];
    let mut munger = Munger::new(1, 90_000, true);
    let start = Instant::now();
    let mut now = start;
    let mut offset = None;
    for picture in 0..400u32 {
        // What is sent together arrives at any time.
        now += Duration::from_millis(23 + random.below(20));
        munger.want(LayerId(u64::from(picture / 40 % 2)), Selection::ALL);
        for (at, encoder) in layers.iter_mut().enumerate() {
            for mut made in encoder.picture(&mut random, picture % 20 == 0, now) {
                let aligned = made.packet.timestamp.wrapping_sub(zeros[at]);
                made.packet.aligned = Some(Aligned {
                    ticks: aligned,
                    wall: 1,
                });
                let Some(rewrite) = munger.next(LayerId(at as u64), &made.packet, now) else {
                    continue;
                };
                // A change within one picture takes a millisecond, which is not kept.
                let off = rewrite.timestamp.wrapping_sub(aligned);
                assert!(off.wrapping_sub(*offset.get_or_insert(off)) <= 90);
            }
        }
    }
}

/// The timestamp that a new layer begins with, of a picture that the clock of `wall` shows at `ticks`.
fn begun(munger: &mut Munger, (wall, ticks): (u32, u32), now: Instant) -> u32 {
    let mut random = Random::new(u64::from(ticks));
    let layer = LayerId(random.next());
    munger.want(layer, Selection::ALL);
    let mut encoder = encoder(&mut random, 0);
    let mut packet = encoder
        .picture(&mut random, true, now)
        .swap_remove(0)
        .packet;
    packet.aligned = Some(Aligned { ticks, wall });
    munger.next(layer, &packet, now).unwrap().timestamp
}

/// A publisher that has come back from elsewhere, or another in its place: its clock shows nearly the same time, and is another.
#[test]
fn the_clocks_of_two_publishers_are_not_compared() {
    let mut munger = Munger::new(1, 90_000, true);
    let now = Instant::now();
    let first = begun(&mut munger, (1, 500_000), now);
    let second = begun(&mut munger, (2, 770_000), now + Duration::from_secs(4));
    assert_eq!(second.wrapping_sub(first), 360_000);
    // The other's goes on.
    let third = begun(&mut munger, (2, 815_000), now + Duration::from_secs(5));
    assert_eq!(third.wrapping_sub(second), 45_000);
}

/// What is shown after a pause may be older than what was shown before.
#[test]
fn a_clock_that_pictures_shown_again_have_moved_ahead_is_not_put_back() {
    let mut munger = Munger::new(1, 90_000, true);
    let now = Instant::now();
    let first = begun(&mut munger, (1, 500_000), now);
    let again = begun(&mut munger, (1, 400_000), now + Duration::from_millis(300));
    assert_eq!(again.wrapping_sub(first), 90);
    let later = begun(&mut munger, (1, 860_000), now + Duration::from_secs(4));
    assert_eq!(later.wrapping_sub(again), 460_000);
}
