//! Counters since the start. Plain numbers in the core; `net` publishes a copy.

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Metrics {
    pub packets_in: u64,
    pub packets_out: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// Packets that were for somebody and could not be used or sent.
    pub packets_dropped: u64,
    /// Datagrams that arrived at the socket of another thread than their transport's.
    pub handed_over: u64,
    /// Packets that another thread did not take in time.
    pub posts_dropped: u64,
    /// Datagrams that belong to no transport.
    pub strays_dropped: u64,
    pub retransmitted: u64,
    pub nacks: u64,
    pub keyframe_requests: u64,
    pub send_errors: u64,
    pub transports: u64,
    pub tracks: u64,
    pub subscriptions: u64,
    pub events_dropped: u64,
    pub thread_cpu_micros: u64,
}
