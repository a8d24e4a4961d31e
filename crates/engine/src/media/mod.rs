//! The packet path in pure code: RTP, RTCP, SRTP, payload formats, the packet store, rewriting for a subscriber, speaker levels.
//!
//! Owns no socket, no thread and no clock: bytes, numbers and instants come in as arguments. Everything that comes from a network
//! is read with checked access only; a parser answers `None` and the caller counts. Every buffer has a bound.
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

pub mod allocate;
pub mod bandwidth;
pub mod bundle;
mod bytes;
pub mod codec;
pub mod demux;
pub mod dependency;
pub mod egress;
pub mod frame;
pub mod framing;
pub mod ingest;
pub mod keyframe;
pub mod level;
pub mod munger;
pub mod nack;
pub mod ntp;
pub mod packet;
pub mod rates;
pub mod rtcp;
pub mod rtp;
pub mod select;
pub mod selector;
pub mod sent;
pub mod srtp;
pub mod store;
pub mod stun;
#[cfg(test)]
mod testing;
pub mod train;
pub mod twcc;
pub mod window;

pub use codec::Codec;
pub use egress::{ExtensionIds, MidText, OutStream, PayloadForm, Stamp};
pub use frame::Selection;
pub use keyframe::KeyframeLimiter;
pub use level::{LevelMeter, SpeakerList};
pub use munger::{LayerId, Munger, Origin, Rewrite};
pub use ntp::{Aligned, Ntp, ReportClock};
pub use packet::MediaPacket;
pub use select::Aim;
pub use srtp::{Keys, Open, Profile, Seal, SrtpError};
pub use store::PacketStore;
