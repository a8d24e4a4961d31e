//! One connection of a client: str0m, beside the way that its packets take.

use crate::system;
use crate::way::Way;
use engine::dtls::{self, KeySlot};
use engine::media::{Keys, Open, Profile, Seal};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::media::KeyframeRequest;
use str0m::net::Receive;
use str0m::rtp::Extension;
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

pub struct Peer {
    pub rtc: Rtc,
    pub connected: bool,
    pub keyframes: Vec<KeyframeRequest>,
    deadline: Instant,
    /// Where the server sends from.
    remote: Option<SocketAddr>,
    /// The last binding request to each address, which holds as long as the ICE credentials do.
    pings: HashMap<SocketAddr, Vec<u8>>,
    slot: KeySlot,
    address: SocketAddr,
}

/// First bytes of DTLS (RFC 7983 section 7).
const DTLS_FIRST: u8 = 20;
const DTLS_LAST: u8 = 63;

impl Peer {
    pub fn new(way: &Way) -> Result<Peer, String> {
        let now = Instant::now();
        let (mut rtc, slot) = dtls::build(config(), now);
        let candidate = way.candidate()?;
        let address = candidate.addr();
        rtc.add_local_candidate(candidate);
        Ok(Peer {
            rtc,
            connected: false,
            keyframes: vec![],
            deadline: now,
            remote: None,
            pings: HashMap::new(),
            slot,
            address,
        })
    }

    pub fn accept(
        &mut self,
        pending: SdpPendingOffer,
        answer: &str,
        way: &mut Way,
    ) -> Result<(), String> {
        let answer = SdpAnswer::from_sdp_string(answer).map_err(|error| error.to_string())?;
        let accepted = self.rtc.sdp_api().accept_answer(pending, answer);
        self.drain(way)?;
        accepted.map_err(|error| error.to_string())
    }

    /// Answers as browsers do: as the DTLS client.
    pub fn answer(&mut self, offer: &str, way: &mut Way) -> Result<String, String> {
        let offer = offer.replace("a=setup:actpass", "a=setup:passive");
        let offer = SdpOffer::from_sdp_string(&offer).map_err(|error| error.to_string())?;
        let answer = self.rtc.sdp_api().accept_offer(offer);
        self.drain(way)?;
        Ok(answer.map_err(|error| error.to_string())?.to_sdp_string())
    }

    /// A candidate of the server's; what we have no use for is passed over.
    pub fn candidate(&mut self, line: &str, way: &mut Way) -> Result<(), String> {
        if let Ok(candidate) = Candidate::from_sdp_string(line)
            && candidate.proto() == way.protocol()
            && candidate.addr().is_ipv4() == self.address.is_ipv4()
        {
            self.rtc.add_remote_candidate(candidate);
        }
        self.drain(way)
    }

    pub fn receive(&mut self, from: SocketAddr, bytes: &[u8], way: &mut Way) -> Result<(), String> {
        let Ok(receive) = Receive::new(way.protocol(), from, self.address, bytes) else {
            return Ok(());
        };
        if let Some(DTLS_FIRST..=DTLS_LAST) = bytes.first() {
            self.remote = Some(from);
        }
        let input = Input::Receive(Instant::now(), receive);
        self.rtc
            .handle_input(input)
            .map_err(|error| error.to_string())?;
        self.drain(way)
    }

    pub fn tick(&mut self, now: Instant, way: &mut Way) -> Result<(), String> {
        if self.deadline <= now && self.rtc.is_alive() {
            self.handle_timeout(now)?;
            self.drain(way)?;
        }
        Ok(())
    }

    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), String> {
        self.rtc
            .handle_input(Input::Timeout(now))
            .map_err(|error| error.to_string())
    }

    /// The server's address, and what keeps the way to it open.
    pub fn path(&self) -> Option<(SocketAddr, Vec<u8>)> {
        let remote = self.remote?;
        Some((remote, self.pings.get(&remote)?.clone()))
    }

    /// SRTP keys of our own, once connected.
    pub fn keys(&self) -> Option<(Seal, Open)> {
        let keys = self.slot.get()?;
        let profile = Profile::from_dtls(&keys.profile)?;
        Keys::from_dtls(&keys.material, profile, keys.active).ok()
    }

    pub fn drain(&mut self, way: &mut Way) -> Result<(), String> {
        loop {
            match self.rtc.poll_output().map_err(|error| error.to_string())? {
                Output::Timeout(at) => {
                    self.deadline = at;
                    return Ok(());
                }
                Output::Transmit(transmit) => {
                    if transmit.contents.starts_with(&[0, 1]) {
                        let ping = transmit.contents.to_vec();
                        self.pings.insert(transmit.destination, ping);
                    }
                    way.send(&transmit.contents, transmit.destination);
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::KeyframeRequest(request)) => self.keyframes.push(request),
                Output::Event(_) => {}
            }
        }
    }
}

fn config() -> RtcConfig {
    RtcConfig::new()
        .set_rtp_mode(true)
        .clear_codecs()
        .enable_opus(true, false)
        .enable_vp8(true)
        .clear_extension_map()
        .set_extension(1, Extension::AudioLevel)
        .set_extension(2, Extension::AbsoluteSendTime)
        .set_extension(3, Extension::TransportSequenceNumber)
        .set_extension(4, Extension::RtpMid)
        .set_extension(10, Extension::RtpStreamId)
        .set_extension(11, Extension::RepairedRtpStreamId)
}

/// Whether a datagram is RTP (RFC 5761 section 4).
pub fn is_rtp(bytes: &[u8]) -> bool {
    matches!(bytes, [128..=191, second, ..] if !(192..=223).contains(second))
}

/// When a payload of ours was sent, if it is one.
pub fn sent_at(payload: &[u8]) -> Option<u64> {
    let rest = payload.strip_suffix(&crate::pattern::MARK)?;
    Some(u64::from_be_bytes(*rest.last_chunk()?))
}

/// Writes the end of a payload that leaves now.
pub fn stamp(payload: &mut [u8]) {
    let Some(at) = payload.len().checked_sub(crate::pattern::END) else {
        return;
    };
    payload[at..at + 8].copy_from_slice(&system::wall_nanos().to_be_bytes());
    payload[at + 8..].copy_from_slice(&crate::pattern::MARK);
}
