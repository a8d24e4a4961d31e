//! What holds for any videos and any budget.

use super::*;

fn any_video(random: &mut Random) -> Video {
    let (spatials, temporals) = (1 + random.below(3) as usize, 1 + random.below(3) as usize);
    let mut bitrates = [[0; 4]; 4];
    let mut rate = 20_000 + random.below(200_000) as u32;
    for row in bitrates.iter_mut().take(spatials) {
        for cell in row.iter_mut().take(temporals) {
            *cell = rate;
            rate += random.below(1 + u64::from(rate)) as u32;
        }
        if random.one_in(10) {
            *row = [0; 4];
        }
    }
    Video {
        priority: random.below(3) as u8,
        screen: random.one_in(5),
        bitrates,
        pixels: if random.one_in(2) {
            [57_600, 230_400, 921_600, 0]
        } else {
            [0; 4]
        },
        shown: random.below(1_000_000) as u32,
        most: (random.below(4) as u8, random.below(4) as u8),
        current: any_choice(random),
        fresh: random.one_in(2),
        kept: false,
    }
}

fn any_choice(random: &mut Random) -> Choice {
    match random.below(10) {
        0 => Choice::Paused,
        n => layer((n % 3) as u8, random.below(3) as u8),
    }
}

fn any_videos(random: &mut Random) -> Vec<Video> {
    (0..random.below(12)).map(|_| any_video(random)).collect()
}

fn known(video: &Video) -> bool {
    Ladder::new(video).len > 0
}

#[test]
fn never_more_than_the_budget_except_for_voices() {
    for seed in 0..4_000 {
        let mut random = Random::new(seed);
        let videos = any_videos(&mut random);
        let (voice, budget) = (random.below(200_000), random.below(6_000_000));
        let rise = if random.one_in(2) {
            Rise::Within
        } else {
            Rise::No
        };
        let mut out = vec![];
        let outcome = Allocator::default().allocate(voice, &videos, budget, rise, &mut out);
        assert_eq!(out.len(), videos.len());
        let total = cost(&videos, &out);
        assert!(
            total <= budget.saturating_sub(voice),
            "seed {seed}: {total} of {budget}"
        );
        assert_eq!(outcome.rate, voice + total, "seed {seed}");
        for (video, choice) in videos.iter().zip(&out) {
            let Choice::Layer { spatial, temporal } = *choice else {
                continue;
            };
            assert!(
                (spatial, temporal) <= video.most || !known(video),
                "seed {seed}"
            );
            assert!(
                spatial <= video.most.0 && temporal <= video.most.1,
                "seed {seed}"
            );
            assert!(
                rise != Rise::No
                    || video.fresh
                    || !known(video)
                    || *choice <= video.current
                    || at_least(video, *choice),
                "seed {seed}"
            );
        }
    }
}

/// The cheapest picture of the video, which stands for whatever it had.
fn at_least(video: &Video, choice: Choice) -> bool {
    video.current != Choice::Paused && Ladder::new(video).level(choice) == 1
}

#[test]
fn nobody_is_paused_while_another_of_its_rank_could_pay_for_it() {
    for seed in 0..4_000 {
        let mut random = Random::new(seed);
        let mut videos = any_videos(&mut random);
        videos.iter_mut().for_each(|video| video.fresh = true);
        let budget = random.below(3_000_000);
        let (out, _) = give(0, &videos, budget);
        for (video, choice) in videos.iter().zip(&out) {
            if *choice != Choice::Paused {
                continue;
            }
            // All that its rank and the ranks above have beyond their cheapest, and what is left over, is not enough.
            let cheapest = Ladder::new(video).rate(1);
            let lowest: u64 = videos
                .iter()
                .zip(&out)
                .filter(|(_, choice)| **choice != Choice::Paused)
                .map(|(other, _)| Ladder::new(other).rate(1))
                .sum();
            assert!(lowest + cheapest > budget, "seed {seed}");
        }
    }
}

#[test]
fn more_budget_never_shows_less_among_equals() {
    for seed in 0..2_000 {
        let mut random = Random::new(seed);
        let mut videos = any_videos(&mut random);
        for video in &mut videos {
            (video.priority, video.screen, video.fresh) = (0, false, true);
        }
        let less = random.below(3_000_000);
        let more = less + random.below(1_000_000);
        let (before, _) = give(0, &videos, less);
        let (after, _) = give(0, &videos, more);
        let paused = |choices: &[Choice]| {
            choices
                .iter()
                .map(|c| *c == Choice::Paused)
                .collect::<Vec<_>>()
        };
        let (hidden, still) = (paused(&before), paused(&after));
        assert!(
            hidden
                .iter()
                .zip(&still)
                .all(|(before, after)| before >= after),
            "seed {seed}"
        );
        if hidden == still {
            assert!(
                before
                    .iter()
                    .zip(&after)
                    .all(|(before, after)| before <= after),
                "seed {seed}"
            );
        }
    }
}

#[test]
fn noise_in_the_rates_changes_nothing() {
    for seed in 0..500 {
        let mut random = Random::new(seed);
        let mut videos = vec![camera(); 1 + random.below(9) as usize];
        let budget = 300_000 + random.below(8_000_000);
        let mut allocator = Allocator::default();
        let mut out = vec![];
        allocator.allocate(0, &videos, budget - budget / HEADROOM, Rise::No, &mut out);
        for round in 0..50 {
            for (video, choice) in videos.iter_mut().zip(&out) {
                (video.current, video.fresh) = (*choice, false);
                for (row, usual) in video.bitrates.iter_mut().zip(CAMERA) {
                    for (cell, usual) in row.iter_mut().zip(usual) {
                        *cell = usual - usual / 20 + random.below(1 + u64::from(usual) / 10) as u32;
                    }
                }
            }
            let before = out.clone();
            allocator.allocate(0, &videos, budget, Rise::No, &mut out);
            assert_eq!(before, out, "seed {seed}, round {round}");
        }
    }
}

#[test]
fn the_same_arguments_give_the_same_choices() {
    let mut used = Allocator::default();
    let mut out = vec![];
    for seed in 0..500 {
        let mut random = Random::new(seed);
        let videos = any_videos(&mut random);
        let budget = random.below(6_000_000);
        let outcome = used.allocate(30_000, &videos, budget, Rise::Within, &mut out);
        let mut fresh = vec![];
        let again =
            Allocator::default().allocate(30_000, &videos, budget, Rise::Within, &mut fresh);
        assert_eq!((&out, outcome), (&fresh, again), "seed {seed}");
    }
}
