//! Building the packets that go to one subscriber: header from scratch, payload from the store, sealed by the caller.

use super::codec::red;
use super::dependency;
use super::munger::Rewrite;
use super::packet::MediaPacket;
use super::rtp::{self, NewHeader};

#[cfg(test)]
mod tests;

/// Header extension ids negotiated with a subscriber for one m-line; `None` is not spoken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExtensionIds {
    /// urn:ietf:params:rtp-hdrext:sdes:mid
    pub mid: Option<u8>,
    /// abs-send-time
    pub abs_send_time: Option<u8>,
    /// urn:ietf:params:rtp-hdrext:ssrc-audio-level (RFC 6464)
    pub audio_level: Option<u8>,
    /// urn:3gpp:video-orientation
    pub orientation: Option<u8>,
    /// AV1 dependency descriptor, as it came but for the frame number and the active decode targets
    pub dependency_descriptor: Option<u8>,
    /// Transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01)
    pub transport_seq: Option<u8>,
}

/// What a packet carries of the moment it leaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamp {
    /// 24 bits, see [`super::Ntp::abs_send_time`].
    pub abs_send_time: u32,
    /// Number of the packet among all of its transport; sent where the extension was negotiated.
    pub transport_seq: u16,
}

/// An m-line's mid: at most 16 bytes, the most a one-byte header extension carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MidText {
    bytes: [u8; 16],
    len: u8,
}

impl MidText {
    /// `None` when the text is empty or longer than 16 bytes.
    pub fn new(mid: &str) -> Option<MidText> {
        let mut bytes = [0; 16];
        if mid.is_empty() {
            return None;
        }
        bytes.get_mut(..mid.len())?.copy_from_slice(mid.as_bytes());
        Some(MidText {
            bytes,
            len: mid.len() as u8,
        })
    }

    /// The text's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// What a subscriber gets of the stored payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadForm {
    /// As it came (VP8 picture ids rewritten).
    Whole,
    /// RED with every block's payload type set to the subscriber's number for the codec.
    RedFor(u8),
    /// The newest block of a RED payload alone, for a subscriber without RED. Packets that are not RED pass as they are.
    RedPrimary,
}

/// The constant half of what goes out on one m-line.
#[derive(Debug, Clone, Copy)]
pub struct OutStream {
    /// SSRC of the media.
    pub ssrc: u32,
    /// SSRC of its retransmissions (RFC 4588).
    pub rtx_ssrc: Option<u32>,
    /// The m-line's mid, sent in every packet so that header lengths stay equal.
    pub mid: Option<MidText>,
    /// Negotiated header extensions.
    pub extensions: ExtensionIds,
}

/// How long the header extension block can get without a dependency descriptor: mid, send time, level, orientation, transport-wide
/// number, padding.
const EXTENSION_ROOM: usize = 4 + 17 + 4 + 2 + 2 + 3 + 3;

impl OutStream {
    /// Appends the packet in the clear to `arena` and returns its header length. `None` when the payload cannot take `form`; the arena is as before then.
    pub fn build(
        &self,
        arena: &mut Vec<u8>,
        packet: &MediaPacket,
        rewrite: &Rewrite,
        payload_type: u8,
        form: PayloadForm,
        stamp: Stamp,
    ) -> Option<usize> {
        let header = NewHeader {
            payload_type,
            marker: rewrite.marker,
            seq: rewrite.seq as u16,
            timestamp: rewrite.timestamp,
            ssrc: self.ssrc,
        };
        self.append(arena, packet, rewrite, &header, form, stamp, None)
    }

    /// As [`OutStream::build`] for a retransmission: RTX stream, its own sequence number, the original one in front of the payload.
    /// `None` also when there is no RTX stream.
    #[expect(clippy::too_many_arguments)]
    pub fn build_rtx(
        &self,
        arena: &mut Vec<u8>,
        packet: &MediaPacket,
        rewrite: &Rewrite,
        rtx_payload_type: u8,
        rtx_seq: u64,
        form: PayloadForm,
        stamp: Stamp,
    ) -> Option<usize> {
        let header = NewHeader {
            payload_type: rtx_payload_type,
            marker: rewrite.marker,
            seq: rtx_seq as u16,
            timestamp: rewrite.timestamp,
            ssrc: self.rtx_ssrc?,
        };
        self.append(
            arena,
            packet,
            rewrite,
            &header,
            form,
            stamp,
            Some(rewrite.seq as u16),
        )
    }

