//! Where pictures end whose highest layers stay away: VP9 without dependency descriptor.

use super::*;
use crate::media::codec::vp9::Structure;

/// The only packet of one layer of a VP9 picture: Z, and how many layers there are where it tells.
fn vp9(seq: u64, picture: u32, spatial: u8, top_only: bool, told: Option<u8>) -> MediaPacket {
    let key = picture == 0;
    let first = 0x2C | u8::from(!key) << 6 | u8::from(told.is_some()) << 1 | u8::from(top_only);
    let mut payload = vec![first, spatial << 1, 0];
    payload.extend(told.map(|count| (count - 1) << 5));
    payload.push(9);
    let now = Instant::now();
    let timestamp = picture * 3_000;
    MediaPacket::new(Codec::Vp9, seq, timestamp, false, payload.into(), now)
}

/// Takes packets and says of each that goes out its number and marker.
fn marked(packets: Vec<MediaPacket>) -> Vec<Option<(u64, bool)>> {
    let mut munger = Munger::new(1, 90_000, true);
    munger.want(LAYER, Selection::ALL);
    let mut structure = Structure::default();
    let take = |mut packet: MediaPacket| {
        packet.read_structure(&mut structure);
        let rewrite = munger.next(LAYER, &packet, packet.arrived)?;
        let origin = munger.origin(rewrite.seq as u16).unwrap();
        assert_eq!(
            origin.rewrite(&packet),
            rewrite,
            "sent again it is the same"
        );
        Some((rewrite.seq, rewrite.marker))
    };
    packets.into_iter().map(take).collect()
}

fn with_marker(packet: MediaPacket) -> MediaPacket {
    MediaPacket {
        marker: true,
        ..packet
    }
}

/// Found by a simulated call: the packet that tells of fewer layers came late, so the highest one stayed away, and all after it, which
/// may need it.
#[test]
fn pictures_end_though_their_highest_layer_cannot_be_shown_any_more() {
    let given = marked(vec![
        vp9(0, 0, 0, false, Some(3)),
        vp9(1, 0, 1, false, None),
        with_marker(vp9(2, 0, 2, true, None)),
        with_marker(vp9(4, 1, 1, true, None)),
        vp9(3, 1, 0, false, Some(2)),
        vp9(5, 2, 0, false, None),
        with_marker(vp9(6, 2, 1, true, None)),
        vp9(7, 3, 0, false, None),
        with_marker(vp9(8, 3, 1, true, None)),
    ]);
    let expected = [
        Some((1, false)),
        Some((2, false)),
        Some((3, true)),
        None,
        Some((4, true)),
        Some((5, true)),
        None,
        Some((6, true)),
        None,
    ];
    assert_eq!(given, expected);
}

/// Layers that need each other in key pictures only: the highest one is enough, and those that stay away for it end nothing.
#[test]
fn what_is_held_back_below_the_highest_layer_ends_no_picture() {
    let given = marked(vec![
        vp9(0, 0, 0, false, Some(3)),
        vp9(1, 0, 1, false, None),
        with_marker(vp9(2, 0, 2, true, None)),
        vp9(3, 1, 0, false, None),
        vp9(4, 1, 1, true, None),
        with_marker(vp9(5, 1, 2, true, None)),
        vp9(6, 2, 0, false, None),
        vp9(7, 2, 1, true, None),
        with_marker(vp9(8, 2, 2, true, None)),
    ]);
    let markers: Vec<bool> = given
        .into_iter()
        .flatten()
        .map(|(_, marker)| marker)
        .collect();
    let [lower, ends] = [false, true];
    assert_eq!(markers, [lower, lower, ends, lower, ends, lower, ends]);
}

/// Found by a simulated call: the packet that was to have the marker never came, and the one before was sent again as the last.
#[test]
fn a_stream_that_ends_before_a_marker_marks_nothing() {
    let mut munger = Munger::new(1, 90_000, true);
    munger.want(LAYER, Selection::ALL);
    let mut structure = Structure::default();
    let mut last = None;
    for mut packet in [
        vp9(0, 0, 0, false, Some(3)),
        vp9(1, 1, 0, false, None),
        with_marker(vp9(3, 1, 1, true, None)),
    ] {
        packet.read_structure(&mut structure);
        let rewrite = munger.next(LAYER, &packet, packet.arrived);
        last = rewrite.map(|rewrite| (packet, rewrite)).or(last);
    }
    munger.pause();
    let (packet, rewrite) = last.unwrap();
    let origin = munger.origin(rewrite.seq as u16).unwrap();
    assert_eq!((origin.rewrite(&packet), rewrite.marker), (rewrite, false));
}
