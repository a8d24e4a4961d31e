use super::*;

fn frame(spatial: u8, temporal: u8) -> Frame {
    Frame {
        begins: true,
        ..Frame::of_layers(spatial, temporal)
    }
}

fn numbered(number: u64, distance: u16, spatial: u8) -> Frame {
    Frame {
        number: Some(number),
        references: [distance, 0, 0, 0, 0, 0, 0, 0],
        ..frame(spatial, 0)
    }
}

fn at(selector: &Selector) -> (u8, u8) {
    (selector.current().spatial, selector.current().temporal)
}

#[test]
fn fewer_temporal_layers_at_once_and_more_where_a_frame_opens_them() {
    let mut selector = Selector::default();
    selector.begin(Some(&frame(0, 0)));
    selector.aim(Selection::new(0, 0));
    assert!(!selector.admit(&frame(0, 1), false, true));
    assert_eq!(at(&selector).1, 0);
    selector.aim(Selection::new(0, 2));
    // Without a frame that opens them nothing changes, for all the base layer's frames.
    assert!(selector.admit(&frame(0, 0), false, true));
    assert!(!selector.admit(&frame(0, 1), false, true));
    let opening = |temporal, above| Frame {
        opens: crate::media::frame::Selections::of(|s| s.temporal == temporal),
        opens_above: above,
        ..frame(0, temporal)
    };
    // VP8: the second layer before the third.
    assert!(!selector.admit(&opening(2, 1), false, true));
    assert!(selector.admit(&opening(1, 0), false, true));
    assert_eq!(at(&selector).1, 1);
    assert!(!selector.admit(&frame(0, 2), false, true));
    assert!(selector.admit(&opening(2, 1), false, true));
    assert_eq!(at(&selector).1, 2);
    assert!(!selector.awaits_keyframe());
}

#[test]
fn more_spatial_layers_wait_for_a_key_frame() {
    let mut selector = Selector::default();
    selector.aim(Selection::new(0, 3));
    selector.begin(Some(&frame(0, 0)));
    assert!(!selector.admit(&frame(1, 0), false, false));
    assert!(!selector.awaits_keyframe(), "it is where it wants to be");
    selector.aim(Selection::ALL);
    assert!(selector.awaits_keyframe());
    assert!(!selector.admit(&frame(1, 0), false, false));
    assert!(selector.admit(&frame(0, 0), true, true));
    assert!(selector.admit(&frame(1, 0), false, false));
    assert!(!selector.awaits_keyframe());
}

#[test]
fn fewer_spatial_layers_begin_with_a_picture() {
    let mut selector = Selector::default();
    selector.begin(Some(&frame(0, 0)));
    selector.admit(&frame(1, 0), false, false);
    selector.aim(Selection::new(0, 3));
    // The picture that has begun is finished.
    assert!(selector.admit(&frame(2, 0), false, false));
    assert!(selector.admit(&frame(0, 0), false, true));
    assert!(!selector.admit(&frame(1, 0), false, false));
    assert!(!selector.awaits_keyframe());
}

#[test]
fn what_refers_to_something_held_back_is_held_back_too() {
    let mut selector = Selector::default();
    selector.aim(Selection::new(0, 3));
    selector.begin(Some(&numbered(10, 0, 0)));
    assert!(!selector.admit(&numbered(11, 1, 1), false, false));
    assert!(selector.admit(&numbered(12, 2, 0), false, true));
    assert!(!selector.admit(&numbered(13, 2, 0), false, true));
    assert!(selector.awaits_keyframe());
    // From before the run.
    assert!(!selector.admit(&numbered(14, 5, 0), false, true));
    // Late packets share their frame's fate.
    assert!(!selector.admit_late(&numbered(13, 2, 0), Selection::ALL, Lacking::default()));
    assert!(selector.admit_late(&numbered(12, 2, 0), Selection::ALL, Lacking::default()));
    assert!(selector.admit(&numbered(15, 0, 0), true, true));
    assert!(!selector.awaits_keyframe());
}

/// Found by a simulated call: the upper layers of a picture were left out after its lowest had gone out, and it had no end.
#[test]
fn fewer_temporal_layers_begin_with_a_picture_too() {
    let mut selector = Selector::default();
    selector.begin(Some(&frame(0, 0)));
    assert!(selector.admit(&frame(0, 2), false, true));
    selector.aim(Selection::new(3, 1));
    assert!(selector.admit(&frame(1, 2), false, false), "it has begun");
    assert!(!selector.admit(&frame(0, 2), false, true));
}

