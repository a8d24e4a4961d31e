use super::*;
use std::net::SocketAddr;

fn route(port: u16) -> Route {
    Route {
        to: SocketAddr::from(([127, 0, 0, 1], port)).into(),
        from: None,
    }
}

fn put(outbox: &mut Outbox, tail: &mut Tail, port: u16, len: usize, byte: u8) {
    let class = if byte < 100 {
        Class::Video
    } else {
        Class::Voice
    };
    assert!(outbox.couple(tail, route(port), class, |arena| {
        arena.resize(arena.len() + len, byte);
        true
    }));
}

/// (port, segment, sizes of the datagrams) of each train.
fn shape(outbox: &Outbox) -> Vec<(u16, usize, Vec<usize>)> {
    let one = |train: &Train| {
        let sizes = outbox.datagrams_of(train).map(|datagram| datagram.len);
        (
            train.route.to.address.port(),
            train.segment,
            sizes.collect(),
        )
    };
    outbox.trains().iter().map(one).collect()
}

#[test]
fn equal_ones_and_a_shorter_last_make_a_train() {
    let mut outbox = Outbox::default();
    let (mut a, mut b) = (Tail::default(), Tail::default());
    for (byte, len) in [(1, 100), (2, 100), (3, 100), (4, 60), (5, 60)] {
        put(&mut outbox, &mut a, 1, len, byte);
        put(&mut outbox, &mut b, 2, 50 + usize::from(byte), byte);
    }
    outbox.push(route(1), &[9; 10]);
    put(&mut outbox, &mut a, 1, 60, 6);
    assert_eq!(
        shape(&outbox),
        [
            (1, 100, vec![100, 100, 100, 60]),
            (2, 51, vec![51]),
            (2, 52, vec![52]),
            (2, 53, vec![53]),
            (2, 54, vec![54]),
            (1, 60, vec![60, 60]),
            (2, 55, vec![55]),
            (1, 10, vec![10]),
        ]
    );
    let whole: Vec<u8> = outbox
        .pieces(&outbox.trains()[0])
        .flatten()
        .copied()
        .collect();
    assert_eq!(
        whole[..300].chunks(100).map(|c| c[0]).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(whole[300..], [4; 60]);
    let all: Vec<u8> = outbox.datagrams().map(|d| outbox.bytes(d)[0]).collect();
    assert_eq!(all, [1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 5, 9]);
}

#[test]
fn voice_rides_last_and_lends_its_patience() {
    let mut outbox = Outbox::default();
    let mut tail = Tail::default();
    put(&mut outbox, &mut tail, 1, 1_000, 1);
    assert_eq!(outbox.room(&tail, route(1)), Some(1_000));
    assert_eq!(outbox.room(&tail, route(2)), None);
    put(&mut outbox, &mut tail, 1, 80, 100);
    assert_eq!(outbox.room(&tail, route(1)), None);
    assert_eq!(outbox.trains().len(), 1);
    assert_eq!(outbox.trains()[0].class, Class::Voice);
    outbox.clear();
    assert_eq!(outbox.room(&tail, route(1)), None, "a train that has gone");
}

#[test]
fn trains_have_an_end() {
    let mut outbox = Outbox::default();
    let (mut many, mut large) = (Tail::default(), Tail::default());
    for _ in 0..130 {
        put(&mut outbox, &mut many, 1, 10, 1);
    }
    for _ in 0..60 {
        put(&mut outbox, &mut large, 2, 1_400, 1);
    }
    let counts: Vec<u16> = outbox.trains().iter().map(|train| train.count).collect();
    assert_eq!(counts, [64, 64, 2, 45, 15]);
    assert!(
        outbox
            .trains()
            .iter()
            .all(|train| train.bytes <= TRAIN_LIMIT)
    );
}

#[test]
fn what_is_taken_back_leaves_nothing() {
    let mut outbox = Outbox::default();
    let mut tail = Tail::default();
    put(&mut outbox, &mut tail, 1, 100, 1);
    assert!(!outbox.couple(&mut tail, route(1), Class::Video, |arena| {
        arena.extend([7; 100]);
        false
    }));
    put(&mut outbox, &mut tail, 1, 100, 2);
    assert_eq!(shape(&outbox), [(1, 100, vec![100, 100])]);
    assert_eq!(outbox.byte_count(), 200);
}

#[test]
fn a_train_is_taken_apart_and_moved() {
    let mut outbox = Outbox::default();
    let (mut a, mut b) = (Tail::default(), Tail::default());
    for byte in 1..4 {
        put(&mut outbox, &mut a, 1, 100, byte);
        put(&mut outbox, &mut b, 2, 100, 10 + byte);
    }
    let mut other = Outbox::default();
    for train in outbox.trains() {
        other.take_over(&outbox, train, Instant::now());
    }
    outbox.uncouple(0);
    assert_eq!(
        shape(&outbox),
        [
            (1, 100, vec![100]),
            (1, 100, vec![100]),
            (1, 100, vec![100]),
            (2, 100, vec![100, 100, 100])
        ]
    );
    let bytes = |outbox: &Outbox| -> Vec<Vec<u8>> {
        let all = outbox.datagrams().map(|d| outbox.bytes(d).to_vec());
        all.collect()
    };
    assert_eq!(bytes(&outbox), bytes(&other));
    assert_eq!(other.trains().len(), 2);
}

#[test]
fn without_coupling_each_goes_alone() {
    let mut outbox = Outbox::default();
    outbox.set_coupling(false);
    let mut tail = Tail::default();
    for _ in 0..3 {
        put(&mut outbox, &mut tail, 1, 100, 1);
    }
    assert_eq!(outbox.trains().len(), 3);
}
