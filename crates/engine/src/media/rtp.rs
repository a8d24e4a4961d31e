//! The RTP header (RFC 3550 section 5.1) and its extensions (RFC 8285).

use super::bytes::{be16, be32};

/// In the first byte: the packet ends with padding.
pub(super) const PADDING_BIT: u8 = 0x20;
const ONE_BYTE: u16 = 0xBEDE;
/// The low four bits are "appbits" and ignored.
const TWO_BYTE: u16 = 0x1000;

/// A header, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// Payload type, 7 bits.
    pub payload_type: u8,
    /// Marker bit.
    pub marker: bool,
    /// Padding bit; [`payload`] takes the padding off.
    pub padding: bool,
    /// Sequence number.
    pub seq: u16,
    /// Timestamp.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Bytes of header, CSRCs and extension block.
    pub len: usize,
    extension_profile: u16,
    extension_block: &'a [u8],
}

impl<'a> Header<'a> {
    /// Reads the header of a packet.
    pub fn parse(packet: &'a [u8]) -> Option<Header<'a>> {
        let (&first, &second) = (packet.first()?, packet.get(1)?);
        let len = header_len(packet)?;
        let fixed = 12 + 4 * usize::from(first & 0x0F);
        let (extension_profile, extension_block) = if first & 0x10 != 0 {
            (be16(packet, fixed)?, packet.get(fixed + 4..len)?)
        } else {
            (0, Default::default())
        };
        Some(Header {
            payload_type: second & 0x7F,
            marker: second & 0x80 != 0,
            padding: first & 0x20 != 0,
            seq: be16(packet, 2)?,
            timestamp: be32(packet, 4)?,
            ssrc: be32(packet, 8)?,
            len,
            extension_profile,
            extension_block,
        })
    }

    /// The header extensions as (id, data), one-byte and two-byte form. Stops at the first malformed one.
    pub fn extensions(&self) -> Extensions<'a> {
        let two_byte = self.extension_profile & 0xFFF0 == TWO_BYTE;
        let block = if two_byte || self.extension_profile == ONE_BYTE {
            self.extension_block
        } else {
            Default::default()
        };
        Extensions {
            two_byte,
            rest: block,
        }
    }

    /// The data of one header extension.
    pub fn extension(&self, id: u8) -> Option<&'a [u8]> {
        self.extensions()
            .find(|extension| extension.0 == id)
            .map(|extension| extension.1)
    }
}

/// Length of the header with CSRCs and extension block; `None` when it is malformed or cut.
pub fn header_len(packet: &[u8]) -> Option<usize> {
    let &first = packet.first()?;
    if first >> 6 != 2 {
        return None;
    }
    let mut len = 12 + 4 * usize::from(first & 0x0F);
    if first & 0x10 != 0 {
        len += 4 + 4 * usize::from(be16(packet, len + 2)?);
    }
    (packet.len() >= len).then_some(len)
}

/// The payload of a packet in the clear, without padding. `None` when the padding count is impossible.
pub fn payload<'a>(packet: &'a [u8], header: &Header) -> Option<&'a [u8]> {
    let payload = packet.get(header.len..)?;
    if !header.padding {
        return Some(payload);
    }
    let count = usize::from(*payload.last()?);
    if count == 0 {
        None
    } else {
        payload.get(..payload.len().checked_sub(count)?)
    }
}

/// Walks through header extensions.
#[derive(Debug, Clone)]
pub struct Extensions<'a> {
    two_byte: bool,
    rest: &'a [u8],
}

impl<'a> Iterator for Extensions<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (&first, rest) = self.rest.split_first()?;
            if first == 0 {
                self.rest = rest; // padding between elements
                continue;
            }
            let (id, length, rest) = if self.two_byte {
                let (&length, rest) = rest.split_first()?;
                (first, usize::from(length), rest)
            } else {
                (first >> 4, usize::from(first & 0x0F) + 1, rest)
            };
            let stop = !self.two_byte && id == 15; // reserved: everything behind it is ignored
            let Some((data, rest)) = rest.split_at_checked(length).filter(|_| !stop) else {
                self.rest = Default::default();
                return None;
            };
            self.rest = rest;
            return Some((id, data));
        }
    }
}

/// Appends a header to `out` and returns its length. Uses the one-byte form unless an element needs the two-byte form (RFC 8285
/// section 4.1.2: more than 16 bytes or an id above 14). Elements longer than 255 bytes or with id 0 are left out.
pub fn write_header(out: &mut Vec<u8>, header: &NewHeader, extensions: &[(u8, &[u8])]) -> usize {
    let start = out.len();
    let present = || {
        extensions
            .iter()
            .filter(|(id, data)| *id != 0 && data.len() <= 255)
    };
    let has_extensions = present().next().is_some();
    out.push(if has_extensions { 0x90 } else { 0x80 });
    out.push(header.payload_type & 0x7F | u8::from(header.marker) << 7);
    out.extend_from_slice(&header.seq.to_be_bytes());
    out.extend_from_slice(&header.timestamp.to_be_bytes());
    out.extend_from_slice(&header.ssrc.to_be_bytes());
    if !has_extensions {
        return 12;
    }
    let two_byte = present().any(|(id, data)| *id > 14 || data.len() > 16 || data.is_empty());
    out.extend_from_slice(&(if two_byte { TWO_BYTE } else { ONE_BYTE }).to_be_bytes());
    let length_at = out.len();
    out.extend_from_slice(&[0, 0]);
    for (id, data) in present() {
        if two_byte {
            out.extend_from_slice(&[*id, data.len() as u8]);
        } else {
            out.push(id << 4 | (data.len() as u8 - 1));
        }
        out.extend_from_slice(data);
    }
    let block = out.len() - length_at - 2;
    out.resize(out.len() + block.next_multiple_of(4) - block, 0);
    let words = (block.div_ceil(4) as u16).to_be_bytes();
    for (to, from) in out.iter_mut().skip(length_at).zip(words) {
        *to = from;
    }
    out.len() - start
}

