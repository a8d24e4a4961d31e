//! Packets on a TCP stream (RFC 4571): the length in sixteen bits, then the packet.

use super::bytes::be16;

/// Longer packets are none of ours, by TCP as by UDP.
pub const FRAME_LIMIT: usize = 2048;
const LENGTH: usize = 2;

/// A stream that announces a packet longer than [`FRAME_LIMIT`]: where the next one begins is not worth waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame of more than {FRAME_LIMIT} bytes")]
pub struct FrameTooLong;

/// Finds the packets in what arrives, however the network has cut it. Holds less than one packet.
#[derive(Debug, Default)]
pub struct FrameReader {
    partial: Vec<u8>,
}

impl FrameReader {
    /// Hands over every packet that `bytes` completes, in order. Empty ones, which keep a stream alive, are passed over.
    ///
    /// # Errors
    /// When a packet is too long; the stream cannot be read on from there.
    pub fn read(
        &mut self,
        mut bytes: &[u8],
        mut packet: impl FnMut(&[u8]),
    ) -> Result<(), FrameTooLong> {
        loop {
            let whole = match be16(&self.partial, 0).map(usize::from) {
                Some(length) if length > FRAME_LIMIT => return Err(FrameTooLong),
                Some(length) => LENGTH + length,
                None => LENGTH,
            };
            let lacking = whole.saturating_sub(self.partial.len());
            let Some((next, rest)) = bytes.split_at_checked(lacking) else {
                self.partial.extend_from_slice(bytes);
                return Ok(());
            };
            self.partial.extend_from_slice(next);
            bytes = rest;
            let length = be16(&self.partial, 0).map(usize::from);
            if length.is_some_and(|length| LENGTH + length == self.partial.len()) {
                if let Some(body) = self.partial.get(LENGTH..).filter(|body| !body.is_empty()) {
                    packet(body);
                }
                self.partial.clear();
            }
        }
    }
}

/// Appends a packet in its frame. False for one that no reader of ours would take, which is left out.
pub fn write_frame(out: &mut Vec<u8>, packet: &[u8]) -> bool {
    let length = u16::try_from(packet.len()).ok();
    let Some(length) = length.filter(|length| usize::from(*length) <= FRAME_LIMIT) else {
        return false;
    };
    out.extend(length.to_be_bytes());
    out.extend_from_slice(packet);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::testing::Random;

    fn read_all(reader: &mut FrameReader, bytes: &[u8]) -> Result<Vec<Vec<u8>>, FrameTooLong> {
        let mut packets = Vec::new();
        reader.read(bytes, |packet| packets.push(packet.to_vec()))?;
        Ok(packets)
    }

    #[test]
    fn packets_come_out_however_they_were_cut() {
        let mut random = Random::new(4_571);
        for _ in 0..300 {
            let lengths = (0..random.below(12)).map(|_| match random.below(5) {
                0 => 0,
                1 => FRAME_LIMIT as u64,
                2 => random.below(4),
                _ => random.below(1_300),
            });
            let packets: Vec<Vec<u8>> = lengths
                .collect::<Vec<_>>()
                .into_iter()
                .map(|length| (0..length).map(|_| random.next() as u8).collect())
                .collect();
            let mut stream = Vec::new();
            for packet in &packets {
                assert!(write_frame(&mut stream, packet));
            }
            let (mut reader, mut found) = (FrameReader::default(), Vec::new());
            let mut rest = &stream[..];
            while !rest.is_empty() {
                let most = if random.below(3) == 0 { 3 } else { 3_000 };
                let cut = (1 + random.below(most) as usize).min(rest.len());
                found.extend(read_all(&mut reader, &rest[..cut]).unwrap());
                assert!(reader.partial.len() < LENGTH + FRAME_LIMIT);
                rest = &rest[cut..];
            }
            let packets: Vec<_> = packets.into_iter().filter(|p| !p.is_empty()).collect();
            assert_eq!(found, packets);
        }
    }

    #[test]
    fn a_packet_that_is_too_long_ends_the_stream() {
        let mut reader = FrameReader::default();
        let good = read_all(&mut reader, &[0, 1, 7, 0x08]).unwrap();
        assert_eq!(good, [[7]]);
        assert_eq!(read_all(&mut reader, &[0x01, 0]), Err(FrameTooLong));
        assert_eq!(read_all(&mut reader, &[0; 100_000]), Err(FrameTooLong));
        assert!(reader.partial.len() <= LENGTH);
        let mut out = Vec::new();
        assert!(!write_frame(&mut out, &vec![0; FRAME_LIMIT + 1]) && out.is_empty());
    }
}
