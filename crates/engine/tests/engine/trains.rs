//! What leaves together, when, and what never leaves twice.

use crate::media::unbroken;
use crate::world::{Feed, World, call};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;
use str0m::media::MediaKind::{Audio, Video};

/// A publisher whose encoder splits frames about equally, and somebody who watches and listens.
fn watching() -> World {
    let mut world = call();
    world.client_mut(1).feeds[1].sizes = [900, 901, 901];
    world.subscriber(2, &["TR_a", "TR_v"]);
    world.until("pictures come", |w| w.client(2).packets(Video).len() > 30);
    world
}

/// Sizes of what left for a client since the last look.
fn left_for(world: &mut World, transport: u32) -> Vec<Vec<usize>> {
    let to = world.client(transport).address;
    let all = world.trains.drain(..);
    let for_it = all.filter(|(_, address, _)| *address == to);
    for_it.map(|(_, _, sizes)| sizes).collect()
}

#[test]
fn a_frame_is_one_train_and_voice_rides_behind() {
    let mut world = watching();
    world.trains.clear();
    world.run_for(Duration::from_secs(2));
    let trains = left_for(&mut world, 2);
    let frames = trains.iter().filter(|sizes| sizes[0] > 900);
    let whole = |sizes: &&Vec<usize>| sizes.len() >= 3 && sizes[..3] == [sizes[0]; 3];
    let (count, equal) = (frames.clone().count(), frames.clone().filter(whole).count());
    assert!(count >= 55, "{count} trains");
    assert!(
        equal * 10 >= count * 9,
        "{equal} of {count} are whole frames"
    );
    let rides = frames.filter(|sizes| sizes.len() == 4 && sizes[3] < 100);
    assert!(rides.count() >= 2, "voice that was due at the same time");
    // Nobody notices the padding. The first frames were sent before there were sizes.
    let packets = world.client(2).packets(Video);
    unbroken(&packets);
    for packet in packets.iter().skip(15) {
        let part = usize::from(packet.payload[7]);
        assert_eq!(packet.payload.len(), 8 + [900, 901, 901][part]);
    }
    assert!(world.client(2).packets(Audio).len() > 90);
}

#[test]
fn a_busy_thread_holds_voice_for_three_milliseconds_at_most() {
    let mut world = watching();
    world.engine.set_busy(true);
    let from = world.client(2).packets(Audio).len();
    world.client_mut(1).feeds[1].running = false;
    world.run_for(Duration::from_millis(500));
    let packets = world.client(2).packets(Audio);
    assert!(packets.len() - from >= 24, "{}", packets.len() - from);
    unbroken(&packets);
}

#[test]
fn a_newcomer_is_not_flooded() {
    let mut world = watching();
    world.run_for(Duration::from_millis(900));
    world.trains.clear();
    world.subscriber(3, &["TR_v"]);
    world.until("it has caught up", |w| {
        w.client(3).packets(Video).len() > 120
    });
    let to = world.client(3).address;
    let media = world.trains.iter();
    let media = media.filter(|(_, address, sizes)| *address == to && sizes[0] > 900);
    let sent: Vec<_> = media.map(|(at, _, sizes)| (*at, sizes.len())).collect();
    for (start, _) in &sent {
        let tick = *start..*start + Duration::from_millis(5);
        let burst = sent.iter().filter(|(at, _)| tick.contains(at));
        let burst: usize = burst.map(|(_, count)| count).sum();
        // A step of what was before, and a frame that came meanwhile.
        assert!(burst <= 16 + 3, "{burst} packets in five milliseconds");
    }
    let packets = world.client(3).packets(Video);
    unbroken(&packets);
    assert_eq!(packets[0].payload[6], 1, "it begins with a key frame");
}

/// With AES-GCM a second packet under the same number would give the key stream away.
#[test]
fn no_number_is_ever_sealed_twice() {
    for seed in 1..=6u64 {
        let mut world = watching();
        let mut state = seed;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        type Sealed = HashMap<(u32, [u8; 4], [u8; 2]), Vec<u8>>;
        let sealed = Rc::new(RefCell::new(Sealed::new()));
        let (seen, mut dice) = (sealed.clone(), random);
        world.loss = Box::new(move |transport, bytes| {
            if bytes[0] >> 6 == 2 && !(192..224).contains(&bytes[1]) {
                let (ssrc, seq) = (bytes[8..12].try_into(), bytes[2..4].try_into());
                let number = (transport, ssrc.unwrap(), seq.unwrap());
                let before = seen.borrow_mut().insert(number, bytes.to_vec());
                let again = before.is_some_and(|before| before != bytes);
                assert!(!again, "{number:?} went out with other bytes");
            }
            dice() % 7 == 0
        });
        let mut dice = random;
        world.loss_up = Box::new(move |_, _| dice() % 9 == 0);
        for round in 0..30 {
            match random() % 5 {
                0 => world.subscribe(2, &["TR_a"]),
                1 => world.subscribe(2, &["TR_a", "TR_v"]),
                2 => {
                    let now = world.now;
                    let feed = Feed::video(now);
                    world.client_mut(1).feeds[1].key_wanted |= feed.key_wanted;
                }
                3 => world.engine.set_busy(round % 2 == 0),
                _ => {}
            }
            world.run_for(Duration::from_millis(20 + random() % 150));
        }
        assert!(world.engine.metrics().retransmitted > 10);
        assert!(sealed.borrow().len() > 100);
    }
}
