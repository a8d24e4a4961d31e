//! SRTP and SRTCP for one DTLS-SRTP session: RFC 3711 (AES128_CM_SHA1_80, key derivation) and RFC 7714 (AES-GCM), on aws-lc.
//!
//! Invariants:
//! - A packet index (SSRC, rollover counter, sequence number) is sealed at most once: with AES-GCM a second packet under the same
//!   nonce would give the key stream away. `Seal` refuses a repetition whatever its caller believes.
//! - Our SRTCP index runs in the upper half of its 31 bits: str0m's own counter starts at 0 under the same key.
//! - Nothing of a packet is used before its tag was right.

mod kdf;
#[cfg(test)]
mod tests;

use super::bytes::{be16, be32};
use super::rtp;
use super::window::{Seen, SeenWindow};
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{EncryptingKey, EncryptionContext};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

/// The longest authentication tag of any profile; a buffer with this much room behind the packet is always enough for SRTP.
pub const MAX_TAG: usize = 16;
/// Bytes SRTCP adds at most: tag and index word.
pub const MAX_RTCP_OVERHEAD: usize = MAX_TAG + 4;
/// First SRTCP index we send with.
const FIRST_RTCP_INDEX: u32 = 0x4000_0000;
/// Remote SSRCs with a state of their own; the longest silent one makes room for a new one.
const MAX_REMOTE_SSRCS: usize = 128;
const GCM_TAG: usize = 16;
const SHA1_80_TAG: usize = 10;

/// Why keys could not be made or a packet could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SrtpError {
    /// The exporter gave another number of bytes than the profile needs.
    #[error("SRTP keying material has {0} bytes")]
    Material(usize),
    /// The packet is shorter than its header or the buffer has no room for the tag.
    #[error("the buffer does not hold the packet and its tag")]
    Buffer,
    /// This packet index went out already, or is too old to know.
    #[error("packet index {index} of SSRC {ssrc} was sealed before")]
    Repeated {
        /// The stream.
        ssrc: u32,
        /// Rollover counter and sequence number.
        index: u64,
    },
    /// The crypto library refused; never seen with valid keys.
    #[error("the cipher refused")]
    Cipher,
}

impl From<aws_lc_rs::error::Unspecified> for SrtpError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        SrtpError::Cipher
    }
}

/// A DTLS-SRTP protection profile (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// AES-128 counter mode with an 80-bit HMAC-SHA1 tag.
    Aes128CmSha1_80,
    /// AES-128-GCM.
    AeadAes128Gcm,
    /// AES-256-GCM.
    AeadAes256Gcm,
}

impl Profile {
    /// The profile str0m negotiated; `None` for one this module does not speak.
    pub fn from_dtls(profile: &str0m::crypto::dtls::SrtpProfile) -> Option<Profile> {
        use str0m::crypto::dtls::SrtpProfile;
        Some(match *profile {
            SrtpProfile::AES128_CM_SHA1_80 => Profile::Aes128CmSha1_80,
            SrtpProfile::AEAD_AES_128_GCM => Profile::AeadAes128Gcm,
            SrtpProfile::AEAD_AES_256_GCM => Profile::AeadAes256Gcm,
            _ => return None,
        })
    }

    /// Length of the tag behind an SRTP packet.
    pub fn tag_len(self) -> usize {
        match self {
            Profile::Aes128CmSha1_80 => SHA1_80_TAG,
            Profile::AeadAes128Gcm | Profile::AeadAes256Gcm => GCM_TAG,
        }
    }

    /// Length of the exported keying material of both sides.
    pub fn material_len(self) -> usize {
        2 * (self.key_len() + self.salt_len())
    }

    fn key_len(self) -> usize {
        match self {
            Profile::Aes128CmSha1_80 | Profile::AeadAes128Gcm => 16,
            Profile::AeadAes256Gcm => 32,
        }
    }

    fn salt_len(self) -> usize {
        match self {
            Profile::Aes128CmSha1_80 => 14,
            Profile::AeadAes128Gcm | Profile::AeadAes256Gcm => 12,
        }
    }
}

/// Makes the two directions of a session from what the DTLS handshake exported.
pub struct Keys;

impl Keys {
    /// `material` is client key, server key, client salt, server salt (RFC 5764 section 4.2). `active`: we were the DTLS client.
    ///
    /// # Errors
    /// [`SrtpError::Material`] when the length does not fit the profile.
    pub fn from_dtls(
        material: &[u8],
        profile: Profile,
        active: bool,
    ) -> Result<(Seal, Open), SrtpError> {
        let wrong = || SrtpError::Material(material.len());
        if material.len() != profile.material_len() {
            return Err(wrong());
        }
        let (client_key, rest) = material
            .split_at_checked(profile.key_len())
            .ok_or_else(wrong)?;
        let (server_key, salts) = rest.split_at_checked(profile.key_len()).ok_or_else(wrong)?;
        let (client_salt, server_salt) = salts
            .split_at_checked(profile.salt_len())
            .ok_or_else(wrong)?;
        let client = || Suite::derive(profile, client_key, client_salt);
        let server = || Suite::derive(profile, server_key, server_salt);
        let (ours, theirs) = if active {
            (client()?, server()?)
        } else {
            (server()?, client()?)
        };
        Ok((
            Seal {
                suite: ours,
                tag: profile.tag_len(),
                rtcp_index: FIRST_RTCP_INDEX,
                sealed: Vec::new(),
            },
            Open {
                suite: theirs,
                tag: profile.tag_len(),
                rtp: Vec::new(),
                rtcp: Vec::new(),
                opened: 0,
            },
        ))
    }
}

