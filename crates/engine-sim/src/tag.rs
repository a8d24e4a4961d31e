//! What is true of one packet of a source. It travels beside the packet, never in it: whoever meets a payload finds its tag by the
//! payload's fingerprint (`truth.rs`).

/// A stream of a publisher: track, layer, generation.
pub type StreamKey = (u16, u8, u16);

/// Of a key picture or not, spatial and temporal layer of a frame.
pub type FramePlace = (bool, u8, u8);

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
    /// Number of the frame in its stream, from 0, without gaps. A picture has one for each spatial layer.
    pub frame: u32,
    /// Number of the picture, which goes with the clock: a silence leaves a gap.
    pub picture: u32,
    /// Number of the packet in its frame.
    pub part: u8,
    pub spatial: u8,
    pub temporal: u8,
    /// The picture is one with which decoding can begin.
    pub key: bool,
    /// Frames that this one needs; the frame itself where there are fewer.
    pub needs: [u32; 2],
}

impl Tag {
    /// The source that it is from.
    pub fn stream(&self) -> StreamKey {
        (self.track, self.layer, self.generation)
    }

    /// What kind of frame it is of.
    pub fn place(&self) -> FramePlace {
        (self.key, self.spatial, self.temporal)
    }

    /// First packet of a key frame.
    pub fn begins_key(&self) -> bool {
        self.key && self.part == 0 && self.spatial == 0
    }
}
