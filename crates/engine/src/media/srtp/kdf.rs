//! Key derivation of RFC 3711 section 4.3, with AES-128 or AES-256 (RFC 6188, RFC 7714 section 11).

use super::SrtpError;
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};

pub(super) const RTP_KEY: u8 = 0;
pub(super) const RTP_AUTH: u8 = 1;
pub(super) const RTP_SALT: u8 = 2;
pub(super) const RTCP_KEY: u8 = 3;
pub(super) const RTCP_AUTH: u8 = 4;
pub(super) const RTCP_SALT: u8 = 5;

/// Derives session keys from one master key and salt; the key derivation rate is 0.
pub(super) struct Kdf {
    master: EncryptingKey,
    /// The salt, left-aligned over a 16-bit block counter.
    salt: u128,
}

impl Kdf {
    pub(super) fn new(master: &[u8], salt: &[u8]) -> Result<Kdf, SrtpError> {
        let mut wide = [0; 16];
        for (to, from) in wide.iter_mut().zip(salt.iter().take(14)) {
            *to = *from;
        }
        Ok(Kdf {
            master: counter_mode(master)?,
            salt: u128::from_be_bytes(wide),
        })
    }

    pub(super) fn derive<const N: usize>(&self, label: u8) -> Result<[u8; N], SrtpError> {
        let mut out = [0; N];
        let iv = self.salt ^ u128::from(label) << 64;
        self.master
            .less_safe_encrypt(&mut out, EncryptionContext::Iv128(iv.to_be_bytes().into()))?;
        Ok(out)
    }
}

/// AES in counter mode with a key of 16 or 32 bytes.
pub(super) fn counter_mode(key: &[u8]) -> Result<EncryptingKey, SrtpError> {
    let algorithm = if key.len() == 32 { &AES_256 } else { &AES_128 };
    Ok(EncryptingKey::ctr(UnboundCipherKey::new(algorithm, key)?)?)
}
