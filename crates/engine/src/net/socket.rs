//! One UDP socket for everybody, dual stack where the system has IPv6. IPv4 addresses look like IPv4 on both sides
//! of it, whatever the socket is.

use super::wake::Waker;
use crate::outbox::Outbox;
use socket2::{Domain, Protocol, SockAddr, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::time::Duration;

/// Longer datagrams are none of ours.
pub(super) const DATAGRAM_LIMIT: usize = 2048;
const BUFFER: usize = 4 << 20;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    pub failed: u64,
}

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
    Portable(PortableSocket),
}

impl Socket {
    pub fn bind(bind: Option<IpAddr>, port: u16, portable: bool) -> io::Result<(Self, Waker, u16)> {
        let socket = match bind {
            Some(ip) => open(SocketAddr::new(ip, port))?,
            None => match open(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port)) {
                // Another program on the port is no reason to try another family.
                Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                    open(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port))?
                }
                result => result?,
            },
        };
        let bound = socket.local_addr()?;
        let port = bound.port();
        #[cfg(target_os = "linux")]
        if !portable {
            let (linux, waker) = super::linux::LinuxSocket::new(socket, bound)?;
            return Ok((Socket::Linux(Box::new(linux)), waker, port));
        }
        let _ = portable;
        let waker = Waker::datagram(bound)?;
        Ok((
            Socket::Portable(PortableSocket {
                socket,
                bound,
                mishaps: Mishaps::default(),
            }),
            waker,
            port,
        ))
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

    pub fn send(&mut self, outbox: &Outbox) -> Sent {
        match self {
            #[cfg(target_os = "linux")]
            Socket::Linux(socket) => socket.send(outbox),
            Socket::Portable(socket) => socket.send(outbox),
        }
    }
}

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
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
    socket: UdpSocket,
    bound: SocketAddr,
    mishaps: Mishaps,
}

impl PortableSocket {
    fn receive(&mut self, wait: Duration, arrival: &mut Arrival) -> io::Result<()> {
        let mut buffer = [0; DATAGRAM_LIMIT];
        self.socket.set_nonblocking(false)?;
        self.socket
            .set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
        for round in 0..64 {
            match self.socket.recv_from(&mut buffer) {
                // Empty ones are wakes.
                Ok((0, _)) => {}
                Ok((len, from)) => {
                    self.mishaps.over();
                    let from = plain(from);
                    let local = match self.bound.ip().is_unspecified() {
                        true if from.is_ipv4() => {
                            SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), self.bound.port())
                        }
                        _ => self.bound,
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
                self.socket.set_nonblocking(true)?;
            }
        }
        Ok(())
    }

    fn send(&mut self, outbox: &Outbox) -> Sent {
        let mut sent = Sent::default();
        for datagram in outbox.datagrams() {
            let to = for_socket(datagram.route.to, self.bound.is_ipv6());
            if self.socket.send_to(outbox.bytes(datagram), to).is_err() {
                sent.failed += 1;
            }
        }
        sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
