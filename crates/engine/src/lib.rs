//! Maru's media engine: str0m for ICE, DTLS, SDP and SCTP, our own code for every media byte that leaves.

mod bind;
mod codecs;
pub mod command;
mod data;
mod demux;
mod downlink;
mod dtls;
mod effects;
pub mod engine;
pub mod event;
mod feedback;
mod formats;
pub mod media;
pub mod metrics;
mod negotiate;
pub mod net;
pub mod outbox;
mod panics;
mod publish;
mod random;
mod reports;
mod sdp;
pub mod sdp_job;
mod slots;
mod tracks;
mod transport;
mod uplink;
