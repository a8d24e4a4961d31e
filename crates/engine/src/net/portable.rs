//! The socket of systems without `recvmmsg` and `sendmmsg`: one system call a datagram.

use super::departures::{Departures, Wire};
use super::socket::{Arrival, DATAGRAM_LIMIT, Mishaps, for_socket, plain};
use crate::outbox::{Outbox, Train};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How often a full send buffer is tried again where nothing says that it has room.
const RETRY: Duration = Duration::from_millis(2);

/// The local address stays unknown; the engine then takes its first candidate of the family.
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

impl PortableSocket {
    pub fn new(socket: UdpSocket, bound: SocketAddr) -> Self {
        PortableSocket {
            wire: PortableWire { socket, bound },
            departures: Departures::new(false),
            mishaps: Mishaps::default(),
        }
    }

    pub fn receive(&mut self, wait: Duration, arrival: &mut Arrival) -> io::Result<()> {
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

    pub fn send(&mut self, outbox: &mut Outbox) {
        self.departures.send(&mut self.wire, outbox, Instant::now());
    }

    pub fn failed(&self) -> u64 {
        self.departures.failed()
    }
}
