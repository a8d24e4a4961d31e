//! Reading transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).

use super::super::bytes::be16;

/// In front of the chunks: sender, media, base, count, reference time, feedback count.
const FIXED: usize = 16;

/// One message, read as far as needed.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    base: u16,
    count: u16,
    /// Ticks of 250 us, modulo 2^32.
    reference: u32,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

/// What is told of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketStatus {
    /// Transport-wide sequence number.
    pub seq: u16,
    /// Ticks of 250 us on the receiver's clock, modulo 2^32. `None`: it has not come.
    pub arrived: Option<u32>,
}

impl<'a> Report<'a> {
    /// Reads what stands behind the first four bytes of the RTCP packet, without padding. `None` when it is cut.
    pub fn parse(body: &'a [u8]) -> Option<Report<'a>> {
        let (base, count) = (be16(body, 8)?, be16(body, 10)?);
        let &[a, b, c] = body.get(12..15)?.first_chunk()?;
        let behind = body.get(FIXED..)?;
        let (mut told, mut length) = (0, 0);
        while told < usize::from(count) {
            told += Chunk::new(be16(behind, length)?).left;
            length += 2;
        }
        let (chunks, deltas) = behind.split_at_checked(length)?;
        Some(Report {
            base,
            count,
            reference: u32::from_be_bytes([a, b, c, 0]),
            chunks,
            deltas,
        })
    }

    /// Number of the first packet that is told of.
    pub fn base(&self) -> u16 {
        self.base
    }

    /// Packets that are told of.
    pub fn len(&self) -> usize {
        self.count.into()
    }

    /// Whether nothing is told.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Packet by packet, in the order of their numbers; ends early where the message makes no sense.
    pub fn statuses(&self) -> Statuses<'a> {
        Statuses {
            chunks: self.chunks,
            deltas: self.deltas,
            chunk: Chunk::default(),
            seq: self.base,
            left: self.count,
            time: self.reference,
        }
    }
}

/// Iterator of [`Report::statuses`].
#[derive(Debug, Clone)]
pub struct Statuses<'a> {
    chunks: &'a [u8],
    deltas: &'a [u8],
    chunk: Chunk,
    seq: u16,
    left: u16,
    time: u32,
}

impl Iterator for Statuses<'_> {
    type Item = PacketStatus;

    fn next(&mut self) -> Option<PacketStatus> {
        self.left = self.left.checked_sub(1)?;
        if self.chunk.left == 0 {
            let (word, rest) = self.chunks.split_first_chunk()?;
            (self.chunk, self.chunks) = (Chunk::new(u16::from_be_bytes(*word)), rest);
        }
        let seq = self.seq;
        self.seq = seq.wrapping_add(1);
        let delta = match self.chunk.next()? {
            0 => return Some(PacketStatus { seq, arrived: None }),
            1 => {
                let (&delta, rest) = self.deltas.split_first()?;
                self.deltas = rest;
                u32::from(delta)
            }
            2 => {
                let (delta, rest) = self.deltas.split_first_chunk()?;
                self.deltas = rest;
                i32::from(i16::from_be_bytes(*delta)) as u32
            }
            // Reserved: nothing behind it can be placed.
            _ => {
                self.left = 0;
                return None;
            }
        };
        self.time = self.time.wrapping_add(delta);
        let arrived = Some(self.time);
        Some(PacketStatus { seq, arrived })
    }
}

/// A run of one symbol, or a vector of symbols.
#[derive(Debug, Clone, Copy, Default)]
struct Chunk {
    word: u16,
    /// Symbols that it still has.
    left: usize,
}

impl Chunk {
    fn new(word: u16) -> Chunk {
        let left = match word >> 14 {
            0 | 1 => usize::from(word & 0x1FFF),
            2 => 14,
            _ => 7,
        };
        Chunk { word, left }
    }

    fn next(&mut self) -> Option<u16> {
        self.left = self.left.checked_sub(1)?;
        Some(match self.word >> 14 {
            0 | 1 => self.word >> 13 & 3,
            2 => self.word >> self.left & 1,
            _ => self.word >> (2 * self.left) & 3,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::testing::Random;
    use crate::media::twcc::Arrivals;
    use std::time::{Duration, Instant};

    fn all(body: &[u8]) -> Vec<(u16, Option<u32>)> {
        let report = Report::parse(body).unwrap();
        report.statuses().map(|s| (s.seq, s.arrived)).collect()
    }

    /// Base 65535, reference time 3.
    fn message(count: u8, behind: &[u8]) -> Vec<u8> {
        let fixed = [0, 0, 0, 1, 0, 0, 0, 2, 255, 255, 0, count, 0, 0, 3, 9];
        [&fixed, behind].concat()
    }

    #[test]
    fn every_kind_of_chunk() {
        let run = message(3, &[0x20, 3, 4, 0, 8]);
        let ticks = |delta: u32| Some(3 * 256 + delta);
        assert_eq!(
            all(&run),
            [(65_535, ticks(4)), (0, ticks(4)), (1, ticks(12))]
        );
        let bits = message(3, &[0b1010_1000, 0, 7, 1]);
        assert_eq!(all(&bits), [(65_535, ticks(7)), (0, None), (1, ticks(8))]);
        let pairs = message(3, &[0b1101_1000, 0, 7, 0xFF, 0xFE]);
        assert_eq!(all(&pairs), [(65_535, ticks(7)), (0, ticks(5)), (1, None)]);
    }

    #[test]
    fn what_makes_no_sense_ends_it() {
        assert!(Report::parse(&message(1, &[])).is_none());
        assert!(Report::parse(&message(0, &[])[..15]).is_none());
        assert_eq!(all(&message(0, &[])), []);
        assert_eq!(all(&message(3, &[0x20, 3, 4])).len(), 1, "deltas are cut");
        assert_eq!(all(&message(3, &[0x60, 3])), [], "a reserved symbol");
        // Chunks without symbols do not keep it up.
        assert!(Report::parse(&message(1, &[0; 64])).is_none());
    }

    #[test]
    fn what_is_written_is_read() {
        let start = Instant::now();
        let mut random = Random::new(5);
        for _ in 0..200 {
            let mut arrivals = Arrivals::new(start);
            let (mut seq, mut ticks) = (random.below(65_536) as u16, 0);
            let mut wanted = vec![];
            for _ in 0..random.below(300) + 1 {
                ticks += random.below(600);
                let came = wanted.is_empty() || random.below(3) > 0;
                if came {
                    arrivals.note(seq, start + Duration::from_micros(250) * ticks as u32);
                }
                wanted.push((seq, came.then_some(ticks as u32)));
                seq = seq.wrapping_add(1);
            }
            while wanted.last().is_some_and(|(_, came)| came.is_none()) {
                wanted.pop();
            }
            let mut found = vec![];
            while arrivals.has_news() {
                let mut out = vec![];
                arrivals.write(&mut out, 1, 2);
                let padding = match out[0] & 0x20 {
                    0 => 0,
                    _ => usize::from(*out.last().unwrap()),
                };
                found.extend(all(&out[4..out.len() - padding]));
            }
            assert_eq!(found, wanted);
        }
    }
}
