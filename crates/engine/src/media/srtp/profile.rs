//! What a session negotiated: cipher and lengths.

use super::{GCM_TAG, SHA1_80_TAG};

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

    pub(super) fn key_len(self) -> usize {
        match self {
            Profile::Aes128CmSha1_80 | Profile::AeadAes128Gcm => 16,
            Profile::AeadAes256Gcm => 32,
        }
    }

    pub(super) fn salt_len(self) -> usize {
        match self {
            Profile::Aes128CmSha1_80 => 14,
            Profile::AeadAes128Gcm | Profile::AeadAes256Gcm => 12,
        }
    }
}
