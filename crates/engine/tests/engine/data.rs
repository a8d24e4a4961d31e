//! Data channels both ways.

use crate::world::{Setup, World, call};
use engine::command::Command;
use engine::event::{Event, LogLevel};
use std::sync::Arc;
use std::time::Duration;

fn send(world: &mut World, reliable: bool, bytes: &[u8]) {
    let payload: Arc<[u8]> = bytes.into();
    let transports = vec![2, 77];
    world.command(Command::SendData {
        transports,
        reliable,
        payload,
    });
}

#[test]
fn data_goes_both_ways() {
    let mut world = call();
    world.subscriber(2, &[]);
    // Reliable data waits for the channel, lossy data does not.
    send(&mut world, true, b"early");
    send(&mut world, false, b"too early");
    world.until("the channels open", |w| w.client(2).channels.len() == 2);
    world.run_for(Duration::from_millis(50));
    send(&mut world, true, b"later");
    send(&mut world, false, b"lossy");
    world.until("all arrives", |w| w.client(2).data.len() == 3);
    let mut data = world.client(2).data.clone();
    data.sort();
    let expected = [
        ("_lossy", "lossy"),
        ("_reliable", "early"),
        ("_reliable", "later"),
    ];
    for (got, (label, bytes)) in data.iter().zip(expected) {
        assert_eq!(
            (got.0.as_str(), got.1.as_slice()),
            (label, bytes.as_bytes())
        );
    }
    world.client_mut(1).send_data("_reliable", b"up");
    world.client_mut(1).send_data("_lossy", &[7; 1000]);
    let received = |world: &World| {
        let data = world.events.iter().filter_map(|event| match event {
            Event::DataReceived {
                transport: 1,
                reliable,
                label,
                payload,
            } => Some((*reliable, label.clone(), payload.len())),
            _ => None,
        });
        data.collect::<Vec<_>>()
    };
    world.until("both arrive", |w| received(w).len() == 2);
    let mut both = received(&world);
    both.sort();
    let names = [
        (false, "_lossy".to_owned(), 1000),
        (true, "_reliable".to_owned(), 2),
    ];
    assert_eq!(both, names);
}

#[test]
fn a_burst_of_large_messages_arrives_whole_and_leaves_room_for_lossy_ones() {
    let mut world = World::new();
    world.subscriber(2, &[]);
    world.until("the channels open", |w| w.client(2).channels.len() == 2);
    world.run_for(Duration::from_millis(50));
    for i in 0..50u8 {
        send(&mut world, true, &vec![i; 60_000]);
    }
    send(&mut world, false, b"now");
    world.until("all arrives", |w| w.client(2).data.len() == 51);
    let reliable = world
        .client(2)
        .data
        .iter()
        .filter(|(label, _)| label == "_reliable");
    for (i, (_, bytes)) in reliable.enumerate() {
        assert_eq!((bytes[0], bytes.len()), (i as u8, 60_000));
    }
}

#[test]
fn a_client_that_never_takes_data_costs_bounded_memory() {
    let mut world = World::new();
    let silent = Setup {
        answers: false,
        ..Setup::default()
    };
    world.subscriber_with(2, &[], silent);
    for _ in 0..100 {
        send(&mut world, true, &[0; 100_000]);
    }
    let warned = |event: &&Event| {
        matches!(
            event,
            Event::Log {
                level: LogLevel::Warn,
                transport: 2,
                ..
            }
        )
    };
    assert_eq!(world.events.iter().filter(warned).count(), 1);
}
