//! The least that any server pays: each packet sealed under the subscriber's own key, then sent with as few system calls as possible.
//!
//! `targets IP PORT,PORT,...` says where to; `run SECONDS gso|plain BYTES*COUNT,BYTES*COUNT,...` sends frames of COUNT datagrams of
//! BYTES, tag included, to every target in turn and says what it cost. `run SECONDS FORM FRAMES PER_SECOND GROUPS` sleeps between the frames, as a server
//! does that has nothing else to do: it then wakes with cold caches, as that one. Each frame goes to so many groups of targets one after the other,
//! as frames of so many rooms that are not in step. Headers have numbers and markers, by which the targets keep as many
//! packets as subscribers do.

use crate::system::{BATCH, Train, process_cpu, send_trains};
use crate::wire::{self, word};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use socket2::{SockAddr, Socket};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::Range;
use std::time::{Duration, Instant};

const HEADER: usize = 12;
const TAG: usize = 16;
/// What a batch may hold: it stays in the second-level cache.
const ARENA: usize = 256 << 10;
/// The kernel's limits for one train.
const TRAIN_SEGMENTS: usize = 64;
const TRAIN_BYTES: usize = 65_000;

/// Serves until stdin ends.
pub fn run(address: IpAddr) -> Result<(), String> {
    let mut floor = Floor::new(address)?;
    let stdin = wire::lines();
    while let Ok(words) = stdin.recv() {
        match words[0].as_str() {
            "targets" => floor.aim(word(&words, 1)?, &word::<String>(&words, 2)?)?,
            "run" => {
                let gso = word::<String>(&words, 2)? == "gso";
                let frames = frames(&word::<String>(&words, 3)?)?;
                let time = Duration::from_secs_f64(word(&words, 1)?);
                let (pace, groups) = match words.get(4) {
                    Some(_) => {
                        let pace = Duration::from_secs_f64(1.0 / word::<f64>(&words, 4)?);
                        (Some(pace), word(&words, 5)?)
                    }
                    None => (None, 1),
                };
                wire::say(&floor.send(&frames, gso, time, (pace, groups))?);
            }
            other => return Err(format!("The floor knows no '{other}'.")),
        }
    }
    Ok(())
}

/// A frame for each target: so many datagrams of so many bytes.
struct Frame {
    bytes: usize,
    count: usize,
}

fn frames(text: &str) -> Result<Vec<Frame>, String> {
    let frame = |part: &str| {
        let (bytes, count) = part.split_once('*')?;
        Some(Frame {
            bytes: bytes.parse::<usize>().ok()?.clamp(HEADER + TAG + 1, 1_472),
            count: count.parse::<usize>().ok()?.max(1),
        })
    };
    let frames: Option<Vec<Frame>> = text.split(',').map(frame).collect();
    frames.ok_or_else(|| format!("'{text}' describes no frames."))
}

struct Floor {
    socket: UdpSocket,
    targets: Vec<(SockAddr, LessSafeKey)>,
    batch: Batch,
    sequence: u64,
    /// RTP sequence number of the frame's first packet.
    number: u16,
}

/// Packets of a frame that leave together for one target.
struct Part {
    target: usize,
    bytes: usize,
    count: usize,
    /// RTP sequence number of the first.
    number: u16,
    /// Ends a frame of several. A packet alone is a voice.
    last: bool,
}

#[derive(Default)]
struct Batch {
    arena: Vec<u8>,
    /// Where each train begins, the length of its datagrams, and its target.
    trains: Vec<(usize, usize, usize)>,
}

impl Floor {
    fn new(address: IpAddr) -> Result<Floor, String> {
        let words = |error: std::io::Error| format!("The floor has no socket: {error}");
        let socket = UdpSocket::bind((address, 0)).map_err(words)?;
        let buffer = Socket::from(socket.try_clone().map_err(words)?);
        buffer.set_send_buffer_size(4 << 20).map_err(words)?;
        Ok(Floor {
            socket,
            targets: vec![],
            batch: Batch::default(),
            sequence: 0,
            number: 0,
        })
    }

    fn aim(&mut self, ip: IpAddr, ports: &str) -> Result<(), String> {
        let target = |(number, port): (usize, &str)| {
            let port: u16 = port.parse().map_err(|_| format!("'{port}' is no port."))?;
            let mut key = [7; 32];
            key[..8].copy_from_slice(&number.to_be_bytes());
            let key =
                UnboundKey::new(&AES_256_GCM, &key).map_err(|_| "The cipher refused its key.")?;
            Ok((SocketAddr::new(ip, port).into(), LessSafeKey::new(key)))
        };
        let targets = ports.split(',').enumerate().map(target);
        self.targets = targets.collect::<Result<_, String>>()?;
        Ok(())
    }

