//! The short form of every scenario. Seeds that found something stay in the list.

use engine_sim::scenario::Scenario;
use std::time::Duration;

fn holds(name: &str, seconds: u64, seeds: &[u64]) {
    // One media thread, then three, and so on.
    for (&seed, shards) in seeds.iter().zip([1, 3].into_iter().cycle()) {
        holds_on(name, seconds, seed, shards);
    }
}

fn holds_on(name: &str, seconds: u64, seed: u64, shards: u8) {
    let scenario = Scenario::named(name).expect("a scenario");
    let outcome = scenario.run(seed, shards, Duration::from_secs(seconds));
    let told: String = outcome
        .violations
        .iter()
        .map(|v| format!("\n  {v}"))
        .collect();
    assert!(
        outcome.violations.is_empty(),
        "{told}\n  again: cargo run --release -p engine-sim -- --scenario {name} --seed {seed} --seconds {seconds} --shards {shards}"
    );
    assert!(outcome.packets > 200, "{} packets", outcome.packets);
}

#[test]
fn calm() {
    holds("calm", 5, &[1]);
}

#[test]
fn loss() {
    holds("loss", 8, &[1, 2]);
}

/// Found that who began with the late start of a key frame was not sent what had come between (1), and that rules did not know a pause
/// in the middle of a picture (100).
#[test]
fn a_long_loss() {
    for seed in [1, 100] {
        holds_on("loss", 30, seed, 1);
    }
}

/// Found that the trial of a paused picture went on without the picture when somebody began to speak.
#[test]
fn a_loss_with_voices_that_come_and_go() {
    holds("loss", 20, &[108]);
}

#[test]
fn disorder() {
    holds("disorder", 8, &[1, 2]);
}

#[test]
fn small_calls_on_a_rough_network() {
    for name in ["pair", "voices", "faces"] {
        holds(name, 10, &[1, 2]);
    }
}

#[test]
fn paths() {
    holds("paths", 10, &[1, 2]);
}

#[test]
fn slow() {
    holds("slow", 6, &[1, 2]);
}

/// Each kind of client has a path of its own, and pictures have rates and priorities.
#[test]
fn budgets() {
    holds("budgets", 45, &[1, 2]);
}

/// Found that the rule took a voice that rests for one that stays away: where a queue had become longer between two packets (620032, 620239),
/// and where a client that tells its losses alone had lost two of them in the queue that a trial had filled (710010).
#[test]
fn budgets_with_voices_that_rest() {
    for (seed, shards) in [(620_032, 1), (620_239, 1), (710_010, 2)] {
        holds_on("budgets", 20, seed, shards);
    }
}

/// Found that after a trial that had failed retransmissions alone, three times what the path carries, kept its queue full for seconds.
#[test]
fn budgets_after_trials_that_fail() {
    for seed in [910_043, 910_257] {
        holds_on("budgets", 30, seed, 1);
    }
}

/// By TCP, over one thread and over three.
#[test]
fn streams() {
    holds("streams", 15, &[1, 2]);
}

#[test]
fn storms() {
    holds("storms", 6, &[1, 2]);
}

#[test]
fn restarts() {
    holds("restarts", 8, &[1, 2]);
}

#[test]
fn wishes() {
    holds("wishes", 8, &[1, 2]);
}

#[test]
fn layers() {
    holds("layers", 10, &[1, 2]);
}

#[test]
fn hostile() {
    holds("hostile", 5, &[1, 2]);
}

/// Seeds 2 and 4 found that key frame requests went to the address that a publisher had before.
#[test]
fn chaos() {
    holds("chaos", 20, &[4, 2]);
}

/// Seeds 307, 10041 and 32028 found that rules took numbers that go out empty, and what they close off, for holes.
#[test]
fn chaos_of_some_threads() {
    for (seed, shards) in [(307, 3), (10_041, 1), (32_028, 2)] {
        holds_on("chaos", 12, seed, shards);
    }
}

