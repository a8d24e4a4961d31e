//! What is decided from numbers that clients tell: layers for a budget, and the budget itself.

use crate::input::Input;
use engine::media::allocate::{Allocator, Choice, Rise, SPATIAL, TEMPORAL, Video};
use engine::media::bandwidth::{Budget, Estimator, Remb};
use engine::media::rtcp::{Feedback, parse};
use std::time::{Duration, Instant};

/// Videos of one subscriber.
const VIDEOS: usize = 24;

fn rate(input: &mut Input) -> u32 {
    // Small and huge ones.
    u32::from(input.short()) << (input.byte() % 17)
}

fn choice(input: &mut Input) -> Choice {
    match input.byte() % 3 {
        0 => Choice::Paused,
        _ => Choice::Layer {
            spatial: input.byte() % SPATIAL as u8,
            temporal: input.byte() % TEMPORAL as u8,
        },
    }
}

fn video(input: &mut Input) -> Video {
    let flags = input.byte();
    let mut bitrates = [[0; TEMPORAL]; SPATIAL];
    for known in bitrates.iter_mut().flatten() {
        *known = if flags & 8 == 0 { rate(input) } else { 0 };
    }
    Video {
        priority: input.byte(),
        screen: flags & 1 != 0,
        bitrates,
        pixels: [0; SPATIAL].map(|_: u32| rate(input)),
        shown: rate(input),
        most: (input.byte() % SPATIAL as u8, input.byte() % TEMPORAL as u8),
        current: choice(input),
        fresh: flags & 2 != 0,
        kept: flags & 4 != 0,
    }
}

/// One choice for each video, never above what is of use, and nothing over the budget but what must be kept.
pub fn allocator(data: &[u8]) {
    let mut input = Input(data);
    let mut allocator = Allocator::default();
    let mut choices = Vec::new();
    while !input.is_empty() {
        let count = usize::from(input.byte()) % VIDEOS;
        let videos: Vec<Video> = (0..count).map(|_| video(&mut input)).collect();
        let (voice, budget) = (u64::from(rate(&mut input)), u64::from(rate(&mut input)));
        let rise = match input.byte() % 3 {
            0 => Rise::No,
            1 => Rise::Within,
            _ => Rise::Probe(u64::from(rate(&mut input))),
        };
        let outcome = allocator.allocate(voice, &videos, budget, rise, &mut choices);
        assert_eq!(choices.len(), videos.len());
        assert!(outcome.rate >= voice);
        for (video, choice) in videos.iter().zip(&choices) {
            if let Choice::Layer { spatial, temporal } = choice {
                assert!(
                    *spatial <= video.most.0 && *temporal <= video.most.1,
                    "{video:?} {choice:?}"
                );
            }
        }
        let kept = videos.iter().any(|video| video.kept);
        let within = outcome.rate <= budget.max(voice);
        assert!(within || kept || outcome.probed, "{outcome:?} for {budget}");
        // The same question has the same answer.
        let mut again = Vec::new();
        assert_eq!(
            allocator.allocate(voice, &videos, budget, rise, &mut again),
            outcome
        );
        assert_eq!(again, choices);
    }
}

/// RTCP of a subscriber through the parser into its budget, with any times and losses between.
pub fn estimate(data: &[u8]) {
    let mut input = Input(data);
    let (mut remb, mut budget) = (Remb::default(), Budget::default());
    let mut now = Instant::now();
    let mut findings = Vec::new();
    while !input.is_empty() {
        now += Duration::from_millis(u64::from(input.byte()) * 20);
        findings.clear();
        parse(input.piece(), &mut findings);
        for finding in &findings {
            if let Feedback::Remb { bitrate } = finding {
                remb.hear(*bitrate);
                assert!(remb.bitrate().is_some_and(|heard| heard <= *bitrate));
            }
        }
        let (sent, voice) = (u64::from(rate(&mut input)), u64::from(rate(&mut input)));
        match input.byte() {
            fraction @ 0..=127 => budget.hear_loss(now, fraction * 2, sent, voice),
            _ => budget.hear(now, &mut remb, sent),
        };
        let available = budget.available(now, voice);
        budget.keeps_pictures(now, voice, u64::from(rate(&mut input)));
        if budget.may_try_picture(now) || budget.may_rise(now) {
            budget.probed(now, available.saturating_add(sent), input.byte() & 1 != 0);
        }
        assert!(available > 0);
    }
}
