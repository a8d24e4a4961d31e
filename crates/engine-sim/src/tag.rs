//! What a simulated payload says about itself, so that whoever meets it knows where it belongs.
//!
//! The engine never reads it: it lies where a frame's bytes are, behind the payload descriptor.

/// In front of every tag; hostile payloads have none.
const MAGIC: [u8; 3] = [0x4d, 0x61, 0x72];
pub const TAG_LEN: usize = 3 + 2 + 1 + 2 + 4 + 4 + 1 + 1;

/// One packet of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// The track's number in the world.
    pub track: u16,
    /// Rank among the simulcast layers.
    pub layer: u8,
    /// Counts the streams of the layer: another SSRC, another one.
    pub generation: u16,
    /// Number of the packet in its stream, from 0, without gaps.
    pub number: u32,
    /// Number of the frame in its stream, from 0.
    pub frame: u32,
    /// Number of the packet in its frame.
    pub part: u8,
    /// Temporal layer.
    pub temporal: u8,
    pub key: bool,
}

impl Tag {
    /// The source that it is from.
    pub fn stream(&self) -> (u16, u8, u16) {
        (self.track, self.layer, self.generation)
    }

    /// First packet of a key frame.
    pub fn begins_key(&self) -> bool {
        self.key && self.part == 0
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend(MAGIC);
        out.extend(self.track.to_be_bytes());
        out.push(self.layer);
        out.extend(self.generation.to_be_bytes());
        out.extend(self.number.to_be_bytes());
        out.extend(self.frame.to_be_bytes());
        out.push(self.part);
        out.push(self.temporal << 1 | u8::from(self.key));
    }

    pub fn read(bytes: &[u8]) -> Option<Tag> {
        let rest = bytes.strip_prefix(&MAGIC)?;
        let (track, rest) = rest.split_first_chunk()?;
        let (&layer, rest) = rest.split_first()?;
        let (generation, rest) = rest.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (frame, rest) = rest.split_first_chunk()?;
        let (&part, rest) = rest.split_first()?;
        let &last = rest.first()?;
        Some(Tag {
            track: u16::from_be_bytes(*track),
            layer,
            generation: u16::from_be_bytes(*generation),
            number: u32::from_be_bytes(*number),
            frame: u32::from_be_bytes(*frame),
            part,
            temporal: last >> 1,
            key: last & 1 == 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_as_it_was_written() {
        let tag = Tag {
            track: 300,
            layer: 2,
            generation: 7,
            number: 70_000,
            frame: 9_000,
            part: 3,
            temporal: 2,
            key: true,
        };
        let mut bytes = Vec::new();
        tag.write(&mut bytes);
        assert_eq!(bytes.len(), TAG_LEN);
        assert_eq!(Tag::read(&bytes), Some(tag));
        assert_eq!(Tag::read(&bytes[1..]), None);
        assert_eq!(Tag::read(&bytes[..TAG_LEN - 1]), None);
    }
}