    /// Appends a packet in the clear that holds nothing but so many bytes of padding, 1 to 255, to `arena`, on the RTX stream and with a
    /// sequence number of that. Returns its header length; `None` when there is no RTX stream.
    pub fn build_padding(
        &self,
        arena: &mut Vec<u8>,
        rtx_payload_type: u8,
        rtx_seq: u64,
        padding: u8,
        stamp: Stamp,
    ) -> Option<usize> {
        let header = NewHeader {
            payload_type: rtx_payload_type,
            marker: false,
            seq: rtx_seq as u16,
            timestamp: 0,
            ssrc: self.rtx_ssrc?,
        };
        let start = arena.len();
        let length = self.write_header(arena, (None, None), &header, stamp, &[]);
        pad(arena, start, padding.max(1));
        Some(length)
    }

    #[expect(clippy::too_many_arguments)]
    fn append(
        &self,
        arena: &mut Vec<u8>,
        packet: &MediaPacket,
        rewrite: &Rewrite,
        header: &NewHeader,
        form: PayloadForm,
        stamp: Stamp,
        original_seq: Option<u16>,
    ) -> Option<usize> {
        let payload = match form {
            _ if rewrite.blank => &[],
            PayloadForm::RedPrimary if packet.red => red::primary(&packet.payload)?.data,
            _ => &packet.payload,
        };
        let start = arena.len();
        let descriptor = packet.dependency_descriptor.as_deref();
        let descriptor = descriptor.filter(|_| !rewrite.blank).unwrap_or_default();
        let mut own: [u8; 256];
        let descriptor = match rewrite.frame_number {
            Some(number) if descriptor.len() < 256 => {
                own = [0; 256];
                let active = rewrite.active.zip(packet.active);
                let len = dependency::rewrite(descriptor, number, active, &mut own);
                own.get(..len)?
            }
            _ => descriptor,
        };
        arena.reserve(
            12 + EXTENSION_ROOM + descriptor.len() + 2 + payload.len() + super::srtp::MAX_TAG,
        );
        let level = packet
            .audio_level
            .map(|level| [level & 0x7F | u8::from(packet.voice_activity) << 7]);
        let facts = (level, packet.orientation.map(|orientation| [orientation]));
        let header_len = self.write_header(arena, facts, header, stamp, descriptor);
        if let Some(original) = original_seq {
            arena.extend_from_slice(&original.to_be_bytes());
        }
        let payload_at = arena.len();
        arena.extend_from_slice(payload);
        let written = arena.get_mut(payload_at..)?;
        let done = match form {
            PayloadForm::RedFor(payload_type) if packet.red => {
                red::retype(written, payload_type).is_some()
            }
            _ => true,
        };
        if let (Some(fields), Some(ids)) = (&packet.pictures, &rewrite.pictures) {
            fields.write(written, ids);
        }
        if !done {
            arena.truncate(start);
            return None;
        }
        Some(header_len)
    }

    /// `level` and `orientation` are the contents of these extensions.
    fn write_header(
        &self,
        arena: &mut Vec<u8>,
        (level, orientation): (Option<[u8; 1]>, Option<[u8; 1]>),
        header: &NewHeader,
        stamp: Stamp,
        descriptor: &[u8],
    ) -> usize {
        let ids = &self.extensions;
        let [_, time @ ..] = stamp.abs_send_time.to_be_bytes();
        let transport_seq = stamp.transport_seq.to_be_bytes();
        let level = level.as_ref().map(<[u8; 1]>::as_slice);
        let orientation = orientation.as_ref().map(<[u8; 1]>::as_slice);
        // Id 0 stands for an element that is not there.
        let list: [(u8, &[u8]); 6] = [
            (
                ids.mid.filter(|_| self.mid.is_some()).unwrap_or(0),
                self.mid.as_ref().map(MidText::as_bytes).unwrap_or_default(),
            ),
            (ids.abs_send_time.unwrap_or(0), &time),
            (ids.transport_seq.unwrap_or(0), &transport_seq),
            (
                ids.audio_level.filter(|_| level.is_some()).unwrap_or(0),
                level.unwrap_or_default(),
            ),
            (
                ids.orientation
                    .filter(|_| orientation.is_some())
                    .unwrap_or(0),
                orientation.unwrap_or_default(),
            ),
            (
                ids.dependency_descriptor
                    .filter(|_| !descriptor.is_empty())
                    .unwrap_or(0),
                descriptor,
            ),
        ];
        rtp::write_header(arena, header, &list)
    }
}

/// Adds bytes of RTP padding (RFC 3550 section 5.1) to the packet in the clear that begins at `start` and is the last thing in
/// `arena`.
pub fn pad(arena: &mut Vec<u8>, start: usize, bytes: u8) {
    if bytes == 0 {
        return;
    }
    if let Some(first) = arena.get_mut(start) {
        *first |= rtp::PADDING_BIT;
    }
    arena.resize(arena.len() + usize::from(bytes) - 1, 0);
    arena.push(bytes);
}
