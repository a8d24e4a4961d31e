//! The UDP sockets of one port, dual stack where the system has IPv6. IPv4 addresses look like IPv4 on both sides
//! of it, whatever the socket is.

use super::departures::{Departures, Wire};
use super::wake::Waker;
use crate::outbox::{Outbox, Train};
use crate::shard::ShardId;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use socket2::{Domain, Protocol, SockAddr, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::time::{Duration, Instant};

/// Longer datagrams are none of ours.
pub(super) const DATAGRAM_LIMIT: usize = 2048;
const BUFFER: usize = 4 << 20;

/// Receiving fails now and then for want of memory, or over a datagram that no buffer of ours holds. The socket is broken
/// only when nothing else comes of it.
#[derive(Debug, Default)]
pub(super) struct Mishaps(u32);

impl Mishaps {
    const LIMIT: u32 = 1000;

    /// Waits a moment, so that the thread does not spin. Fails when it has gone on for long.
    pub fn note(&mut self, error: io::Error) -> io::Result<()> {
        self.0 += 1;
        if self.0 >= Self::LIMIT {
            return Err(error);
        }
        std::thread::sleep(Duration::from_millis(1));
        Ok(())
    }

    pub fn over(&mut self) {
        self.0 = 0;
    }
}

/// One arrived datagram: from, local address, bytes.
pub(super) type Arrival<'a> = dyn FnMut(SocketAddr, SocketAddr, &[u8]) + 'a;

pub(super) enum Socket {
    #[cfg(target_os = "linux")]
    Linux(Box<super::linux::LinuxSocket>),
    Portable(Box<PortableSocket>),
}

impl Socket {
    /// So many sockets on one port, or a single one where the system does not spread datagrams over sockets.
    pub fn bind(
        bind: Option<IpAddr>,
        port: u16,
        portable: bool,
        count: ShardId,
    ) -> io::Result<(Vec<(Self, Waker)>, u16)> {
        let first = match bind {
            Some(ip) => open(SocketAddr::new(ip, port), false)?,
            None => match open(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port), false) {
                // Another program on the port is no reason to try another family.
                Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                    open(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port), false)?
                }
                result => result?,
            },
        };
        let bound = first.local_addr()?;
        #[cfg(target_os = "linux")]
        if !portable {
            let companions = companions(&first, bound, count.saturating_sub(1));
            let sockets = [first].into_iter().chain(companions);
            let sockets = sockets.map(|socket| {
                let (linux, waker) = super::linux::LinuxSocket::new(socket, bound)?;
                Ok((Socket::Linux(Box::new(linux)), waker))
            });
            return Ok((sockets.collect::<io::Result<_>>()?, bound.port()));
        }
        let _ = (portable, count);
        let waker = Waker::datagram(bound)?;
        let socket = Socket::Portable(Box::new(PortableSocket {
            wire: PortableWire {
                socket: first,
                bound,
            },
            departures: Departures::new(false),
            mishaps: Mishaps::default(),
        }));
        Ok((vec![(socket, waker)], bound.port()))
    }

    /// Waits for datagrams, a wake or the end of `wait`, then hands over what has arrived, up to a limit that leaves
    /// timers and commands their turn.
    pub fn receive(&mut self, wait: Duration, arrival: &mut Arrival) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Socket::Linux(socket) => socket.receive(wait, arrival),
            Socket::Portable(socket) => socket.receive(wait, arrival),
        }
    }

    /// Sends everything in the outbox and empties it. What the network does not take now waits for a short time.
    pub fn send(&mut self, outbox: &mut Outbox) {
        match self {
            #[cfg(target_os = "linux")]
            Socket::Linux(socket) => socket.send(outbox),
            Socket::Portable(socket) => socket.send(outbox),
        }
    }

    /// Datagrams that could not be sent, since the start.
    pub fn failed(&self) -> u64 {
        match self {
            #[cfg(target_os = "linux")]
            Socket::Linux(socket) => socket.failed(),
            Socket::Portable(socket) => socket.departures.failed(),
        }
    }

    /// Has the port's socket of a shard get what comes from some clients (`steering.rs`).
    #[cfg(target_os = "linux")]
    pub fn steer(&self, steps: &[super::steering::Step]) {
        if let Socket::Linux(socket) = self {
            socket.steer(steps);
        }
    }

    /// The system calls in use, in words for the log.
    pub fn path(&self) -> &'static str {
        match self {
            #[cfg(target_os = "linux")]
            Socket::Linux(socket) if socket.trains() => "recvmmsg, sendmmsg with UDP GSO",
            #[cfg(target_os = "linux")]
            Socket::Linux(_) => "recvmmsg, sendmmsg",
            Socket::Portable(_) => "one system call a datagram",
        }
    }
}

/// More sockets on the port of the first, among which Linux spreads senders by their addresses.
///
/// A shared port is open to every program of the same user that asks to share it, so a second Maru must not find out by sharing.
/// The first socket is bound alone, which fails when anybody has the port, and shares it only afterwards; a second Maru's first
/// socket then fails likewise.
#[cfg(target_os = "linux")]
fn companions(first: &UdpSocket, bound: SocketAddr, count: ShardId) -> Vec<UdpSocket> {
    let first = SockRef::from(first);
    if count == 0 || first.set_reuse_port(true).is_err() {
        return Vec::new();
    }
    let companions = (0..count).map(|_| open(bound, true));
    companions.collect::<io::Result<_>>().unwrap_or_else(|_| {
        let _ = first.set_reuse_port(false);
        Vec::new()
    })
}