/// What is missing between a frame and one that was held back may refer to that.
#[test]
fn where_a_needed_frame_was_held_back_nothing_is_hoped_for() {
    let mut selector = Selector::default();
    selector.begin(Some(&numbered(10, 0, 0)));
    assert!(
        selector.admit(&numbered(13, 2, 0), false, true),
        "11 may come"
    );
    // The stream has begun with 10.
    assert!(!selector.admit(&numbered(14, 5, 0), false, true));
    assert!(selector.awaits_keyframe());
    assert!(
        !selector.admit(&numbered(16, 1, 0), false, true),
        "15 may refer to 14"
    );
    assert!(
        selector.admit(&numbered(17, 4, 0), false, true),
        "13 went out"
    );
    assert!(selector.admit(&numbered(18, 0, 0), true, true));
    assert!(selector.admit(&numbered(20, 1, 0), false, true));
    // The same where the start of a key frame comes late.
    assert!(!selector.admit(&numbered(21, 12, 0), false, true));
    assert!(!selector.admit(&numbered(23, 1, 0), false, true));
    let rest = Frame {
        begins: false,
        ..numbered(24, 0, 0)
    };
    assert!(selector.admit(&rest, false, true));
    assert!(selector.admit(&numbered(26, 1, 0), false, true));
}

/// Found by simulated calls (svc 7031, 7230): a lost frame of what was left out before was hoped for.
#[test]
fn where_others_go_out_than_before_nothing_is_hoped_for() {
    let mut selector = Selector::default();
    selector.begin(Some(&numbered(10, 0, 0)));
    selector.expect_nothing();
    assert!(!selector.awaits_keyframe(), "nothing is missing yet");
    assert!(
        selector.admit(&numbered(11, 1, 0), false, true),
        "10 went out"
    );
    assert!(!selector.admit(&numbered(13, 1, 0), false, true));
    assert!(selector.awaits_keyframe());
    assert!(selector.admit(&numbered(14, 0, 0), true, true));
    assert!(
        selector.admit(&numbered(16, 1, 0), false, true),
        "15 may come"
    );
}

/// Found by a simulated call (svc 7028): a late frame of before the key frame held back what came after it.
#[test]
fn what_comes_late_from_before_a_key_frame_spoils_nothing_after_it() {
    let mut selector = Selector::default();
    selector.begin(Some(&numbered(10, 0, 0)));
    assert!(!selector.admit(&numbered(14, 5, 0), false, true));
    assert!(selector.admit(&numbered(18, 0, 0), true, true));
    let late = numbered(15, 1, 0);
    assert!(!selector.admit_late(&late, Selection::ALL, Lacking::default()));
    assert!(!selector.awaits_keyframe());
    assert!(
        selector.admit(&numbered(20, 1, 0), false, true),
        "19 may come"
    );
}

/// VP9 without dependency descriptor, whose spatial layers need each other in key pictures only.
#[test]
fn fewer_spatial_layers_wait_for_a_key_frame_where_they_were_left_out() {
    let alone = |spatial| Frame {
        part_of: crate::media::frame::Selections::of(|s| s.spatial.min(2) == spatial),
        ..frame(spatial, 0)
    };
    let mut selector = Selector::default();
    selector.begin(Some(&frame(0, 0)));
    let picture = |selector: &mut Selector| {
        [0, 1, 2].map(|spatial| selector.admit(&alone(spatial), false, true))
    };
    assert_eq!(picture(&mut selector), [false, false, true]);
    selector.aim(Selection::new(1, 3));
    assert_eq!(picture(&mut selector), [false, false, true]);
    assert!(selector.awaits_keyframe());
    assert!(selector.admit(&frame(0, 0), true, true));
    assert!(!selector.awaits_keyframe());
    assert_eq!(picture(&mut selector), [false, true, false]);
    // The publisher makes the lowest only, and what it refers to did not go out.
    assert!(!selector.admit(&frame(0, 0), false, true));
    assert!(selector.awaits_keyframe());
    // Neither when it comes late. The rest of a key frame whose start is missing goes out.
    assert!(!selector.admit_late(&frame(0, 0), selector.current(), selector.lacking()));
    // But what came before it was held back does.
    assert!(selector.admit_late(&frame(0, 0), selector.current(), Lacking::default()));
    let rest = Frame {
        anew: true,
        begins: false,
        ..frame(0, 0)
    };
    assert!(selector.admit(&rest, false, true));
}
