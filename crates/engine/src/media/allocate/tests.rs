use super::*;
use crate::media::testing::Random;

mod any;

/// Three layers of simulcast with three temporal layers each, as browsers send 720p.
const CAMERA: Bitrates = [
    [70_000, 100_000, 150_000, 0],
    [250_000, 350_000, 500_000, 0],
    [800_000, 1_200_000, 1_700_000, 0],
    [0; 4],
];
const ALL: (u8, u8) = (3, 3);

fn camera() -> Video {
    Video {
        priority: 0,
        screen: false,
        bitrates: CAMERA,
        pixels: [57_600, 230_400, 921_600, 0],
        shown: 0,
        most: ALL,
        current: Choice::Paused,
        fresh: true,
        kept: false,
    }
}

#[test]
fn who_is_kept_has_the_cheapest_picture_whatever_the_budget() {
    let kept = Video {
        kept: true,
        fresh: false,
        ..camera()
    };
    for current in [Choice::Paused, layer(0, 0), layer(2, 2)] {
        let (choices, outcome) = give(30_000, &[Video { current, ..kept }; 2], 0);
        assert_eq!(choices, [layer(0, 0); 2]);
        assert_eq!(outcome.rate, 170_000);
    }
}

fn layer(spatial: u8, temporal: u8) -> Choice {
    Choice::Layer { spatial, temporal }
}

/// A first allocation.
fn give(voice: u64, videos: &[Video], budget: u64) -> (Vec<Choice>, Outcome) {
    let mut out = vec![];
    let outcome = Allocator::default().allocate(voice, videos, budget, Rise::No, &mut out);
    (out, outcome)
}

fn rate(video: &Video, choice: Choice) -> u64 {
    match choice {
        Choice::Paused => 0,
        Choice::Layer { spatial, temporal } => {
            u64::from(video.bitrates[usize::from(spatial)][usize::from(temporal)])
        }
    }
}

fn cost(videos: &[Video], choices: &[Choice]) -> u64 {
    videos
        .iter()
        .zip(choices)
        .map(|(video, choice)| rate(video, *choice))
        .sum()
}

#[test]
fn enough_for_everything_gives_everything() {
    let (choices, outcome) = give(40_000, &[camera(), camera()], 3_440_000);
    assert_eq!(choices, [layer(2, 2), layer(2, 2)]);
    assert_eq!(
        outcome,
        Outcome {
            rate: 3_440_000,
            wanted: 3_440_000,
            short: false,
            probed: false
        }
    );
}

#[test]
fn half_a_megabit_is_a_voice_and_a_small_picture() {
    let (choices, outcome) = give(40_000, &[camera()], 500_000);
    assert_eq!(choices, [layer(1, 1)]);
    assert!(outcome.short && outcome.rate <= 500_000);
}

#[test]
fn voices_are_paid_first_and_pictures_pause() {
    let (choices, outcome) = give(120_000, &[camera()], 100_000);
    assert_eq!(choices, [Choice::Paused]);
    assert_eq!(
        outcome,
        Outcome {
            rate: 120_000,
            wanted: 1_820_000,
            short: true,
            probed: false
        }
    );
}

#[test]
fn everybody_is_seen_before_anybody_is_seen_better() {
    let videos = [camera(); 6];
    let (choices, _) = give(0, &videos, 420_000);
    assert_eq!(choices, [layer(0, 0); 6]);
    let (choices, _) = give(0, &videos, 419_999);
    assert_eq!(
        choices
            .iter()
            .filter(|choice| **choice == Choice::Paused)
            .count(),
        1
    );
}

#[test]
fn what_is_more_important_grows_first() {
    let important = Video {
        priority: 1,
        ..camera()
    };
    let (choices, _) = give(0, &[camera(), important], 1_800_000);
    assert_eq!(choices, [layer(0, 1), layer(2, 2)]);
}

#[test]
fn a_screen_comes_before_cameras_and_gives_up_motion_before_sharpness() {
    let screen = Video {
        screen: true,
        ..camera()
    };
    let (choices, _) = give(0, &[camera(), screen], 1_000_000);
    assert_eq!(choices[1], layer(2, 0));
}

