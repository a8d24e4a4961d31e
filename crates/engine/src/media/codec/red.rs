//! Redundant audio (RFC 2198): older frames in front of the newest one.

/// Blocks of one packet; senders use two or three.
const MAX_BLOCKS: usize = 32;

/// One block of a RED payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// Payload type of the codec.
    pub payload_type: u8,
    /// How far the block's timestamp lies before the packet's. 0 for the newest one.
    pub timestamp_offset: u16,
    /// The frame.
    pub data: &'a [u8],
}

/// The blocks of a payload, oldest first; the last one is the primary. `None` when malformed.
pub fn blocks(payload: &[u8]) -> Option<Vec<Block<'_>>> {
    let mut blocks = Vec::new();
    let mut data = payload.get(header_len(payload)?..)?;
    let mut at = 0;
    loop {
        let &first = payload.get(at)?;
        let payload_type = first & 0x7F;
        if first & 0x80 == 0 {
            blocks.push(Block {
                payload_type,
                timestamp_offset: 0,
                data,
            });
            return Some(blocks);
        }
        let [_, high, middle, low] = *payload.get(at..)?.first_chunk()?;
        let (block, rest) =
            data.split_at_checked(usize::from(middle & 0x03) << 8 | usize::from(low))?;
        blocks.push(Block {
            payload_type,
            timestamp_offset: u16::from(high) << 6 | u16::from(middle >> 2),
            data: block,
        });
        data = rest;
        at += 4;
    }
}

/// The newest frame alone. `None` when malformed.
pub fn primary(payload: &[u8]) -> Option<Block<'_>> {
    let header = header_len(payload)?;
    let mut redundant = 0;
    for block in payload.get(..header.checked_sub(1)?)?.chunks_exact(4) {
        let [_, _, middle, low] = *block.first_chunk()?;
        redundant += usize::from(middle & 0x03) << 8 | usize::from(low);
    }
    Some(Block {
        payload_type: payload.get(header - 1)? & 0x7F,
        timestamp_offset: 0,
        data: payload.get(header + redundant..)?,
    })
}

/// Sets the payload type of every block, in place. `None`, and nothing changed, when malformed.
pub fn retype(payload: &mut [u8], payload_type: u8) -> Option<()> {
    primary(payload)?;
    let header = header_len(payload)?;
    for first in payload.get_mut(..header)?.iter_mut().step_by(4) {
        *first = *first & 0x80 | payload_type & 0x7F;
    }
    Some(())
}

/// Length of all block headers: four bytes each, one for the last.
fn header_len(payload: &[u8]) -> Option<usize> {
    let count = payload
        .iter()
        .step_by(4)
        .take(MAX_BLOCKS)
        .position(|first| first & 0x80 == 0)?;
    Some(4 * count + 1)
}