/// The session keys of one direction.
enum Suite {
    Gcm {
        rtp: LessSafeKey,
        rtcp: LessSafeKey,
        rtp_salt: [u8; 12],
        rtcp_salt: [u8; 12],
    },
    /// Boxed: the expanded keys are 3.5 kB, which GCM sessions should not carry.
    Cm(Box<CmSuite>),
}

struct CmSuite {
    rtp: EncryptingKey,
    rtcp: EncryptingKey,
    rtp_salt: [u8; 14],
    rtcp_salt: [u8; 14],
    rtp_auth: hmac::Key,
    rtcp_auth: hmac::Key,
}

impl Suite {
    fn derive(profile: Profile, master: &[u8], salt: &[u8]) -> Result<Suite, SrtpError> {
        let kdf = kdf::Kdf::new(master, salt)?;
        if profile == Profile::Aes128CmSha1_80 {
            let auth = |label| {
                Ok::<_, SrtpError>(hmac::Key::new(
                    hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                    &kdf.derive::<20>(label)?,
                ))
            };
            return Ok(Suite::Cm(Box::new(CmSuite {
                rtp: kdf::counter_mode(&kdf.derive::<16>(kdf::RTP_KEY)?)?,
                rtcp: kdf::counter_mode(&kdf.derive::<16>(kdf::RTCP_KEY)?)?,
                rtp_salt: kdf.derive(kdf::RTP_SALT)?,
                rtcp_salt: kdf.derive(kdf::RTCP_SALT)?,
                rtp_auth: auth(kdf::RTP_AUTH)?,
                rtcp_auth: auth(kdf::RTCP_AUTH)?,
            })));
        }
        let key = |label| {
            Ok::<_, SrtpError>(LessSafeKey::new(if profile == Profile::AeadAes256Gcm {
                UnboundKey::new(&AES_256_GCM, &kdf.derive::<32>(label)?)?
            } else {
                UnboundKey::new(&AES_128_GCM, &kdf.derive::<16>(label)?)?
            }))
        };
        Ok(Suite::Gcm {
            rtp: key(kdf::RTP_KEY)?,
            rtcp: key(kdf::RTCP_KEY)?,
            rtp_salt: kdf.derive(kdf::RTP_SALT)?,
            rtcp_salt: kdf.derive(kdf::RTCP_SALT)?,
        })
    }
}

/// What the guard of [`Seal`] remembers of one of our streams. Not narrower than the window of the munger.
type SealedWindow = SeenWindow<32>;

/// Our sending direction.
pub struct Seal {
    suite: Suite,
    tag: usize,
    rtcp_index: u32,
    /// Sorted by SSRC; as many as the transport has streams.
    sealed: Vec<(u32, SealedWindow)>,
}

impl Seal {
    /// Length of the tag that [`Seal::seal_rtp`] adds.
    pub fn tag_len(&self) -> usize {
        self.tag
    }

    /// Seals the RTP packet `buffer[..len]` in place; the first `header_len` bytes stay readable. The tag goes behind it, so the
    /// buffer must be at least [`Seal::tag_len`] longer than the packet. Returns the new length. `roc` is the upper part of our
    /// extended sequence number (`seq >> 16`).
    ///
    /// # Errors
    /// [`SrtpError::Repeated`] when this index was sealed before; the buffer is untouched then.
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
        self.guard(ssrc, index)?;
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

/// The state of one remote stream.
#[derive(Debug)]
struct Remote<const WORDS: usize> {
    ssrc: u32,
    window: SeenWindow<WORDS>,
    /// Value of the counter of opened packets at the last one of this stream.
    used: u64,
}

/// The receiving direction.
pub struct Open {
    suite: Suite,
    tag: usize,
    rtp: Vec<Remote<4>>,
    /// By sender SSRC: libsrtp counts the SRTCP index for each of them (RFC 3711 section 3.2.1), so one window for all would
    /// refuse honest reports.
    rtcp: Vec<Remote<1>>,
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

/// RFC 7714 sections 8.1 and 9.1: 00 00 | SSRC | 48-bit index (of RTCP: 31 bits), exclusive-or salt.
fn gcm_nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> Nonce {
    let nonce = u128::from(ssrc) << 48 | u128::from(index);
    let mut wide_salt = [0; 16];
    if let Some(low) = wide_salt.last_chunk_mut() {
        *low = *salt;
    }
    let bytes = (nonce ^ u128::from_be_bytes(wide_salt)).to_be_bytes();
    Nonce::assume_unique_for_key(bytes.last_chunk().copied().unwrap_or_default())
}

/// RFC 3711 section 4.1.1: salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16.
fn cm_context(salt: &[u8; 14], ssrc: u32, index: u64) -> EncryptionContext {
    let mut wide_salt = [0; 16];
    if let Some(high) = wide_salt.first_chunk_mut() {
        *high = *salt;
    }
    let iv = u128::from_be_bytes(wide_salt) ^ u128::from(ssrc) << 64 ^ u128::from(index) << 16;
    EncryptionContext::Iv128(iv.to_be_bytes().into())
}

/// RFC 7714 section 9.2: the clear header and the index word.
fn rtcp_aad(header: &[u8], word: [u8; 4]) -> Aad<[u8; 12]> {
    let mut aad = [0; 12];
    for (to, from) in aad.iter_mut().zip(header.iter().take(8).chain(&word)) {
        *to = *from;
    }
    Aad::from(aad)
}

fn sha1_80(key: &hmac::Key, parts: &[&[u8]]) -> [u8; SHA1_80_TAG] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(part);
    }
    context
        .sign()
        .as_ref()
        .first_chunk()
        .copied()
        .unwrap_or_default()
}