#[test]
fn small_tiles_leave_the_room_to_the_large_one() {
    let small = Video {
        most: (0, 3),
        shown: 57_600,
        ..camera()
    };
    let large = Video {
        shown: 921_600,
        ..camera()
    };
    let (choices, _) = give(0, &[small, small, large], 2_000_000);
    assert_eq!(choices, [layer(0, 2), layer(0, 2), layer(2, 2)]);
}

#[test]
fn going_up_waits_and_going_down_does_not() {
    let mut allocator = Allocator::default();
    let mut out = vec![];
    let mut video = Video {
        current: layer(0, 2),
        fresh: false,
        ..camera()
    };
    let mut step = |video: &Video, budget, rise| {
        let outcome = allocator.allocate(0, &[*video], budget, rise, &mut out);
        (out[0], outcome)
    };
    assert_eq!(step(&video, 2_000_000, Rise::No).0, layer(0, 2));
    assert_eq!(step(&video, 2_000_000, Rise::Within).0, layer(2, 2));
    // A tenth stays free.
    assert_eq!(step(&video, 520_000, Rise::Within).0, layer(1, 1));
    video.current = layer(1, 2);
    assert_eq!(step(&video, 520_000, Rise::No).0, layer(1, 2));
    assert_eq!(step(&video, 499_999, Rise::No).0, layer(1, 1));
    assert_eq!(step(&video, 60_000, Rise::No).0, Choice::Paused);
}

#[test]
fn a_probe_is_one_step_and_no_wider_than_allowed() {
    let mut allocator = Allocator::default();
    let mut out = vec![];
    let has = |current| Video {
        current,
        fresh: false,
        ..camera()
    };
    let videos = [has(layer(0, 2)), has(Choice::Paused)];
    let outcome = allocator.allocate(0, &videos, 150_000, Rise::Probe(400_000), &mut out);
    assert_eq!(out, [layer(0, 2), layer(0, 0)]);
    assert!(outcome.probed && outcome.short);
    let heavy = Video {
        bitrates: [[0, 0, 0, 1_700_000], [0; 4], [0; 4], [0; 4]],
        ..videos[1]
    };
    let outcome = allocator.allocate(
        0,
        &[videos[0], heavy],
        150_000,
        Rise::Probe(400_000),
        &mut out,
    );
    assert_eq!(out, [layer(1, 1), Choice::Paused]);
    assert!(outcome.probed);
}

#[test]
fn a_source_that_was_not_measured_yet_is_shown() {
    let unknown = Video {
        bitrates: [[0; 4]; 4],
        ..camera()
    };
    let (choices, outcome) = give(0, &[unknown], 0);
    assert_eq!((choices[0], outcome.short), (layer(3, 3), false));
    let known = Video {
        current: layer(1, 2),
        ..unknown
    };
    assert_eq!(give(0, &[known], 0).0, [layer(1, 2)]);
}

#[test]
fn a_layer_that_fell_silent_is_left() {
    let mut video = Video {
        current: layer(2, 2),
        fresh: false,
        ..camera()
    };
    video.bitrates[2] = [0; 4];
    assert_eq!(give(0, &[video], u64::MAX).0, [layer(1, 2)]);
}

#[test]
fn sizes_choose_the_smallest_layer_that_is_large_enough() {
    let sizes = [(320, 180), (640, 360), (1280, 720)];
    for (wanted, rank) in [
        ((0, 0), 3),
        ((100, 60), 0),
        ((320, 180), 0),
        ((321, 180), 1),
        ((360, 640), 1),
        ((1920, 1080), 3),
    ] {
        assert_eq!(spatial_for(wanted, &sizes), rank, "{wanted:?}");
    }
    assert_eq!(spatial_for((100, 60), &[(0, 0), (640, 360)]), 3);
}

#[test]
fn frame_rates_choose_the_slowest_layer_that_is_fast_enough() {
    for (wanted, temporal) in [(0, 3), (5, 0), (8, 1), (15, 1), (16, 3), (60, 3)] {
        assert_eq!(temporal_for(wanted, 30, 3), temporal, "{wanted}");
    }
}

// Properties, over seeds.
