//! SRTP for an str0m that sees no media: ciphers without a key, since the keys are ours (`media/srtp`). A transport saves four contexts of them.
//! What is sealed here is blank, and never leaves (`effects.rs`); nothing opens.

use str0m::crypto::{
    AeadAes128GcmCipher, AeadAes256GcmCipher, Aes128CmSha1_80Cipher, CryptoError, SrtpProvider,
    SupportedAeadAes128Gcm, SupportedAeadAes256Gcm, SupportedAes128CmSha1_80,
};

#[derive(Debug)]
pub struct NoSrtp;

impl SrtpProvider for NoSrtp {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        &NoSrtp
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        &NoSrtp
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        &NoSrtp
    }

    // Keys are derived with these, and then go unused.
    fn srtp_aes_128_ecb_round(&self, _key: &[u8], _input: &[u8], output: &mut [u8]) {
        output.fill(0);
    }

    fn srtp_aes_256_ecb_round(&self, _key: &[u8], _input: &[u8], output: &mut [u8]) {
        output.fill(0);
    }
}

impl SupportedAes128CmSha1_80 for NoSrtp {
    fn create_cipher(&self, _key: [u8; 16], _encrypt: bool) -> Box<dyn Aes128CmSha1_80Cipher> {
        Box::new(NoSrtp)
    }
}

impl SupportedAeadAes128Gcm for NoSrtp {
    fn create_cipher(&self, _key: [u8; 16], _encrypt: bool) -> Box<dyn AeadAes128GcmCipher> {
        Box::new(NoSrtp)
    }
}

impl SupportedAeadAes256Gcm for NoSrtp {
    fn create_cipher(&self, _key: [u8; 32], _encrypt: bool) -> Box<dyn AeadAes256GcmCipher> {
        Box::new(NoSrtp)
    }
}

fn blank(output: &mut [u8]) -> Result<(), CryptoError> {
    output.fill(0);
    Ok(())
}

fn unopened() -> CryptoError {
    std::io::Error::other("media is opened elsewhere").into()
}

impl Aes128CmSha1_80Cipher for NoSrtp {
    fn encrypt(&mut self, _: &[u8; 16], _: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        blank(output)
    }

    fn decrypt(&mut self, _: &[u8; 16], _: &[u8], _: &mut [u8]) -> Result<(), CryptoError> {
        Err(unopened())
    }
}

impl AeadAes128GcmCipher for NoSrtp {
    fn encrypt(
        &mut self,
        _: &[u8; 12],
        _: &[u8],
        _: &[u8],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        blank(output)
    }

    fn decrypt(
        &mut self,
        _: &[u8; 12],
        _: &[&[u8]],
        _: &[u8],
        _: &mut [u8],
    ) -> Result<usize, CryptoError> {
        Err(unopened())
    }
}

impl AeadAes256GcmCipher for NoSrtp {
    fn encrypt(
        &mut self,
        _: &[u8; 12],
        _: &[u8],
        _: &[u8],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        blank(output)
    }

    fn decrypt(
        &mut self,
        _: &[u8; 12],
        _: &[&[u8]],
        _: &[u8],
        _: &mut [u8],
    ) -> Result<usize, CryptoError> {
        Err(unopened())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_told_and_nothing_opens() {
        let mut out = [7; 40];
        let mut cipher = NoSrtp.aead_aes_256_gcm().create_cipher([1; 32], true);
        assert!(
            cipher
                .encrypt(&[2; 12], &[], b"a secret report", &mut out)
                .is_ok()
        );
        assert_eq!(out, [0; 40]);
        assert!(
            cipher
                .decrypt(&[2; 12], &[], &[0; 40], &mut [0; 24])
                .is_err()
        );
    }
}
