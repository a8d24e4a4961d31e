//! A call under frame encryption: what LiveKit's clients leave clear is clear, the rest is random. Everything works, and every payload that
//! arrives is the one that was sent (rule Payload, which judges each packet).

use engine::media::Codec;
use engine_sim::feed::{Kind, SIZES};
use engine_sim::scenario::Room;
use engine_sim::wire::Conditions;
use engine_sim::world::World;
use std::time::Duration;

fn heard_layer(world: &World, subscriber: u32, track: u16) -> Option<usize> {
    let heard = world.clients[&subscriber].heard.get(&track)?;
    let recent = |at: Option<_>| at.is_some_and(|at| world.now < at + Duration::from_millis(300));
    heard.layers.iter().rposition(|at| recent(*at))
}

#[test]
fn layers_switch_and_pictures_begin_without_a_look_at_what_is_encrypted() {
    let mut world = World::of_shards(11, 2);
    world.codecs = vec![Codec::Opus, Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1];
    let each: [&[Kind]; 4] = [
        &[Kind::Red, Kind::H264],
        &[Kind::Audio, Kind::Simulcast],
        &[Kind::Red, Kind::Vp9Described],
        &[Kind::Audio, Kind::Vp9],
    ];
    let room = Room::of_each(&mut world, &each, false);
    world.all_conditions(Conditions::losing(0.02));
    world.run_for(Duration::from_secs(3));
    let subscriber = room.people[0].subscriber;
    let layered: Vec<u16> = room.people[1..].iter().map(|p| p.tracks[1].track).collect();
    for track in &layered {
        world.describe(*track);
    }
    for layer in [0, 2, 1] {
        for track in &layered {
            world.resize(subscriber, *track, SIZES[layer]);
        }
        world.run_for(Duration::from_secs(3));
        for track in &layered {
            assert_eq!(
                heard_layer(&world, subscriber, *track),
                Some(layer),
                "track {track}"
            );
        }
    }
    let picture = room.people[0].tracks[1].track;
    let viewer = room.people[1].subscriber;
    let before = world.clients[&viewer].heard[&picture].keys;
    world
        .clients
        .get_mut(&viewer)
        .expect("it")
        .request_keyframes();
    world.run_for(Duration::from_secs(2));
    assert!(world.clients[&viewer].heard[&picture].keys > before);
    world.must_settle();
    assert_eq!(world.observer.violations(), []);
}
