//! Our sending direction.

use super::keys::Suite;
use super::{SrtpError, cm_context, gcm_nonce, rtcp_aad, sha1_80};
use crate::media::bytes::{be16, be32};
use crate::media::window::{Seen, SeenWindow};
use aws_lc_rs::aead::Aad;

/// First SRTCP index we send with.
pub(super) const FIRST_RTCP_INDEX: u32 = 0x4000_0000;

/// What the guard of [`Seal`] remembers of one of our streams. Not narrower than the window of the munger.
type SealedWindow = SeenWindow<32>;

/// Our sending direction.
pub struct Seal {
    suite: Suite,
    tag: usize,
    pub(super) rtcp_index: u32,
    /// Sorted by SSRC; as many as the transport has streams. Empty without debug assertions.
    sealed: Vec<(u32, SealedWindow)>,
}

impl Seal {
    pub(super) fn new(suite: Suite, tag: usize) -> Seal {
        Seal {
            suite,
            tag,
            rtcp_index: FIRST_RTCP_INDEX,
            sealed: Vec::new(),
        }
    }

    /// Length of the tag that [`Seal::seal_rtp`] adds.
    pub fn tag_len(&self) -> usize {
        self.tag
    }

    /// Seals the RTP packet `buffer[..len]` in place; the first `header_len` bytes stay readable. The tag goes behind it, so the
    /// buffer must be at least [`Seal::tag_len`] longer than the packet. Returns the new length. `roc` is the upper part of our
    /// extended sequence number (`seq >> 16`).
    ///
    /// # Errors
    /// [`SrtpError::Repeated`] when this index was sealed before (found with debug assertions); the buffer is untouched then.
    pub fn seal_rtp(
        &mut self,
        buffer: &mut [u8],
        header_len: usize,
        len: usize,
        roc: u32,
    ) -> Result<usize, SrtpError> {
        let sealed_len = len.saturating_add(self.tag);
        if header_len < 12 || header_len > len || sealed_len > buffer.len() {
            return Err(SrtpError::Buffer);
        }
        let (seq, ssrc) = (
            be16(buffer, 2).ok_or(SrtpError::Buffer)?,
            be32(buffer, 8).ok_or(SrtpError::Buffer)?,
        );
        let index = u64::from(roc) << 16 | u64::from(seq);
        if cfg!(debug_assertions) {
            self.guard(ssrc, index)?;
        }
        let (packet, rest) = buffer.split_at_mut_checked(len).ok_or(SrtpError::Buffer)?;
        let out = rest.get_mut(..self.tag).ok_or(SrtpError::Buffer)?;
        match &self.suite {
            Suite::Gcm { rtp, rtp_salt, .. } => {
                let (header, payload) = packet
                    .split_at_mut_checked(header_len)
                    .ok_or(SrtpError::Buffer)?;
                let nonce = gcm_nonce(rtp_salt, ssrc, index);
                let tag = rtp.seal_in_place_separate_tag(nonce, Aad::from(&*header), payload)?;
                out.copy_from_slice(tag.as_ref());
            }
            Suite::Cm(keys) => {
                let payload = packet.get_mut(header_len..).ok_or(SrtpError::Buffer)?;
                keys.rtp
                    .less_safe_encrypt(payload, cm_context(&keys.rtp_salt, ssrc, index))?;
                out.copy_from_slice(&sha1_80(&keys.rtp_auth, &[packet, &roc.to_be_bytes()]));
            }
        }
        Ok(sealed_len)
    }

    /// As [`Seal::seal_rtp`] for the packet that begins at `start` and is the last thing in `arena`; grows the arena by the tag.
    /// `index` is our extended sequence number.
    ///
    /// # Errors
    /// As [`Seal::seal_rtp`]; the arena is cut back to `start` then.
    pub fn seal_last(
        &mut self,
        arena: &mut Vec<u8>,
        start: usize,
        header_len: usize,
        index: u64,
    ) -> Result<usize, SrtpError> {
        let len = arena.len().saturating_sub(start);
        arena.resize(arena.len() + self.tag, 0);
        let packet = arena.get_mut(start..).ok_or(SrtpError::Buffer)?;
        let result = self.seal_rtp(packet, header_len, len, (index >> 16) as u32);
        if result.is_err() {
            arena.truncate(start);
        }
        result
    }

    /// Seals one compound RTCP packet and appends the SRTCP datagram to `out`. Returns its length.
    ///
    /// # Errors
    /// [`SrtpError::Buffer`] when `plain` has no RTCP header.
    pub fn seal_rtcp(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<usize, SrtpError> {
        let (header, body) = plain.split_at_checked(8).ok_or(SrtpError::Buffer)?;
        let ssrc = be32(header, 4).ok_or(SrtpError::Buffer)?;
        let index = self.rtcp_index;
        // 2^30 reports are 34 years of one a second: running into the other half is no case.
        self.rtcp_index = (index + 1) & 0x7FFF_FFFF | FIRST_RTCP_INDEX;
        let word = (0x8000_0000 | index).to_be_bytes();
        let start = out.len();
        out.extend_from_slice(header);
        let body_start = out.len();
        out.extend_from_slice(body);
        let sealed = out.get_mut(body_start..).ok_or(SrtpError::Buffer)?;
        match &self.suite {
            Suite::Gcm {
                rtcp, rtcp_salt, ..
            } => {
                let nonce = gcm_nonce(rtcp_salt, ssrc, u64::from(index));
                let tag = rtcp.seal_in_place_separate_tag(nonce, rtcp_aad(header, word), sealed)?;
                out.extend_from_slice(tag.as_ref());
                out.extend_from_slice(&word);
            }
            Suite::Cm(keys) => {
                keys.rtcp.less_safe_encrypt(
                    sealed,
                    cm_context(&keys.rtcp_salt, ssrc, u64::from(index)),
                )?;
                out.extend_from_slice(&word);
                let tag = sha1_80(&keys.rtcp_auth, &[out.get(start..).unwrap_or_default()]);
                out.extend_from_slice(&tag);
            }
        }
        Ok(out.len() - start)
    }

    fn guard(&mut self, ssrc: u32, index: u64) -> Result<(), SrtpError> {
        let at = match self.sealed.binary_search_by_key(&ssrc, |entry| entry.0) {
            Ok(at) => at,
            Err(at) => {
                self.sealed.insert(at, (ssrc, SealedWindow::default()));
                at
            }
        };
        match self.sealed.get_mut(at).map(|entry| entry.1.mark(index)) {
            Some(Seen::New) => Ok(()),
            _ => Err(SrtpError::Repeated { ssrc, index }),
        }
    }
}
