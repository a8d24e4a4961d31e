//! The UDP sockets of one port, dual stack where the system has IPv6. IPv4 addresses look like IPv4 on both sides
//! of it, whatever the socket is.

use super::portable::PortableSocket;
use super::wake::Waker;
use crate::outbox::Outbox;
use crate::shard::ShardId;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use socket2::{Domain, Protocol, SockAddr, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::time::Duration;

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
        let socket = Socket::Portable(Box::new(PortableSocket::new(first, bound)));
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
            Socket::Portable(socket) => socket.failed(),
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

#[cfg(test)]
#[path = "socket_tests.rs"]
mod tests;
