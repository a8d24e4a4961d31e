//! Where the floor sends to: sockets that keep and drop of RTP what those of subscribers do, so that the half of the way that is the receivers',
//! and that the sender pays on one machine, costs the same.

use crate::arrivals;
use crate::sink;
use crate::system;
use crate::way;
use std::net::{IpAddr, UdpSocket};
use std::time::{Duration, Instant};

/// One in so many keeps everything, as the subscribers that are sampled.
const SAMPLE_ONE_IN: usize = 20;

#[derive(Default)]
pub struct Targets {
    /// Emptied as often as subscribers tell of arrivals.
    thinned: Round,
    sampled: Round,
    ports: Vec<u16>,
}

/// Sockets that are emptied in turns.
#[derive(Default)]
struct Round {
    sockets: Vec<UdpSocket>,
    next: usize,
    at: Option<Instant>,
}

/// Parts of a round that are taken together: who looks at each alone wakes too often.
const PARTS: u32 = 10;

impl Targets {
    pub fn new(ip: IpAddr, count: usize) -> Result<Targets, String> {
        let words = |error: std::io::Error| format!("A target has no socket: {error}");
        let mut targets = Targets::default();
        for number in 0..count {
            let socket = way::bind(ip)?;
            targets
                .ports
                .push(socket.local_addr().map_err(words)?.port());
            if number % SAMPLE_ONE_IN == 0 {
                targets.sampled.sockets.push(socket);
            } else {
                system::thin_rtp(&socket).map_err(words)?;
                targets.thinned.sockets.push(socket);
            }
        }
        Ok(targets)
    }

    pub fn ports(&self) -> Vec<String> {
        self.ports.iter().map(u16::to_string).collect()
    }

    /// When to take a turn again.
    pub fn next(&self) -> Option<Instant> {
        let rounds = [&self.thinned, &self.sampled];
        rounds.into_iter().filter_map(|round| round.at).min()
    }

    /// Reads what came to those whose turn it is.
    pub fn turn(&mut self, now: Instant, buffer: &mut [u8]) {
        self.thinned.turn(now, arrivals::INTERVAL, buffer);
        self.sampled.turn(now, sink::SAMPLED, buffer);
    }
}

impl Round {
    fn turn(&mut self, now: Instant, time: Duration, buffer: &mut [u8]) {
        if self.sockets.is_empty() || self.at.is_some_and(|at| now < at) {
            return;
        }
        self.at = Some(now + time / PARTS);
        let some = self.sockets.len().div_ceil(PARTS as usize);
        for socket in self.sockets.iter().cycle().skip(self.next).take(some) {
            while system::receive_stamped(socket, buffer).is_ok() {}
        }
        self.next = (self.next + some) % self.sockets.len();
    }
}
