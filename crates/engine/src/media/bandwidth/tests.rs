use super::*;

const MS: Duration = Duration::from_millis(1);

struct Path {
    now: Instant,
    remb: Remb,
    budget: Budget,
}

impl Path {
    fn new() -> Path {
        let mut path = Path {
            now: Instant::now(),
            remb: Remb::default(),
            budget: Budget::default(),
        };
        path.available();
        path
    }

    fn wait(&mut self, ms: u32) -> &mut Path {
        self.now += ms * MS;
        self
    }

    fn hear(&mut self, bitrate: u64, sent: u64) -> bool {
        self.remb.hear(bitrate);
        self.budget.hear(self.now, &mut self.remb, sent)
    }

    fn reach(&mut self) -> Option<u64> {
        self.budget.reach(self.now, 0)
    }

    fn available(&mut self) -> u64 {
        self.budget.available(self.now, VOICE)
    }
}

#[test]
fn an_unknown_path_opens_up() {
    let mut path = Path::new();
    assert_eq!(path.available(), START);
    assert!(path.budget.is_guess() && path.budget.may_rise(path.now));
    assert_eq!(path.wait(1_400).available(), 4 * START);
    assert_eq!(path.wait(100_000).available(), START << 30);
}

#[test]
fn an_estimate_that_only_follows_what_is_sent_is_no_limit() {
    let mut path = Path::new();
    for (estimate, sent) in [(140_000, 150_000), (200_000, 650_000), (900_000, 1_700_000)] {
        assert!(!path.wait(1_000).hear(estimate, sent));
    }
    assert!(path.budget.is_guess());
}

#[test]
fn a_falling_estimate_is_the_limit_at_once() {
    let mut path = Path::new();
    path.wait(1_000).hear(700_000, 650_000);
    assert!(path.wait(200).hear(425_000, 650_000));
    assert_eq!(path.available(), 425_000);
    assert!(!path.budget.may_rise(path.now) && path.budget.is_overloaded(path.now));
    // It grows with the estimate, and more is given out after a while.
    assert!(!path.wait(1_000).hear(460_000, 350_000));
    assert_eq!(path.available(), 460_000);
    assert!(!path.budget.may_rise(path.now));
    path.wait(1_000).hear(459_000, 350_000);
    assert!(path.budget.may_rise(path.now) && !path.budget.is_overloaded(path.now));
    assert_eq!(path.available(), 460_000);
}

#[test]
fn a_first_estimate_far_below_what_is_sent_is_an_overload() {
    let mut path = Path::new();
    assert!(path.wait(600).hear(425_000, 650_000));
    assert_eq!(path.available(), 425_000);
}

#[test]
fn losses_hold_and_heavy_ones_lower() {
    let mut path = Path::new();
    let at = path.now;
    assert!(!path.budget.hear_loss(at, 2, 1_000_000, 0));
    assert!(path.budget.may_rise(at));
    assert!(!path.budget.hear_loss(at, 10, 1_000_000, 0));
    assert!(!path.budget.may_rise(at) && path.budget.is_guess());
    assert!(path.budget.hear_loss(at, 128, 1_000_000, 0));
    assert_eq!(path.available(), 750_000);
    // The other streams report the same loss.
    assert!(!path.budget.hear_loss(at, 128, 1_000_000, 0));
    assert!(!path.budget.hear_loss(at + 1_900 * MS, 128, 1_000_000, 0));
    assert!(path.budget.is_overloaded(at + 3_800 * MS), "they go on");
    assert!(!path.budget.is_overloaded(at + 3_900 * MS));
    assert!(path.budget.hear_loss(at + 2_000 * MS, 128, 1_000_000, 0));
    assert_eq!(path.available(), 562_500);
    // The estimator does not know of it yet.
    path.wait(3_000).hear(2_000_000, 500_000);
    assert_eq!(path.available(), 562_500);
    path.wait(2_000).hear(2_000_000, 500_000);
    assert_eq!(path.available(), 2_000_000);
}

#[test]
fn a_step_that_is_borne_widens_the_limit() {
    let mut path = Path::new();
    path.hear(425_000, 650_000);
    assert_eq!(path.wait(2_900).reach(), None);
    assert_eq!(path.wait(200).reach(), Some(850_000));
    path.budget.probed(path.now, 650_000, false);
    assert!(path.available() > 650_000 && !path.budget.may_rise(path.now));
    assert_eq!(path.reach(), None);
    path.wait(1_000).hear(440_000, 650_000);
    path.wait(1_100).hear(480_000, 650_000);
    assert_eq!(path.available(), 731_250);
    assert!(path.budget.may_rise(path.now));
    // And further at once.
    assert_eq!(path.reach(), Some(1_462_500));
}

