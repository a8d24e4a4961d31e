//! Counters since the start. Plain numbers in the core; `net` publishes a copy.

use std::iter::Sum;

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

impl Sum for Metrics {
    fn sum<I: Iterator<Item = Metrics>>(all: I) -> Metrics {
        all.fold(Metrics::default(), |a, b| Metrics {
            packets_in: a.packets_in + b.packets_in,
            packets_out: a.packets_out + b.packets_out,
            bytes_in: a.bytes_in + b.bytes_in,
            bytes_out: a.bytes_out + b.bytes_out,
            packets_dropped: a.packets_dropped + b.packets_dropped,
            handed_over: a.handed_over + b.handed_over,
            posts_dropped: a.posts_dropped + b.posts_dropped,
            strays_dropped: a.strays_dropped + b.strays_dropped,
            retransmitted: a.retransmitted + b.retransmitted,
            nacks: a.nacks + b.nacks,
            keyframe_requests: a.keyframe_requests + b.keyframe_requests,
            send_errors: a.send_errors + b.send_errors,
            transports: a.transports + b.transports,
            tracks: a.tracks + b.tracks,
            subscriptions: a.subscriptions + b.subscriptions,
            events_dropped: a.events_dropped + b.events_dropped,
            thread_cpu_micros: a.thread_cpu_micros + b.thread_cpu_micros,
        })
    }
}
