//! The receiving direction.

use super::keys::Suite;
use super::{cm_context, gcm_nonce, rtcp_aad, sha1_80};
use crate::media::bytes::{be16, be32};
use crate::media::rtp;
use crate::media::window::{Seen, SeenWindow};
use aws_lc_rs::aead::Aad;
use aws_lc_rs::constant_time::verify_slices_are_equal;

/// Remote SSRCs with a state of their own; the longest silent one makes room for a new one.
pub(super) const MAX_REMOTE_SSRCS: usize = 128;

/// The state of one remote stream.
#[derive(Debug)]
pub(super) struct Remote<const WORDS: usize> {
    ssrc: u32,
    window: SeenWindow<WORDS>,
    /// Value of the counter of opened packets at the last one of this stream.
    used: u64,
}

/// The receiving direction.
pub struct Open {
    suite: Suite,
    tag: usize,
    pub(super) rtp: Vec<Remote<4>>,
    /// By sender SSRC: libsrtp counts the SRTCP index for each of them (RFC 3711 section 3.2.1), so one window for all would
    /// refuse honest reports.
    pub(super) rtcp: Vec<Remote<1>>,
    opened: u64,
}

/// An RTP packet opened in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenedRtp {
    /// Length of the header with CSRCs and extensions.
    pub header_len: usize,
    /// Length of header and payload in the clear.
    pub len: usize,
    /// Extended sequence number: rollover counter and sequence number.
    pub index: u64,
}

impl Open {
    pub(super) fn new(suite: Suite, tag: usize) -> Open {
        Open {
            suite,
            tag,
            rtp: Vec::new(),
            rtcp: Vec::new(),
            opened: 0,
        }
    }

    /// Opens an SRTCP datagram in place and returns the length of the compound packet in the clear. `None` for everything that is
    /// malformed, not encrypted, forged, or replayed (64 wide).
    pub fn open_rtcp(&mut self, datagram: &mut [u8]) -> Option<usize> {
        let ssrc = be32(datagram, 4)?;
        // AEAD: ... | tag | word (RFC 7714 section 9.2). AES-CM: ... | word | tag, the word authenticated (RFC 3711 section 3.4).
        let word_at = match &self.suite {
            Suite::Gcm { .. } => datagram.len().checked_sub(4)?,
            Suite::Cm(_) => datagram.len().checked_sub(4 + self.tag)?,
        };
        let word = be32(datagram, word_at)?;
        let index = u64::from(word & 0x7FFF_FFFF);
        let known = self.rtcp.iter().position(|remote| remote.ssrc == ssrc);
        let fresh = known
            .and_then(|at| self.rtcp.get(at))
            .is_none_or(|remote| remote.window.look(index) == Seen::New);
        if word >> 31 == 0 || !fresh {
            return None;
        }
        let len = match &self.suite {
            Suite::Gcm {
                rtcp, rtcp_salt, ..
            } => {
                let len = word_at.checked_sub(self.tag).filter(|len| *len >= 8)?;
                let (header, sealed) = datagram.get_mut(..word_at)?.split_at_mut_checked(8)?;
                rtcp.open_in_place(
                    gcm_nonce(rtcp_salt, ssrc, index),
                    rtcp_aad(header, word.to_be_bytes()),
                    sealed,
                )
                .ok()?;
                len
            }
            Suite::Cm(keys) => {
                let (authenticated, tag) = datagram.split_at_mut_checked(word_at + 4)?;
                verify_slices_are_equal(&sha1_80(&keys.rtcp_auth, &[authenticated]), tag).ok()?;
                keys.rtcp
                    .less_safe_encrypt(
                        authenticated.get_mut(8..word_at)?,
                        cm_context(&keys.rtcp_salt, ssrc, index),
                    )
                    .ok()?;
                word_at
            }
        };
        self.opened += 1;
        let used = self.opened;
        entry(&mut self.rtcp, ssrc, used)?.window.mark(index);
        Some(len)
    }

    /// Opens an SRTP packet in place, estimating the rollover counter (RFC 3711 section 3.3.1). `None` for everything malformed,
    /// forged or replayed.
    pub fn open_rtp(&mut self, datagram: &mut [u8]) -> Option<OpenedRtp> {
        let header_len = rtp::header_len(datagram)?;
        let (seq, ssrc) = (be16(datagram, 2)?, be32(datagram, 8)?);
        let len = datagram
            .len()
            .checked_sub(self.tag)
            .filter(|len| *len >= header_len)?;
        let known = self.rtp.iter().find(|remote| remote.ssrc == ssrc);
        let index = rtp::extend(known.and_then(|remote| remote.window.highest()), seq);
        if known.is_some_and(|remote| remote.window.look(index) != Seen::New) {
            return None;
        }
        match &self.suite {
            Suite::Gcm { rtp, rtp_salt, .. } => {
                let (header, sealed) = datagram.split_at_mut_checked(header_len)?;
                rtp.open_in_place(
                    gcm_nonce(rtp_salt, ssrc, index),
                    Aad::from(&*header),
                    sealed,
                )
                .ok()?;
            }
            Suite::Cm(keys) => {
                let (authenticated, tag) = datagram.split_at_mut_checked(len)?;
                let roc = ((index >> 16) as u32).to_be_bytes();
                verify_slices_are_equal(&sha1_80(&keys.rtp_auth, &[authenticated, &roc]), tag)
                    .ok()?;
                keys.rtp
                    .less_safe_encrypt(
                        authenticated.get_mut(header_len..)?,
                        cm_context(&keys.rtp_salt, ssrc, index),
                    )
                    .ok()?;
            }
        }
        self.opened += 1;
        let used = self.opened;
        entry(&mut self.rtp, ssrc, used)?.window.mark(index);
        Some(OpenedRtp {
            header_len,
            len,
            index,
        })
    }
}

/// The state of `ssrc`, made if need be in the place of the one silent for longest. Only called for authenticated packets.
fn entry<const WORDS: usize>(
    remotes: &mut Vec<Remote<WORDS>>,
    ssrc: u32,
    used: u64,
) -> Option<&mut Remote<WORDS>> {
    let at = match remotes.iter().position(|remote| remote.ssrc == ssrc) {
        Some(at) => at,
        None => {
            let fresh = Remote {
                ssrc,
                window: SeenWindow::default(),
                used,
            };
            if remotes.len() < MAX_REMOTE_SSRCS {
                remotes.push(fresh);
                remotes.len() - 1
            } else {
                let (at, oldest) = remotes
                    .iter_mut()
                    .enumerate()
                    .min_by_key(|(_, remote)| remote.used)?;
                *oldest = fresh;
                at
            }
        }
    };
    let remote = remotes.get_mut(at)?;
    remote.used = used;
    Some(remote)
}