#[test]
fn a_step_that_is_not_borne_is_tried_again_later_and_later() {
    let mut path = Path::new();
    path.hear(425_000, 650_000);
    let mut waits = vec![];
    for _ in 0..6 {
        let since = path.now;
        while path.reach().is_none() {
            path.wait(100);
        }
        waits.push((path.now - since).as_secs());
        path.budget.probed(path.now, 650_000, false);
        path.hear(430_000, 650_000);
        assert!(path.wait(500).hear(410_000, 650_000));
        assert_eq!(path.available(), 410_000);
        // A little growth in between.
        path.wait(500).hear(430_000, 350_000);
    }
    assert_eq!(waits, [3, 5, 11, 12, 12, 12]);
}

#[test]
fn after_a_long_quiet_time_large_steps_are_tried_too() {
    let mut path = Path::new();
    path.hear(425_000, 650_000);
    path.wait(3_000);
    assert_eq!(path.reach(), Some(850_000));
    assert_eq!(path.wait(6_000).reach(), Some(3_400_000));
}

#[test]
fn an_estimate_that_stands_still_below_what_is_sent_is_the_limit() {
    let mut path = Path::new();
    assert!(!path.wait(500).hear(560_000, 650_000));
    assert!(!path.wait(1_000).hear(562_000, 650_000));
    assert!(path.wait(700).hear(563_000, 650_000));
    assert_eq!(path.available(), 563_000);
    // Less is sent than it says: it need not grow.
    for _ in 0..5 {
        assert!(!path.wait(1_000).hear(563_000, 150_000));
    }
}

#[test]
fn a_step_that_the_estimate_does_not_follow_was_not_borne() {
    let mut path = Path::new();
    path.hear(425_000, 650_000);
    path.wait(3_000);
    path.budget.probed(path.now, 480_000, false);
    assert!(!path.wait(1_000).hear(433_000, 480_000));
    assert!(path.wait(1_000).hear(440_000, 480_000));
    assert_eq!(path.available(), 440_000);
}

const VOICE: u64 = 30_000;
const PICTURE: u64 = 140_000;

impl Path {
    /// A picture and a voice, of which half is lost, reported once a second.
    fn suffer(&mut self, seconds: u32) {
        for _ in 0..seconds {
            let sent = VOICE + if self.keeps() { PICTURE } else { 0 };
            self.budget.hear_loss(self.now, 128, sent, VOICE);
            self.wait(1_000);
        }
    }

    fn keeps(&mut self) -> bool {
        self.budget.keeps_pictures(self.now, VOICE, PICTURE)
    }

    /// Milliseconds until a picture is tried.
    fn until_trial(&mut self) -> u128 {
        let since = self.now;
        while !self.budget.may_try_picture(self.now) {
            self.wait(100);
        }
        (self.now - since).as_millis()
    }
}

#[test]
fn a_low_estimate_alone_takes_no_picture() {
    let mut path = Path::new();
    path.hear(20_000, VOICE + PICTURE);
    for _ in 0..30 {
        path.wait(1_000).hear(20_000, VOICE + PICTURE);
        assert!(path.keeps());
    }
}

#[test]
fn a_moment_of_heavy_losses_takes_no_picture() {
    let mut path = Path::new();
    for _ in 0..10 {
        path.hear(20_000, VOICE + PICTURE);
        path.suffer(2);
        assert!(path.keeps());
        assert!(path.wait(3_000).keeps());
    }
}

#[test]
fn losses_that_go_on_pause_and_trials_bring_back() {
    let mut path = Path::new();
    path.hear(20_000, VOICE + PICTURE);
    path.suffer(5);
    assert!(!path.keeps());
    let mut waits = vec![];
    for _ in 0..4 {
        waits.push(path.until_trial());
        let limit = path.available();
        path.budget.probed(path.now, VOICE + PICTURE, true);
        assert!(!path.budget.may_try_picture(path.now));
        path.wait(1_000);
        let sent = VOICE + PICTURE;
        assert!(path.budget.hear_loss(path.now, 128, sent, VOICE));
        assert_eq!(path.available(), limit, "the trial alone lost");
    }
    assert!((1_000..=3_000).contains(&waits[0]), "{waits:?}");
    assert_eq!(waits[1..], [6_000; 3]);
    // Borne, whatever an estimate says that has seen no picture.
    path.until_trial();
    path.budget.probed(path.now, VOICE + PICTURE, true);
    assert!(!path.wait(1_000).hear(10_000, VOICE + PICTURE));
    assert!(!path.wait(1_100).hear(10_000, VOICE + PICTURE));
    assert!(path.keeps());
}

