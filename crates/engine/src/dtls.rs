//! DTLS on dimpl behind str0m's provider seam, with a copy of the SRTP keying material for our own egress.
//!
//! str0m's own provider validates a whole crypto configuration for every transport (1.5 ms); here it is made once.

use crate::no_srtp::NoSrtp;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion,
    SrtpProfile,
};
use str0m::crypto::{CryptoError, CryptoProvider, SrtpProvider};
use str0m::{Rtc, RtcConfig};

/// What a finished handshake leaves for SRTP.
pub struct CapturedKeys {
    pub material: Vec<u8>,
    pub profile: SrtpProfile,
    /// True when we are the DTLS client: then the client half of the material is ours.
    pub active: bool,
}

impl fmt::Debug for CapturedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CapturedKeys({:?}, active: {})",
            self.profile, self.active
        )
    }
}

/// Filled once, at the latest when str0m says `Connected`.
pub type KeySlot = Arc<OnceLock<CapturedKeys>>;

thread_local! {
    /// `new_dtls` takes no argument of ours, and str0m calls it inside `RtcConfig::build` on the same thread.
    static NEXT_SLOT: RefCell<Option<KeySlot>> = const { RefCell::new(None) };
    static SIMULATED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Retransmissions of handshakes on this thread wait by this seed from now on, so that a simulated call comes again. The hello's
/// random bytes come from it too, which no real handshake may have: without debug assertions this does nothing.
pub(crate) fn simulate(seed: u64) {
    SIMULATED.set(cfg!(debug_assertions).then_some(seed));
}

/// Builds an `Rtc` whose keying material will appear in the returned slot.
pub fn build(config: RtcConfig, now: Instant) -> (Rtc, KeySlot) {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    let provider = PROVIDER.get_or_init(|| provider(base().srtp_provider));
    build_with(provider, config, now)
}

/// As [`build`] for an `Rtc` that neither seals nor opens media and reports.
pub(crate) fn build_for_control(config: RtcConfig, now: Instant) -> (Rtc, KeySlot) {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    let provider = PROVIDER.get_or_init(|| provider(&NoSrtp));
    build_with(provider, config, now)
}

fn build_with(provider: &Arc<CryptoProvider>, config: RtcConfig, now: Instant) -> (Rtc, KeySlot) {
    let slot = KeySlot::default();
    NEXT_SLOT.with(|next| *next.borrow_mut() = Some(slot.clone()));
    let rtc = config
        .set_crypto_provider(provider.clone())
        .set_dtls_cert(certificate())
        .set_dtls_version(DtlsVersion::Dtls12)
        .build(now);
    let unused = NEXT_SLOT.with(|next| next.borrow_mut().take());
    debug_assert!(
        unused.is_none(),
        "str0m made no DTLS instance while building"
    );
    (rtc, slot)
}

fn base() -> &'static CryptoProvider {
    static BASE: OnceLock<CryptoProvider> = OnceLock::new();
    BASE.get_or_init(str0m::crypto::from_feature_flags)
}

fn provider(srtp_provider: &'static dyn SrtpProvider) -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        srtp_provider,
        sha1_hmac_provider: base().sha1_hmac_provider,
        sha1_provider: base().sha1_provider,
        sha256_provider: base().sha256_provider,
        dtls_provider: &KeepingProvider,
    })
}

/// One certificate for the life of the process: its fingerprint must not change between offers.
fn certificate() -> DtlsCert {
    static CERTIFICATE: OnceLock<DtlsCert> = OnceLock::new();
    CERTIFICATE
        .get_or_init(|| {
            base()
                .dtls_provider
                .generate_certificate()
                .expect("a DTLS certificate can be made")
        })
        .clone()
}

fn config(mtu: Option<usize>) -> Arc<dimpl::Config> {
    static CONFIG: OnceLock<Arc<dimpl::Config>> = OnceLock::new();
    if let Some(seed) = SIMULATED.get() {
        // Making one costs more than a handshake, so a few serve them all.
        static SEEDED: [OnceLock<Arc<dimpl::Config>>; 8] = [const { OnceLock::new() }; 8];
        SIMULATED.set(Some(seed.wrapping_add(1)));
        let seed = seed % SEEDED.len() as u64;
        let made = SEEDED.get(seed as usize);
        let made = made.map(|made| made.get_or_init(|| Arc::new(new_config(mtu, Some(seed)))));
        return made.expect("a place below their number").clone();
    }
    CONFIG
        .get_or_init(|| Arc::new(new_config(mtu, None)))
        .clone()
}

fn new_config(mtu: Option<usize>, seed: Option<u64>) -> dimpl::Config {
    let mut builder = dimpl::Config::builder()
        // ICE has proven the return path already.
        .use_server_cookie(false)
        // The default of one second makes joining on a lossy network slow.
        .flight_start_rto(Duration::from_millis(200));
    if let Some(mtu) = mtu {
        builder = builder.mtu(mtu);
    }
    if let Some(seed) = seed {
        builder = builder.dangerously_set_rng_seed(seed);
    }
    builder.build().expect("the DTLS configuration is valid")
}

#[derive(Debug)]
struct KeepingProvider;

impl DtlsProvider for KeepingProvider {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        base().dtls_provider.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        _version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let slot = NEXT_SLOT
            .with(|next| next.borrow_mut().take())
            .unwrap_or_default();
        let cert = dimpl::DtlsCertificate {
            certificate: cert.certificate.clone(),
            private_key: cert.private_key.clone(),
        };
        // DTLS 1.3 stays off: dimpl's server then takes the client's first SRTP profile, which is the slow one.
        let dtls = dimpl::Dtls::new_12(config(mtu), cert, now);
        Ok(Box::new(KeepingDtls { dtls, slot }))
    }
}

struct KeepingDtls {
    dtls: dimpl::Dtls,
    slot: KeySlot,
}

impl fmt::Debug for KeepingDtls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeepingDtls")
    }
}

impl DtlsInstance for KeepingDtls {
    fn set_active(&mut self, active: bool) {
        self.dtls.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.dtls.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        let output = self.dtls.poll_output(buf);
        if let DtlsOutput::KeyingMaterial(material, profile) = &output {
            let _ = self.slot.set(CapturedKeys {
                material: material.to_vec(),
                profile: *profile,
                active: self.dtls.is_active(),
            });
        }
        output
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.dtls.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.dtls.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.dtls.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.dtls.protocol_version()
    }

    // These two have default bodies; without them `Rtc::close` never ends.
    fn is_closing(&self) -> bool {
        self.dtls.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.dtls.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.dtls.close()
    }
}
