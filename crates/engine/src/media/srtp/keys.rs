//! Session keys out of what the DTLS handshake exported.

use super::{Open, Profile, Seal, SrtpError, kdf};
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, LessSafeKey, UnboundKey};
use aws_lc_rs::cipher::EncryptingKey;
use aws_lc_rs::hmac;

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
            Seal::new(ours, profile.tag_len()),
            Open::new(theirs, profile.tag_len()),
        ))
    }
}

/// The session keys of one direction.
pub(super) enum Suite {
    Gcm {
        rtp: LessSafeKey,
        rtcp: LessSafeKey,
        rtp_salt: [u8; 12],
        rtcp_salt: [u8; 12],
    },
    /// Boxed: the expanded keys are 3.5 kB, which GCM sessions should not carry.
    Cm(Box<CmSuite>),
}

pub(super) struct CmSuite {
    pub(super) rtp: EncryptingKey,
    pub(super) rtcp: EncryptingKey,
    pub(super) rtp_salt: [u8; 14],
    pub(super) rtcp_salt: [u8; 14],
    pub(super) rtp_auth: hmac::Key,
    pub(super) rtcp_auth: hmac::Key,
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