#[test]
fn svc() {
    holds("svc", 8, &[1, 2]);
}

/// Found that a late frame of VP9 went out that needs what was held back, when fewer layers had been wanted since (9002), and that
/// nothing more was hoped for after a key frame whose start came late (32030).
#[test]
fn svc_for_longer() {
    holds("svc", 12, &[9_002, 32_030]);
}

/// Found that pictures had no end after the message that tells of fewer layers had come late (50000).
#[test]
fn svc_of_two_threads() {
    holds_on("svc", 8, 50_000, 2);
}

/// Found that a frame of before a key frame, which came late and whose reference had been held back, held back what came after the key frame.
#[test]
fn svc_with_late_frames() {
    holds("svc", 8, &[7_028]);
}

/// Found that a frame of VP9 went out that needs a lost one, where a publisher had ended its highest layer: what is left needs what had rightly
/// been left out (7031, 7230).
#[test]
fn svc_of_publishers_that_make_fewer_layers() {
    for (seed, shards) in [(7_031, 1), (7_230, 3)] {
        holds_on("svc", 60, seed, shards);
    }
}

/// Found that rules did not know that less may come for a moment in which nothing goes out that could tell it (7016, 8244).
#[test]
fn svc_with_less_for_a_moment() {
    for (seed, shards) in [(7_016, 1), (8_244, 3)] {
        holds_on("svc", 60, seed, shards);
    }
}

/// Over threads the wishes of one are told to the other.
#[test]
fn sizes() {
    holds("sizes", 6, &[1, 2]);
}

#[test]
fn singles() {
    holds("singles", 8, &[1, 2]);
}

/// Found that subscribers began with H264 pictures whose parameter sets were lost (2101), that pictures of which the last layers were
/// left out in the middle had no end (4103), that counters went back where a number had gone out empty before (3201), and that
/// pictures that came before the start of their key frame were judged by the layers of before and had no end (4308).
#[test]
fn codecs_of_some_threads() {
    for (seed, shards) in [(2_101, 1), (4_103, 1), (3_201, 2), (4_308, 3)] {
        holds_on("codecs", 8, seed, shards);
    }
}

/// Found that the clock of a publisher was compared with that of another who came in its place (9021), and that a clock that pictures
/// shown again had moved ahead was put back (9026).
#[test]
fn codecs_of_publishers_that_come_back() {
    for (seed, shards) in [(9_021, 1), (9_026, 3)] {
        holds_on("codecs", 12, seed, shards);
    }
}

/// Of VP9 without dependency descriptor: the rest of a key frame was held back (7002), and a late frame went out that needs what was held
/// back (7011). Of VP9 with one: a frame went out that needs a lost one, which needed what was held back (32021).
#[test]
fn codecs_for_longer() {
    for (seed, shards) in [(7_002, 1), (7_011, 3), (32_021, 2)] {
        holds_on("codecs", 12, seed, shards);
    }
}

/// Found that rules took frames for missing that go by what was not known yet: the end of a picture where the packet that tells of fewer
/// layers is late (710004), and what comes of other decode targets before a key frame where a publisher ends all that were told (610015);
/// that they asked what was known when the next picture began, not when the one without an end did (1110114).
#[test]
fn codecs_of_publishers_that_make_fewer_layers() {
    for (seed, shards) in [(710_004, 2), (610_015, 1), (1_110_114, 1)] {
        holds_on("codecs", 20, seed, shards);
    }
}

/// Found that rules took the end of a picture for missing where a key frame tells of more layers, and tells it late.
#[test]
fn codecs_of_a_publisher_that_makes_more_layers() {
    holds("codecs", 20, &[1_110_080]);
}

/// H264, VP9, AV1 and RED with everything random that frame encryption covers.
#[test]
fn codecs() {
    holds("codecs", 10, &[1, 2]);
}
