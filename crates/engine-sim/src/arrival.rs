//! A packet on its way to a client, opened.

use crate::tag::Tag;
use std::time::Instant;

/// A packet of media as a client takes it.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub ssrc: u32,
    /// Rollover counter and sequence number.
    pub index: u64,
    pub timestamp: u32,
    pub video: bool,
    /// When it left the engine, and with how many bytes.
    pub sent: Instant,
    pub size: usize,
    /// Its number among all packets of the transport, where it has one.
    pub transport_number: Option<u16>,
    /// SSRC and number of the packet that it repeats.
    pub repeats: Option<(u32, u16)>,
    pub tag: Option<Tag>,
}
