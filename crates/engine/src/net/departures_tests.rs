use super::*;
use crate::outbox::{Route, Tail};
use std::net::SocketAddr;

const ROUTE: fn() -> Route = || Route {
    to: SocketAddr::from(([127, 0, 0, 1], 9)).into(),
    from: None,
};

/// Takes so many bytes, then says that it is full.
#[derive(Default)]
struct Fake {
    room: usize,
    sent: Vec<Vec<u8>>,
    /// Refuses trains with this error.
    refuses: Option<i32>,
    /// Those alone whose datagrams are longer than this.
    passes: usize,
    calls: usize,
}

impl Wire for Fake {
    fn send(&mut self, outbox: &Outbox, trains: &[Train]) -> io::Result<usize> {
        self.calls += 1;
        for (at, train) in trains.iter().enumerate() {
            let long = train.count > 1 && train.segment > self.passes;
            let refused = self.refuses.filter(|_| long);
            let full = train.bytes > self.room;
            if at > 0 && (full || refused.is_some()) {
                return Ok(at);
            }
            if let Some(code) = refused {
                return Err(io::Error::from_raw_os_error(code));
            }
            if full {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.room -= train.bytes;
            let whole: Vec<u8> = outbox.pieces(train).flatten().copied().collect();
            let datagrams = whole.chunks(train.segment.max(1));
            self.sent.extend(datagrams.map(<[u8]>::to_vec));
        }
        Ok(trains.len())
    }
}

fn fill(outbox: &mut Outbox, class: Class, bytes: &[u8]) {
    let mut tail = Tail::default();
    for byte in bytes {
        outbox.couple(&mut tail, ROUTE(), class, |arena| {
            arena.extend([*byte; 100]);
            true
        });
    }
}

fn firsts(fake: &Fake) -> Vec<u8> {
    fake.sent.iter().map(|datagram| datagram[0]).collect()
}

#[test]
fn a_full_buffer_loses_nothing_in_time_and_keeps_the_order() {
    let (mut fake, mut outbox) = (Fake::default(), Outbox::default());
    let mut departures = Departures::new(true);
    let start = Instant::now();
    fake.room = 250;
    fill(&mut outbox, Class::Video, &[1, 2]);
    fill(&mut outbox, Class::Video, &[3, 4]);
    departures.send(&mut fake, &mut outbox, start);
    assert_eq!(firsts(&fake), [1, 2]);
    assert!(outbox.is_empty());
    assert_eq!(
        departures.deadline(),
        Some(start + Duration::from_millis(20))
    );
    // What comes later waits behind, even if it would fit.
    fake.room = 150;
    fill(&mut outbox, Class::Voice, &[5]);
    departures.send(&mut fake, &mut outbox, start + Duration::from_millis(10));
    assert_eq!(firsts(&fake), [1, 2]);
    fake.room = 1_000;
    departures.resume(&mut fake, start + Duration::from_millis(19));
    assert_eq!(firsts(&fake), [1, 2, 3, 4, 5]);
    assert_eq!((departures.failed(), departures.deadline()), (0, None));
}

#[test]
fn each_class_has_its_patience() {
    let (mut fake, mut outbox) = (Fake::default(), Outbox::default());
    let mut departures = Departures::new(true);
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    fill(&mut outbox, Class::Voice, &[1]);
    fill(&mut outbox, Class::Video, &[2, 3]);
    fill(&mut outbox, Class::Control, &[4]);
    fill(&mut outbox, Class::Video, &[5]);
    departures.send(&mut fake, &mut outbox, start);
    departures.resume(&mut fake, at(25));
    assert_eq!(departures.failed(), 3, "video went first");
    departures.resume(&mut fake, at(61));
    assert_eq!(departures.failed(), 4, "then voice");
    fake.room = 10_000;
    departures.resume(&mut fake, at(900));
    assert_eq!(firsts(&fake), [4]);
    assert_eq!(departures.deadline(), None);
}

#[test]
fn what_waits_has_a_bound() {
    let (mut fake, mut outbox) = (Fake::default(), Outbox::default());
    let mut departures = Departures::new(true);
    let start = Instant::now();
    let add = |outbox: &mut Outbox, class| {
        for _ in 0..100 {
            outbox.couple(&mut Tail::default(), ROUTE(), class, |arena| {
                arena.resize(arena.len() + 60_000, 7);
                true
            });
        }
    };
    add(&mut outbox, Class::Video);
    departures.send(&mut fake, &mut outbox, start);
    assert_eq!(departures.failed(), 100 - 52);
    add(&mut outbox, Class::Control);
    departures.send(&mut fake, &mut outbox, start);
    assert!(departures.waiting.byte_count() <= WAITING_LIMIT);
    assert_eq!(departures.failed(), 200 - 69);
    // Expired video makes room again.
    let later = start + Duration::from_millis(30);
    add(&mut outbox, Class::Voice);
    departures.send(&mut fake, &mut outbox, later);
    assert!(
        departures
            .waiting
            .trains()
            .iter()
            .any(|t| t.class == Class::Voice)
    );
    assert!(departures.waiting.byte_count() <= WAITING_LIMIT);
}

#[test]
fn a_network_that_takes_nothing_does_not_keep_us_busy() {
    let (mut fake, mut outbox) = (Fake::default(), Outbox::default());
    let mut departures = Departures::new(true);
    let start = Instant::now();
    let (mut tidied, mut moves) = (None, 0);
    for step in 0..1_000 {
        let now = start + Duration::from_micros(100) * step;
        for _ in 0..20 {
            outbox.couple(&mut Tail::default(), ROUTE(), Class::Video, |arena| {
                arena.resize(arena.len() + 10_000, 7);
                true
            });
        }
        departures.send(&mut fake, &mut outbox, now);
        moves += u32::from(std::mem::replace(&mut tidied, departures.tidied) != departures.tidied);
    }
    // 100 ms of 2 MB a millisecond, of which a part waits for 20 ms.
    assert!(departures.failed() > 15_000, "{}", departures.failed());
    assert!(moves <= 51, "moved {moves} times");
}

#[test]
fn a_system_without_trains_is_found_out_and_loses_nothing() {
    const EINVAL: i32 = 22;
    for code in [5, EINVAL] {
        let (mut fake, mut outbox) = (Fake::default(), Outbox::default());
        (fake.room, fake.refuses) = (10_000, Some(code));
        let mut departures = Departures::new(true);
        let now = Instant::now();
        fill(&mut outbox, Class::Video, &[1, 2, 3]);
        fill(&mut outbox, Class::Video, &[4, 5]);
        departures.send(&mut fake, &mut outbox, now);
        assert_eq!(firsts(&fake), [1, 2, 3, 4, 5]);
        fill(&mut outbox, Class::Video, &[6, 7]);
        assert_eq!(outbox.trains().len(), 2, "nothing is coupled any more");
    }
}

#[test]
fn one_path_that_takes_no_trains_is_no_reason_for_the_others() {
    let (mut fake, mut outbox) = (Fake::default(), Outbox::default());
    fake.room = 10_000;
    let mut departures = Departures::new(true);
    let now = Instant::now();
    fill(&mut outbox, Class::Video, &[1, 2]);
    departures.send(&mut fake, &mut outbox, now);
    fake.refuses = Some(22);
    fill(&mut outbox, Class::Video, &[3, 4]);
    departures.send(&mut fake, &mut outbox, now);
    assert_eq!(firsts(&fake), [1, 2, 3, 4]);
    fill(&mut outbox, Class::Video, &[5, 6]);
    assert_eq!(outbox.trains().len(), 1);
}

/// A publisher sets the size of packets, and the first train of all may be to somebody behind a tunnel.
#[test]
fn a_path_too_narrow_for_the_first_train_is_no_reason_for_the_others_either() {
    const EMSGSIZE: i32 = 90;
    let (mut fake, mut outbox) = (Fake::default(), Outbox::default());
    (fake.room, fake.refuses, fake.passes) = (10_000, Some(EMSGSIZE), 1_400);
    let mut departures = Departures::new(true);
    let now = Instant::now();
    let mut tail = Tail::default();
    for byte in [1, 2] {
        outbox.couple(&mut tail, ROUTE(), Class::Video, |arena| {
            arena.extend([byte; 1_450]);
            true
        });
    }
    departures.send(&mut fake, &mut outbox, now);
    assert_eq!(firsts(&fake), [1, 2]);
    fill(&mut outbox, Class::Video, &[3, 4]);
    assert_eq!(outbox.trains().len(), 1);
    departures.send(&mut fake, &mut outbox, now);
    assert_eq!((firsts(&fake), fake.calls), (vec![1, 2, 3, 4], 3));
}
