//! SRTP and SRTCP for one DTLS-SRTP session: RFC 3711 (AES128_CM_SHA1_80, key derivation) and RFC 7714 (AES-GCM), on aws-lc.
//!
//! Invariants:
//! - A packet index (SSRC, rollover counter, sequence number) is sealed at most once: with AES-GCM a second packet under the same
//!   nonce would give the key stream away. The munger and the counter of retransmissions give every number out once; where debug
//!   assertions are on, `Seal` refuses a repetition whatever its caller believes.
//! - Our SRTCP index runs in the upper half of its 31 bits: str0m's own counter starts at 0 under the same key.
//! - Nothing of a packet is used before its tag was right.

mod kdf;
mod keys;
mod open;
mod profile;
mod seal;
#[cfg(test)]
mod tests;

pub use keys::Keys;
pub use open::{Open, OpenedRtp};
pub use profile::Profile;
pub use seal::Seal;

use aws_lc_rs::aead::{Aad, Nonce};
use aws_lc_rs::cipher::EncryptionContext;
use aws_lc_rs::hmac;

/// The longest authentication tag of any profile; a buffer with this much room behind the packet is always enough for SRTP.
pub const MAX_TAG: usize = 16;
/// Bytes SRTCP adds at most: tag and index word.
pub const MAX_RTCP_OVERHEAD: usize = MAX_TAG + 4;
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
