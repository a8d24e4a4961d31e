//! DTLS on dimpl behind str0m's provider seam, with a copy of the SRTP keying material for our own egress.
//!
//! str0m's own provider validates a whole crypto configuration for every transport (1.5 ms); here it is made once.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion,
    SrtpProfile,
};
use str0m::crypto::{CryptoError, CryptoProvider};
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

/// What the DTLS inside an `Rtc` shares with the owner of that `Rtc`.
#[derive(Debug, Default)]
pub struct Shared {
    keys: OnceLock<CapturedKeys>,
    ended: AtomicBool,
}

impl Shared {
    /// The keys, at the latest when str0m says `Connected`.
    pub fn get(&self) -> Option<&CapturedKeys> {
        self.keys.get()
    }

    /// Has DTLS say good-bye when str0m next asks it for output.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

pub type KeySlot = Arc<Shared>;

thread_local! {
    /// Where the keys go and whether str0m gets them too. `new_dtls` takes no argument of ours, and str0m calls it inside
    /// `RtcConfig::build` on the same thread.
    static NEXT: RefCell<Option<(KeySlot, bool)>> = const { RefCell::new(None) };
    static SIMULATED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Retransmissions of handshakes on this thread wait by this seed from now on, so that a simulated call comes again. The hello's
/// random bytes come from it too, which no real handshake may have: without debug assertions this does nothing.
pub(crate) fn simulate(seed: u64) {
    SIMULATED.set(cfg!(debug_assertions).then_some(seed));
}

/// Builds an `Rtc` whose keying material will appear in the returned slot.
pub fn build(config: RtcConfig, now: Instant) -> (Rtc, KeySlot) {
    build_with(config, now, true)
}

/// As [`build`] for an `Rtc` that neither seals nor opens media and reports: without keys it makes no SRTP contexts, which are 4 kB.
pub(crate) fn build_for_control(config: RtcConfig, now: Instant) -> (Rtc, KeySlot) {
    build_with(config, now, false)
}

fn build_with(config: RtcConfig, now: Instant, has_media: bool) -> (Rtc, KeySlot) {
    let slot = KeySlot::default();
    NEXT.with(|next| *next.borrow_mut() = Some((slot.clone(), has_media)));
    let rtc = config
        .set_crypto_provider(provider().clone())
        .set_dtls_cert(certificate())
        .set_dtls_version(DtlsVersion::Dtls12)
        .build(now);
    let unused = NEXT.with(|next| next.borrow_mut().take());
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

fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| {
        Arc::new(CryptoProvider {
            srtp_provider: base().srtp_provider,
            sha1_hmac_provider: base().sha1_hmac_provider,
            sha1_provider: base().sha1_provider,
            sha256_provider: base().sha256_provider,
            dtls_provider: &KeepingProvider,
        })
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
        let next = NEXT.with(|next| next.borrow_mut().take());
        let (slot, has_media) = next.unwrap_or_default();
        let cert = dimpl::DtlsCertificate {
            certificate: cert.certificate.clone(),
            private_key: cert.private_key.clone(),
        };
        // DTLS 1.3 stays off: dimpl's server then takes the client's first SRTP profile, which is the slow one.
        let dtls = dimpl::Dtls::new_12(config(mtu), cert, now);
        Ok(Box::new(KeepingDtls {
            dtls,
            slot,
            has_media,
        }))
    }
}

struct KeepingDtls {
    dtls: dimpl::Dtls,
    slot: KeySlot,
    /// str0m gets the keys too.
    has_media: bool,
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
        if self.slot.ended.load(Ordering::Relaxed) {
            // Once it has, this does nothing more.
            let _ = self.dtls.close();
        }
        if self.slot.get().is_some() {
            return self.dtls.poll_output(buf);
        }
        // The keys may be kept back, and then the next output is asked for: none of them is read into str0m's memory at once.
        let mut own = vec![0; buf.len()];
        loop {
            match self.dtls.poll_output(&mut own) {
                DtlsOutput::KeyingMaterial(material, profile) => {
                    let _ = self.slot.keys.set(CapturedKeys {
                        material: material.to_vec(),
                        profile,
                        active: self.dtls.is_active(),
                    });
                    if self.has_media {
                        return DtlsOutput::KeyingMaterial(material, profile);
                    }
                }
                DtlsOutput::Packet(bytes) => return DtlsOutput::Packet(copy(bytes, buf)),
                DtlsOutput::PeerCert(bytes) => return DtlsOutput::PeerCert(copy(bytes, buf)),
                DtlsOutput::ApplicationData(bytes) => {
                    return DtlsOutput::ApplicationData(copy(bytes, buf));
                }
                DtlsOutput::BufferTooSmall { needed } => {
                    return DtlsOutput::BufferTooSmall { needed };
                }
                DtlsOutput::Timeout(at) => return DtlsOutput::Timeout(at),
                DtlsOutput::Connected => return DtlsOutput::Connected,
                DtlsOutput::CloseNotify => return DtlsOutput::CloseNotify,
                // One that we do not know is nothing to str0m either.
                _ => {}
            }
        }
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

/// `to` is as long as what `bytes` were read into.
fn copy<'a>(bytes: &[u8], to: &'a mut [u8]) -> &'a [u8] {
    let (to, _) = to.split_at_mut(bytes.len());
    to.copy_from_slice(bytes);
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Side {
        dtls: Box<dyn DtlsInstance>,
        slot: KeySlot,
        connected: bool,
        /// str0m would have got keys.
        told: bool,
    }

    impl Side {
        fn new(now: Instant, active: bool, has_media: bool) -> Side {
            let slot = KeySlot::default();
            NEXT.with(|next| *next.borrow_mut() = Some((slot.clone(), has_media)));
            let dtls = KeepingProvider.new_dtls(&certificate(), now, DtlsVersion::Dtls12, None);
            let mut dtls = dtls.unwrap();
            dtls.set_active(active);
            dtls.handle_timeout(now).unwrap();
            Side {
                dtls,
                slot,
                connected: false,
                told: false,
            }
        }

        /// Everything it has to say. Returns how many packets went to the other side.
        fn speak(&mut self, to: &mut Side, heard: &mut Vec<u8>) -> usize {
            let (mut buf, mut packets) = ([0; 2048], 0);
            loop {
                match self.dtls.poll_output(&mut buf) {
                    DtlsOutput::Packet(packet) => {
                        to.dtls.handle_packet(packet).unwrap();
                        packets += 1;
                    }
                    DtlsOutput::Connected => self.connected = true,
                    DtlsOutput::KeyingMaterial(..) => self.told = true,
                    DtlsOutput::ApplicationData(data) => heard.extend_from_slice(data),
                    DtlsOutput::Timeout(_) => return packets,
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn keys_are_kept_from_who_has_no_media_and_everything_else_goes_on() {
        let now = Instant::now();
        let mut client = Side::new(now, true, true);
        let mut server = Side::new(now, false, false);
        let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
        let mut both = |client: &mut Side, server: &mut Side| {
            while client.speak(server, &mut to_client) + server.speak(client, &mut to_server) > 0 {}
        };
        both(&mut client, &mut server);
        assert!(client.connected && server.connected);
        assert_eq!((client.told, server.told), (true, false));
        let (ours, theirs) = (server.slot.get().unwrap(), client.slot.get().unwrap());
        assert_eq!(ours.material, theirs.material);
        assert_eq!(ours.material.len(), ours.profile.keying_material_len());
        assert_eq!((ours.active, theirs.active), (false, true));
        client.dtls.send_application_data(b"up").unwrap();
        server.dtls.send_application_data(b"down").unwrap();
        both(&mut client, &mut server);
        assert_eq!((&*to_server, &*to_client), (&b"up"[..], &b"down"[..]));
    }
}