fn open(address: SocketAddr, shares: bool) -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    #[cfg(target_os = "linux")]
    socket.set_reuse_port(shares)?;
    let _ = shares;
    // Smaller buffers than asked for still work.
    let _ = socket.set_recv_buffer_size(BUFFER);
    let _ = socket.set_send_buffer_size(BUFFER);
    socket.bind(&SockAddr::from(address))?;
    Ok(socket.into())
}

/// The form an address has inside the engine.
pub(super) fn plain(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
            Some(v4) => SocketAddr::new(v4.into(), v6.port()),
            None => address,
        },
        SocketAddr::V4(_) => address,
    }
}

/// The form the socket wants.
pub(super) fn for_socket(address: SocketAddr, v6: bool) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v6 => {
            SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0).into()
        }
        _ => address,
    }
}

/// One system call a datagram, for systems without `recvmmsg` and `sendmmsg`. The local address stays unknown; the
/// engine then takes its first candidate of the family.
pub(super) struct PortableSocket {
    wire: PortableWire,
    departures: Departures,
    mishaps: Mishaps,
}

struct PortableWire {
    socket: UdpSocket,
    bound: SocketAddr,
}

impl Wire for PortableWire {
    fn send(&mut self, outbox: &Outbox, trains: &[Train]) -> io::Result<usize> {
        // Nothing is coupled here: each train is one datagram in one piece.
        let first = trains
            .first()
            .map(|train| (train.route.to.address, outbox.pieces(train).next()));
        if let Some((to, bytes)) = first {
            let to = for_socket(to, self.bound.is_ipv6());
            self.socket.send_to(bytes.unwrap_or_default(), to)?;
        }
        Ok(1)
    }
}

/// How often a full send buffer is tried again where nothing says that it has room.
const RETRY: Duration = Duration::from_millis(2);

impl PortableSocket {
    fn receive(&mut self, wait: Duration, arrival: &mut Arrival) -> io::Result<()> {
        let result = self.receive_some(wait, arrival);
        // Sending never waits.
        self.wire.socket.set_nonblocking(true)?;
        self.departures.resume(&mut self.wire, Instant::now());
        result
    }

    fn receive_some(&mut self, wait: Duration, arrival: &mut Arrival) -> io::Result<()> {
        let mut buffer = [0; DATAGRAM_LIMIT];
        let wait = match self.departures.deadline() {
            Some(_) => wait.min(RETRY),
            None => wait,
        };
        let PortableWire { socket, bound } = &self.wire;
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
        for round in 0..64 {
            match socket.recv_from(&mut buffer) {
                // Empty ones are wakes.
                Ok((0, _)) => {}
                Ok((len, from)) => {
                    self.mishaps.over();
                    let from = plain(from);
                    let local = match bound.ip().is_unspecified() {
                        true if from.is_ipv4() => {
                            SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), bound.port())
                        }
                        _ => *bound,
                    };
                    arrival(from, local, &buffer[..len]);
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => return Ok(()),
                    // A port of a client was closed, or a signal came: nothing to do with this socket.
                    io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::Interrupted => {}
                    _ => return self.mishaps.note(error),
                },
            }
            if round == 0 {
                socket.set_nonblocking(true)?;
            }
        }
        Ok(())
    }

    fn send(&mut self, outbox: &mut Outbox) {
        self.departures.send(&mut self.wire, outbox, Instant::now());
    }
}

#[cfg(test)]
mod tests {
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

    /// The share of each socket in datagrams from many senders.
    #[cfg(target_os = "linux")]
    fn spread(bind: &str, to: &str, count: ShardId) -> Vec<usize> {
        let (mut sockets, port) =
            Socket::bind(Some(bind.parse().unwrap()), 0, false, count).unwrap();
        for _ in 0..100 {
            let sender = UdpSocket::bind((to, 0)).unwrap();
            sender.send_to(b"x", (to, port)).unwrap();
        }
        let counts = sockets.iter_mut().map(|(socket, _)| {
            let mut count = 0;
            let counted = &mut |_: SocketAddr, _: SocketAddr, _: &[u8]| count += 1;
            socket.receive(Duration::ZERO, counted).unwrap();
            count
        });
        counts.collect()
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
            let (mut sockets, port) =
                Socket::bind(Some(bind.parse().unwrap()), 0, false, 3).unwrap();
            let senders: Vec<UdpSocket> =
                (0..40).map(|_| UdpSocket::bind((to, 0)).unwrap()).collect();
            let steering = Steering::default();
            for owner in [2, 0, 1] {
                let turns = senders
                    .iter()
                    .map(|s| (s.local_addr().unwrap(), Some(owner)));
                steering.follow(owner, turns.collect(), |steps| sockets[0].0.steer(steps));
                for sender in &senders {
                    sender.send_to(b"x", (to, port)).unwrap();
                }
                let mut counts = [0; 3];
                for (number, (socket, _)) in sockets.iter_mut().enumerate() {
                    let counted = &mut |_: SocketAddr, _: SocketAddr, _: &[u8]| counts[number] += 1;
                    socket.receive(Duration::ZERO, counted).unwrap();
                }
                assert_eq!(counts[usize::from(owner)], 40, "{bind} {to} {counts:?}");
            }
            // Everybody else comes as before.
            let strangers: Vec<UdpSocket> =
                (0..60).map(|_| UdpSocket::bind((to, 0)).unwrap()).collect();
            for stranger in &strangers {
                stranger.send_to(b"x", (to, port)).unwrap();
            }
            for (socket, _) in &mut sockets {
                let mut count = 0;
                let counted = &mut |_: SocketAddr, _: SocketAddr, _: &[u8]| count += 1;
                socket.receive(Duration::ZERO, counted).unwrap();
                assert!(count > 5, "{bind} {to} {count}");
            }
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
}
