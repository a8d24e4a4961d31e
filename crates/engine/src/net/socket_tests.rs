use super::*;
use crate::outbox::{Class, Route, Tail};

/// Trains for two receivers from a given address, over real sockets: datagrams keep their bounds, bytes and order.
fn trains_arrive(to: &str, from: &str, bind: Option<IpAddr>, portable: bool) {
    let receivers = [(); 2].map(|()| UdpSocket::bind((to, 0)).unwrap());
    for receiver in &receivers {
        receiver
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
    }
    let (mut sockets, port) = Socket::bind(bind, 0, portable, 1).unwrap();
    let socket = &mut sockets[0].0;
    let from = SocketAddr::new(from.parse().unwrap(), port);
    let mut outbox = Outbox::default();
    let mut sizes = vec![1_172; 20];
    sizes.extend([900, 300, 300, 120, 1_400]);
    let mut tails = [Tail::default(); 2];
    for (number, size) in sizes.iter().enumerate() {
        for (receiver, tail) in receivers.iter().zip(&mut tails) {
            let route = Route {
                to: receiver.local_addr().unwrap().into(),
                from: (!portable).then_some(from),
            };
            outbox.couple(tail, route, Class::Video, |arena| {
                arena.resize(arena.len() + size, number as u8);
                true
            });
        }
    }
    assert_eq!(outbox.trains().len(), 6, "{:?}", outbox.trains());
    socket.send(&mut outbox);
    assert!(outbox.is_empty());
    let mut buffer = [0; 4_096];
    for receiver in &receivers {
        for (number, size) in sizes.iter().enumerate() {
            let (len, sender) = receiver.recv_from(&mut buffer).unwrap();
            assert_eq!(len, *size);
            assert!(buffer[..len].iter().all(|byte| *byte == number as u8));
            assert!(portable || plain(sender) == from, "{sender}");
        }
    }
    assert_eq!(socket.failed(), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn trains_come_apart_at_their_seams() {
    trains_arrive("127.0.0.1", "127.0.0.3", None, false);
    trains_arrive("127.0.0.1", "127.0.0.1", Some([127, 0, 0, 1].into()), false);
    if UdpSocket::bind("[::1]:0").is_ok() {
        trains_arrive("::1", "::1", None, false);
    }
}

#[test]
fn the_portable_path_sends_the_same() {
    trains_arrive("127.0.0.1", "127.0.0.1", Some([127, 0, 0, 1].into()), true);
}

/// How many datagrams each socket got, once `total` have come: some may be under way still, and one reading ends after a while whatever is left.
#[cfg(target_os = "linux")]
fn received(sockets: &mut [(Socket, Waker)], total: usize) -> Vec<usize> {
    let mut counts = vec![0; sockets.len()];
    let end = std::time::Instant::now() + Duration::from_secs(10);
    while counts.iter().sum::<usize>() < total && std::time::Instant::now() < end {
        for ((socket, _), count) in sockets.iter_mut().zip(&mut counts) {
            let counted = &mut |_: SocketAddr, _: SocketAddr, _: &[u8]| *count += 1;
            socket.receive(Duration::ZERO, counted).unwrap();
        }
    }
    counts
}

/// The share of each socket in datagrams from many senders.
#[cfg(target_os = "linux")]
fn spread(bind: &str, to: &str, count: ShardId) -> Vec<usize> {
    let (mut sockets, port) = Socket::bind(Some(bind.parse().unwrap()), 0, false, count).unwrap();
    for _ in 0..100 {
        let sender = UdpSocket::bind((to, 0)).unwrap();
        sender.send_to(b"x", (to, port)).unwrap();
    }
    received(&mut sockets, 100)
}

#[test]
#[cfg(target_os = "linux")]
fn the_system_spreads_senders_over_the_sockets_of_a_port() {
    let mut cases = vec![("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")];
    if UdpSocket::bind("[::1]:0").is_ok() {
        cases.extend([("::", "127.0.0.1"), ("::", "::1"), ("::1", "::1")]);
    }
    for (bind, to) in cases {
        let counts = spread(bind, to, 3);
        assert_eq!(counts.iter().sum::<usize>(), 100, "{bind} {to} {counts:?}");
        assert!(counts.iter().all(|n| *n > 10), "{bind} {to} {counts:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_client_is_steered_to_the_socket_of_its_thread() {
    use crate::net::steering::Steering;
    let mut cases = vec![("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")];
    if UdpSocket::bind("[::1]:0").is_ok() {
        cases.extend([("::", "127.0.0.1"), ("::", "::1")]);
    }
    for (bind, to) in cases {
        let (mut sockets, port) = Socket::bind(Some(bind.parse().unwrap()), 0, false, 3).unwrap();
        let senders: Vec<UdpSocket> = (0..40).map(|_| UdpSocket::bind((to, 0)).unwrap()).collect();
        let steering = Steering::default();
        for owner in [2, 0, 1] {
            let turns = senders
                .iter()
                .map(|s| (s.local_addr().unwrap(), Some(owner)));
            steering.follow(owner, turns.collect(), |steps| sockets[0].0.steer(steps));
            for sender in &senders {
                sender.send_to(b"x", (to, port)).unwrap();
            }
            let counts = received(&mut sockets, 40);
            assert_eq!(counts[usize::from(owner)], 40, "{bind} {to} {counts:?}");
        }
        // Everybody else comes as before.
        let strangers: Vec<UdpSocket> =
            (0..60).map(|_| UdpSocket::bind((to, 0)).unwrap()).collect();
        for stranger in &strangers {
            stranger.send_to(b"x", (to, port)).unwrap();
        }
        let counts = received(&mut sockets, 60);
        assert!(counts.iter().all(|n| *n > 5), "{bind} {to} {counts:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_shared_port_is_taken_for_everybody_else() {
    let bind = |ip: Option<IpAddr>, port, count| Socket::bind(ip, port, false, count);
    let taken = |error: io::Error| error.kind() == io::ErrorKind::AddrInUse;
    let (sockets, port) = bind(None, 0, 4).unwrap();
    assert_eq!(sockets.len(), 4);
    let own: Option<IpAddr> = "127.0.0.1".parse().ok();
    for (ip, count) in [(None, 1), (None, 4), (own, 1), (own, 4)] {
        assert!(bind(ip, port, count).is_err_and(taken));
    }
    assert!(UdpSocket::bind(("127.0.0.1", port)).is_err_and(taken));
    drop(sockets);
    // Who shares its port with anybody who asks has it too.
    let other = open(SocketAddr::new(own.unwrap(), port), true).unwrap();
    assert!(bind(None, port, 4).is_err_and(taken));
    drop(other);
    assert!(bind(None, port, 4).is_ok());
}

#[test]
fn a_mishap_is_no_end_and_a_broken_socket_is() {
    let error = || io::Error::from(io::ErrorKind::OutOfMemory);
    let mut mishaps = Mishaps::default();
    for _ in 0..3 {
        assert!((1..10).all(|_| mishaps.note(error()).is_ok()));
        mishaps.over();
    }
    mishaps.0 = Mishaps::LIMIT - 1;
    assert!(mishaps.note(error()).is_err());
}
