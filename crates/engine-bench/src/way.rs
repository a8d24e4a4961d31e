//! How a client's packets come and go: datagrams, or frames on a TCP stream (RFC 4571, ICE candidates of RFC 6544).

use crate::system;
use engine::media::framing::{FrameReader, write_frame};
use socket2::Socket;
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;
use str0m::Candidate;
use str0m::net::{Protocol, TcpType};

/// Bytes of a key frame and what is under way with it.
const ROOM: usize = 1 << 20;
/// A server on the same machine answers at once or not at all.
const PATIENCE: Duration = Duration::from_secs(5);
/// Read at once from a stream.
const READ: usize = 64 << 10;

pub enum Way {
    Udp(UdpSocket),
    Tcp(Box<Stream>),
}

pub struct Stream {
    socket: TcpStream,
    local: SocketAddr,
    remote: SocketAddr,
    reader: FrameReader,
    /// Whole packets, and when they were read.
    came: VecDeque<(Vec<u8>, u64)>,
    /// What the socket did not take.
    unsent: Vec<u8>,
}

impl Way {
    pub fn udp(ip: IpAddr) -> Result<Way, String> {
        bind(ip).map(Way::Udp)
    }

    /// Connects to the server's port from any of ours.
    pub fn tcp(server: SocketAddr) -> Result<Way, String> {
        let words = |error: std::io::Error| format!("A client has no stream: {error}");
        let socket = TcpStream::connect_timeout(&server, PATIENCE).map_err(words)?;
        socket.set_nodelay(true).map_err(words)?;
        socket.set_nonblocking(true).map_err(words)?;
        let local = socket.local_addr().map_err(words)?;
        Ok(Way::Tcp(Box::new(Stream {
            socket,
            local,
            remote: server,
            reader: FrameReader::default(),
            came: VecDeque::new(),
            unsent: vec![],
        })))
    }

    pub fn protocol(&self) -> Protocol {
        match self {
            Way::Udp(_) => Protocol::Udp,
            Way::Tcp(_) => Protocol::Tcp,
        }
    }

    pub fn candidate(&self) -> Result<Candidate, String> {
        match self {
            Way::Udp(socket) => {
                let address = socket.local_addr().map_err(|error| error.to_string())?;
                Candidate::host(address, "udp")
            }
            Way::Tcp(stream) => {
                let candidate = Candidate::builder().tcp().host(stream.local);
                candidate.tcptype(TcpType::Active).build()
            }
        }
        .map_err(|error| error.to_string())
    }

    /// What there is no room for is lost, as on any network; a stream keeps it.
    pub fn send(&mut self, bytes: &[u8], to: SocketAddr) {
        match self {
            Way::Udp(socket) => drop(socket.send_to(bytes, to)),
            Way::Tcp(stream) => {
                write_frame(&mut stream.unsent, bytes);
                stream.flush();
            }
        }
    }

    /// The next packet: its length, its sender, and when it came in nanoseconds, 0 where that is not known. By UDP the kernel's stamp,
    /// by TCP the time of reading.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Option<(usize, Option<SocketAddr>, u64)> {
        match self {
            Way::Udp(socket) => system::receive_stamped(socket, buffer).ok(),
            Way::Tcp(stream) => {
                if stream.came.is_empty() {
                    stream.read();
                }
                let (packet, stamp) = stream.came.pop_front()?;
                let place = buffer.get_mut(..packet.len())?;
                place.copy_from_slice(&packet);
                Some((packet.len(), Some(stream.remote), stamp))
            }
        }
    }

    /// Datagrams that reached the socket and were not put in its queue. Wraps.
    pub fn drops(&self) -> u32 {
        match self {
            Way::Udp(socket) => system::drops(socket),
            Way::Tcp(_) => 0,
        }
    }
}

impl Stream {
    fn read(&mut self) {
        let mut bytes = [0; READ];
        while let Ok(length @ 1..) = self.socket.read(&mut bytes) {
            let (came, stamp) = (&mut self.came, system::wall_nanos());
            let keep = |packet: &[u8]| came.push_back((packet.to_vec(), stamp));
            if self.reader.read(&bytes[..length], keep).is_err() || length < READ {
                break;
            }
        }
        self.flush();
    }

    fn flush(&mut self) {
        while !self.unsent.is_empty() {
            match self.socket.write(&self.unsent) {
                Ok(length @ 1..) => drop(self.unsent.drain(..length)),
                _ => return,
            }
        }
    }
}

/// A socket with room for a key frame.
pub fn bind(ip: IpAddr) -> Result<UdpSocket, String> {
    let words = |error: std::io::Error| format!("A client has no socket: {error}");
    let socket = UdpSocket::bind((ip, 0)).map_err(words)?;
    let buffer = Socket::from(socket.try_clone().map_err(words)?);
    buffer.set_recv_buffer_size(ROOM).map_err(words)?;
    socket.set_nonblocking(true).map_err(words)?;
    Ok(socket)
}
