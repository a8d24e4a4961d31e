//! The plain hop that a server's delay is compared with: a datagram to the relay and back, in the same minutes.

use crate::delays::Delays;
use crate::peer;
use crate::system;
use crate::way;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// As long as a sealed voice packet.
const BYTES: usize = 108;

pub struct Probe {
    socket: UdpSocket,
    relay: SocketAddr,
    interval: Duration,
    next: Instant,
    pub delays: Delays,
}

impl Probe {
    pub fn new(ip: IpAddr, relay: IpAddr, port: u16, interval: Duration) -> Result<Probe, String> {
        let socket = way::bind(ip)?;
        let words = |error: std::io::Error| format!("A socket cannot be set up: {error}");
        system::stamp_arrivals(&socket).map_err(words)?;
        Ok(Probe {
            socket,
            relay: SocketAddr::new(relay, port),
            interval,
            next: Instant::now(),
            delays: Delays::default(),
        })
    }

    /// When to take a turn again.
    pub fn next(&self) -> Instant {
        self.next
    }

    /// Sends what is due, and takes what came.
    pub fn turn(&mut self, now: Instant, playing: bool, buffer: &mut [u8]) {
        while let Ok((length, _, stamp)) = system::receive_stamped(&self.socket, buffer) {
            if let (Some(sent), 1..) = (peer::sent_at(&buffer[..length]), stamp) {
                self.delays.note(stamp.saturating_sub(sent));
            }
        }
        if self.next > now {
            return;
        }
        self.next = now + self.interval;
        if playing {
            let mut packet = [0; BYTES];
            peer::stamp(&mut packet);
            let _ = self.socket.send_to(&packet, self.relay);
        }
    }
}
