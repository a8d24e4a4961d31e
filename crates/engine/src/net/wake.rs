//! Lets another thread end the media thread's wait.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

#[derive(Clone)]
pub(super) enum Waker {
    #[cfg(target_os = "linux")]
    Event(Arc<super::linux::EventFd>),
    /// An empty datagram to our own socket: works wherever UDP does.
    Datagram(Arc<UdpSocket>, SocketAddr),
}

impl Waker {
    pub fn datagram(bound: SocketAddr) -> io::Result<Self> {
        let ip = match bound.ip() {
            ip if !ip.is_unspecified() => ip,
            _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        let own = UdpSocket::bind((ip, 0))?;
        own.set_nonblocking(true)?;
        let to = SocketAddr::new(ip, bound.port());
        Ok(Waker::Datagram(Arc::new(own), to))
    }

    /// Failing is harmless: the media thread wakes by itself ten times a second, and once a second while nobody is here.
    pub fn wake(&self) {
        match self {
            #[cfg(target_os = "linux")]
            Waker::Event(event) => event.signal(),
            Waker::Datagram(socket, to) => {
                let _ = socket.send_to(&[], to);
            }
        }
    }
}
