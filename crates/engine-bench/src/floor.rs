//! The least that any server pays for a packet to each of N subscribers: one seal under the subscriber's own key and
//! a share of one `sendmmsg`. The sinks are never read, so their queues are full and the packets end in the kernel.

use crate::Options;
use crate::system::{BATCH, send_many, thread_cpu};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use socket2::{SockAddr, Socket};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

const HEADER: usize = 12;
const TAG: usize = 16;

/// Packets and what they cost one thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    pub packets: u64,
    pub cpu: Duration,
    pub wall: Duration,
}

impl Cost {
    pub fn add(&mut self, other: Cost) {
        self.packets += other.packets;
        self.cpu += other.cpu;
        self.wall += other.wall;
    }

    pub fn micros_per_packet(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.packets.max(1) as f64
    }

    pub fn packets_per_second(&self) -> f64 {
        self.packets as f64 / self.wall.as_secs_f64().max(1e-9)
    }
}

pub struct Floor {
    source: UdpSocket,
    sinks: Vec<(Socket, SockAddr, LessSafeKey)>,
    arena: Vec<[u8; 1_500]>,
    count: u64,
}

impl Floor {
    pub fn new(subscribers: u32) -> Result<Floor, String> {
        let words = |error: std::io::Error| format!("The floor has no sockets: {error}");
        let source = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(words)?;
        let send_buffer = Socket::from(source.try_clone().map_err(words)?);
        send_buffer.set_send_buffer_size(4 << 20).map_err(words)?;
        let sinks = (0..subscribers)
            .map(|number| {
                let sink = Socket::from(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?);
                sink.set_recv_buffer_size(4_096)?;
                let address = sink.local_addr()?;
                let mut key = [7; 32];
                key[..4].copy_from_slice(&number.to_be_bytes());
                let key = UnboundKey::new(&AES_256_GCM, &key).expect("32 bytes");
                Ok((sink, address, LessSafeKey::new(key)))
            })
            .collect::<Result<_, _>>()
            .map_err(words)?;
        Ok(Floor {
            source,
            sinks,
            arena: vec![[3; 1_500]; BATCH],
            count: 0,
        })
    }

    /// Sends datagrams of `bytes` to all sinks in turn, as fast as one thread can.
    pub fn run(&mut self, bytes: usize, time: Duration) -> Result<Cost, String> {
        let payload = vec![5; bytes.clamp(HEADER + TAG + 1, 1_400) - HEADER - TAG];
        let wire = HEADER + payload.len() + TAG;
        let (start, cpu) = (Instant::now(), thread_cpu());
        let mut packets = 0;
        while start.elapsed() < time {
            self.count += 1;
            for batch in self.sinks.chunks(BATCH) {
                for (sink, buffer) in batch.iter().zip(&mut self.arena) {
                    let (header, rest) = buffer.split_at_mut(HEADER);
                    let (body, rest) = rest.split_at_mut(payload.len());
                    body.copy_from_slice(&payload);
                    let mut nonce = [0; 12];
                    nonce[4..].copy_from_slice(&self.count.to_be_bytes());
                    let nonce = Nonce::assume_unique_for_key(nonce);
                    let tag = sink
                        .2
                        .seal_in_place_separate_tag(nonce, Aad::from(&*header), body);
                    rest[..TAG].copy_from_slice(tag.map_err(|_| "The cipher refused.")?.as_ref());
                }
                let sealed = self.arena.iter().map(|buffer| &buffer[..wire]);
                let datagrams = sealed
                    .zip(batch.iter().map(|sink| &sink.1))
                    .take(batch.len());
                let sent = send_many(&self.source, datagrams);
                packets += sent.map_err(|error| format!("The floor cannot send: {error}"))? as u64;
            }
        }
        let cpu = thread_cpu().saturating_sub(cpu);
        Ok(Cost {
            packets,
            cpu,
            wall: start.elapsed(),
        })
    }
}

/// The floor by itself.
pub fn alone(options: &Options) -> Result<String, String> {
    let mut floor = Floor::new(options.subscribers)?;
    floor.run(options.bytes, Duration::from_millis(200))?;
    let cost = floor.run(options.bytes, Duration::from_secs_f64(options.seconds))?;
    Ok(format!(
        "{{\"floorMicros\":{:.3},\"packets\":{},\"packetsPerSecond\":{:.0},\"bytes\":{}}}",
        cost.micros_per_packet(),
        cost.packets,
        cost.packets_per_second(),
        options.bytes
    ))
}

/// Where a client's datagrams for the engine go.
pub fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
