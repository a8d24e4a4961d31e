//! Maru's media engine: str0m for ICE, DTLS, SDP and SCTP, our own code for every media byte that leaves.

mod codecs;
pub mod command;
mod data;
mod demux;
mod downlink;
mod dtls;
mod effects;
pub mod engine;
pub mod event;
pub mod media {
    pub mod bytes;
    pub mod rtp;
    pub mod srtp;
    pub mod stun;
    pub mod window;
    #[cfg(test)]
    pub mod testing;
}
pub mod metrics;
pub mod negotiate;
pub mod net;
pub mod outbox;
mod random;
mod sdp;
mod tracks;
mod transport;
mod uplink;