#[test]
fn a_trial_ends_with_the_first_packets_that_are_missing() {
    let mut path = Path::new();
    path.hear(20_000, VOICE + PICTURE);
    path.suffer(5);
    assert!(!path.budget.hear_missing(path.now, 100), "nothing is tried");
    path.until_trial();
    path.budget.probed(path.now, VOICE + PICTURE, true);
    assert!(!path.budget.hear_missing(path.now, MANY_MISSING - 1));
    assert!(path.budget.hear_missing(path.now, 1));
    assert!(!path.keeps() && path.until_trial() >= 2_900);
}

/// Reports come once a second; until then voices were lost with a picture that is too large.
#[test]
fn a_step_ends_with_the_packets_that_are_a_heavy_loss() {
    let mut path = Path::new();
    path.hear(425_000, 650_000);
    path.wait(3_000);
    // A hundred packets a second.
    path.budget.probed(path.now, 800_000, false);
    path.wait(500);
    assert!(!path.budget.hear_missing(path.now, MANY_MISSING - 1));
    path.wait(1_000);
    assert!(
        !path.budget.hear_missing(path.now, 5),
        "a tenth is no heavy loss"
    );
    assert!(path.budget.hear_missing(path.now, 1));
    assert_eq!(path.available(), 425_000);
    assert!(!path.budget.may_rise(path.now));
}

#[test]
fn a_trial_of_which_nobody_tells_was_borne() {
    let mut path = Path::new();
    path.hear(20_000, VOICE + PICTURE);
    path.suffer(5);
    path.until_trial();
    path.budget.probed(path.now, VOICE + PICTURE, true);
    assert!(path.wait(4_000).available() > VOICE + PICTURE);
    assert!(path.keeps());
}

#[test]
fn losses_that_a_pause_does_not_end_are_no_reason_for_one() {
    let mut path = Path::new();
    path.hear(20_000, VOICE + PICTURE);
    path.suffer(5);
    assert!(!path.keeps());
    path.suffer(2);
    for _ in 0..50 {
        assert!(path.keeps());
        path.suffer(1);
    }
}

/// Found by a simulated call: somebody began to speak, the picture was taken back, and nothing was tried any more.
#[test]
fn who_begins_to_speak_ends_no_trial() {
    let mut path = Path::new();
    path.hear(20_000, VOICE + PICTURE);
    path.suffer(5);
    path.until_trial();
    path.budget.probed(path.now, VOICE + PICTURE, true);
    let louder = 4 * VOICE;
    path.wait(500);
    assert!(path.budget.available(path.now, louder) >= louder + PICTURE);
    assert!(path.budget.available(path.now, 0) >= PICTURE);
    // In the end all that has gone out is known to fit.
    path.wait(3_500);
    let known = path.budget.available(path.now, louder);
    assert_eq!(known, (VOICE + PICTURE) / 8 * 9 + louder - VOICE);
    assert_eq!(path.available(), known);
}

/// REMB can tell any number.
#[test]
fn estimates_beyond_all_lines_are_numbers_like_others() {
    let start = Instant::now();
    for first in [u64::MAX, u64::MAX - 1, 1 << 63, 0] {
        for second in [u64::MAX, 1 << 62, 1, 0] {
            let (mut budget, mut remb) = (Budget::default(), Remb::default());
            for step in 0..40u32 {
                let now = start + Duration::from_millis(500) * step;
                remb.hear(if step % 3 == 0 { first } else { second });
                budget.hear(now, &mut remb, 1_000_000);
                budget.available(now, 40_000);
                if step % 5 == 0
                    && let Some(reach) = budget.reach(now, 300_000)
                {
                    budget.probed(now, reach, step % 2 == 0);
                }
                budget.hear_loss(now, 200, u64::from(step) * 100_000, 40_000);
            }
        }
    }
}