    /// With a `pace`, so much time from a frame for a group of targets to the next.
    fn send(
        &mut self,
        frames: &[Frame],
        gso: bool,
        time: Duration,
        (pace, groups): (Option<Duration>, usize),
    ) -> Result<String, String> {
        let (start, cpu) = (Instant::now(), process_cpu());
        let (mut packets, mut bytes) = (0, 0);
        let mut next = start;
        let size = self.targets.len().div_ceil(groups.max(1)).max(1);
        while start.elapsed() < time && !self.targets.is_empty() {
            for frame in frames {
                for first in (0..self.targets.len()).step_by(size) {
                    let group = first..self.targets.len().min(first + size);
                    let count = (group.len() * frame.count) as u64;
                    packets += count;
                    bytes += count * frame.bytes as u64;
                    self.send_frame(frame, gso, group)?;
                    if let Some(pace) = pace {
                        self.flush()?;
                        // Frames that are late are sent one after the other.
                        next += pace;
                        std::thread::sleep(next.saturating_duration_since(Instant::now()));
                    }
                }
                self.number = self.number.wrapping_add(frame.count as u16);
                if start.elapsed() >= time {
                    break;
                }
            }
        }
        self.flush()?;
        let cpu = process_cpu().saturating_sub(cpu).as_secs_f64() * 1e6;
        let wall = start.elapsed().as_secs_f64() * 1e6;
        Ok(format!(
            "{{\"packets\":{packets},\"bytes\":{bytes},\"cpuMicros\":{cpu:.0},\"wallMicros\":{wall:.0}}}"
        ))
    }

    fn send_frame(&mut self, frame: &Frame, gso: bool, to: Range<usize>) -> Result<(), String> {
        let train = match gso {
            true => (TRAIN_BYTES / frame.bytes).min(TRAIN_SEGMENTS),
            false => 1,
        };
        for target in to {
            let mut sent = 0;
            while sent < frame.count {
                let count = train.min(frame.count - sent);
                self.add(&Part {
                    target,
                    bytes: frame.bytes,
                    count,
                    number: self.number.wrapping_add(sent as u16),
                    last: frame.count > 1 && sent + count == frame.count,
                })?;
                sent += count;
            }
        }
        Ok(())
    }

    /// Seals one train into the batch, which leaves when it is full.
    fn add(&mut self, part: &Part) -> Result<(), String> {
        let &Part {
            target,
            bytes,
            count,
            number,
            last,
        } = part;
        if self.batch.trains.len() == BATCH || self.batch.arena.len() + bytes * count > ARENA {
            self.flush()?;
        }
        let key = &self.targets[target].1;
        let arena = &mut self.batch.arena;
        self.batch.trains.push((arena.len(), bytes, target));
        for place in 0..count {
            self.sequence += 1;
            let at = arena.len();
            arena.resize(at + bytes, 5);
            let (header, rest) = arena[at..].split_at_mut(HEADER);
            header[0] = 128;
            header[1] = 96 | u8::from(last && place + 1 == count) << 7;
            header[2..4].copy_from_slice(&number.wrapping_add(place as u16).to_be_bytes());
            let (body, tag) = rest.split_at_mut(bytes - HEADER - TAG);
            let mut nonce = [0; 12];
            nonce[4..].copy_from_slice(&self.sequence.to_be_bytes());
            let nonce = Nonce::assume_unique_for_key(nonce);
            let sealed = key.seal_in_place_separate_tag(nonce, Aad::from(&*header), body);
            tag.copy_from_slice(sealed.map_err(|_| "The cipher refused.")?.as_ref());
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        let Batch { arena, trains } = &self.batch;
        let mut done = 0;
        while done < trains.len() {
            let left = trains[done..].iter().enumerate().map(|(number, train)| {
                let next = trains.get(done + number + 1);
                Train {
                    bytes: &arena[train.0..next.map_or(arena.len(), |next| next.0)],
                    segment: train.1,
                    to: &self.targets[train.2].0,
                }
            });
            let sent = send_trains(&self.socket, left);
            done += sent.map_err(|error| format!("The floor cannot send: {error}"))?;
        }
        self.batch.arena.clear();
        self.batch.trains.clear();
        Ok(())
    }
}