/// The fields of a header to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewHeader {
    /// Payload type, 7 bits.
    pub payload_type: u8,
    /// Marker bit.
    pub marker: bool,
    /// Sequence number.
    pub seq: u16,
    /// Timestamp.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

/// The extended sequence number of `seq` that is nearest to `highest` (RFC 3711 section 3.3.1); the first one counts from 0.
pub fn extend(highest: Option<u64>, seq: u16) -> u64 {
    let Some(highest) = highest else {
        return u64::from(seq);
    };
    let step = seq.wrapping_sub(highest as u16) as i16;
    // Below zero there is nothing: a sequence number "before" the first ones belongs to the next round.
    highest
        .checked_add_signed(i64::from(step))
        .unwrap_or(u64::from(seq))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::testing::Random;

    const HEADER: NewHeader = NewHeader {
        payload_type: 111,
        marker: true,
        seq: 0xFFFE,
        timestamp: 0xDEAD_BEEF,
        ssrc: 0x0102_0304,
    };

    #[test]
    fn reads_what_it_writes() {
        let long = [9; 40];
        let cases: [&[(u8, &[u8])]; 5] = [
            &[],
            &[(1, &[0x85])],
            &[(3, b"0"), (2, &[1, 2, 3]), (14, &[7; 16])],
            &[(4, &long), (1, &[5])],
            &[(200, &[1]), (13, &[])],
        ];
        for extensions in cases {
            let mut packet = vec![0xAA, 0xAA];
            let len = write_header(&mut packet, &HEADER, extensions);
            packet.extend([1, 2, 3]);
            let packet = &packet[2..];
            let header = Header::parse(packet).unwrap();
            assert_eq!(
                (header.len, header.payload_type, header.marker, header.seq),
                (len, 111, true, 0xFFFE)
            );
            assert_eq!((header.timestamp, header.ssrc), (0xDEAD_BEEF, 0x0102_0304));
            assert_eq!(header.extensions().collect::<Vec<_>>(), extensions.to_vec());
            assert_eq!(payload(packet, &header).unwrap(), [1, 2, 3]);
            assert_eq!(len % 4, 0);
        }
    }

    #[test]
    fn takes_padding_off() {
        let mut packet = vec![];
        write_header(&mut packet, &HEADER, &[]);
        packet[0] |= 0x20;
        packet.extend([1, 2, 0, 0, 3]);
        let header = Header::parse(&packet).unwrap();
        assert_eq!(payload(&packet, &header).unwrap(), [1, 2]);
        *packet.last_mut().unwrap() = 6;
        assert_eq!(payload(&packet, &Header::parse(&packet).unwrap()), None);
        *packet.last_mut().unwrap() = 0;
        assert_eq!(payload(&packet, &Header::parse(&packet).unwrap()), None);
    }

    #[test]
    fn extends_sequence_numbers_through_wraps() {
        assert_eq!(extend(None, 7), 7);
        assert_eq!(extend(Some(0xFFFF), 0), 0x1_0000);
        assert_eq!(extend(Some(0x1_0000), 0xFFFF), 0xFFFF);
        assert_eq!(extend(Some(0x2_0005), 0x0003), 0x2_0003);
        assert_eq!(extend(Some(2), 0xFFFF), 0xFFFF);
        let mut highest = None;
        for number in 0..300_000u64 {
            highest = Some(extend(highest, number as u16));
            assert_eq!(highest, Some(number));
        }
    }

    #[test]
    fn survives_mutated_packets() {
        let mut random = Random::new(2);
        let mut sample = vec![];
        write_header(
            &mut sample,
            &HEADER,
            &[(1, &[1]), (2, &[1, 2, 3]), (4, b"audio")],
        );
        sample.extend([7; 20]);
        let mut wide = vec![];
        write_header(&mut wide, &HEADER, &[(20, &[1; 30])]);
        for round in 0..60_000 {
            let packet = random.mutate(if round % 2 == 0 { &sample } else { &wide });
            let Some(header) = Header::parse(&packet) else {
                continue;
            };
            assert!(header.len <= packet.len());
            assert!(
                header
                    .extensions()
                    .map(|extension| extension.1.len())
                    .sum::<usize>()
                    <= packet.len()
            );
            let _ = payload(&packet, &header);
        }
    }
}
