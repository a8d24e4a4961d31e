//! One ICE and DTLS path to a client: str0m for control, the keys for our own media, and where to send.

use crate::allocation::Allocation;
use crate::codecs;
use crate::command::{TransportId, TransportRole};
use crate::data::Data;
use crate::downlink::EgressPath;
use crate::dtls::{self, KeySlot};
use crate::feedback::RtxBudget;
use crate::ids::IdMap;
use crate::media::Open;
use crate::negotiate::Negotiation;
use crate::outbox::Route;
use crate::remote::Remote;
use crate::shard::ShardId;
use crate::slab::Key;
use crate::uplink::Uplink;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::net::{Protocol, TcpType};
use str0m::{Candidate, IceCreds, Rtc, RtcConfig};

/// Addresses a client may be reached by at one time; more only come from a client that plays with us.
const PATH_LIMIT: usize = 16;
const NEVER: Duration = Duration::from_secs(50 * 365 * 24 * 3600);

/// Where datagrams of a client come from and which local address they were sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path {
    pub remote: Remote,
    pub local: SocketAddr,
    /// The shard at whose socket they arrive, when it is not ours.
    pub via: Option<ShardId>,
}

/// In boxes: they are large, and a map that grows would move them all.
pub type Transports = IdMap<TransportId, Box<Transport>>;

pub struct Transport {
    pub id: TransportId,
    pub role: TransportRole,
    pub rtc: Rtc,
    pub keys: KeySlot,
    /// Opens what comes, since the handshake.
    pub open: Option<Open>,
    pub ufrag: String,
    /// Proven by message integrity, oldest first, and when last.
    pub paths: Vec<(Path, Instant)>,
    /// What our media needs on its way.
    pub egress: Key<EgressPath>,
    /// When str0m wants to be called next.
    pub deadline: Instant,
    pub connected: bool,
    /// ICE consent ended at this time and has not come back.
    pub lost_at: Option<Instant>,
    /// Why the transport must go; it is taken away after the operation that set it.
    pub ended: Option<String>,
    /// Closed by command: its end is no news.
    pub closing: bool,
    /// Datagrams in a row that str0m refused with an error.
    pub refused: u32,
    /// Paths of the last STUN messages, and whether these nominate. Not proven: str0m answers a message that came
    /// before our client's answer later, when it can check it.
    arrivals: VecDeque<(Path, bool)>,
    /// Our ICE password, until a path is nominated for the first time: see `nominating`.
    pub password: Option<String>,
    /// The last binding request while no path is nominated; str0m answers it when it can check it.
    pub first_request: Option<(Path, Vec<u8>)>,
    /// The transaction of the request we wrote ourselves: its answer goes to nobody.
    pub own_transaction: Option<[u8; 12]>,
    pub negotiation: Negotiation,
    pub uplink: Uplink,
    pub data: Data,
    pub rtx_budget: RtxBudget,
    pub allocation: Allocation,
}

pub struct Opening<'a> {
    pub id: TransportId,
    pub role: TransportRole,
    pub ufrag: String,
    pub password: String,
    pub candidates: &'a [SocketAddr],
    /// By which protocols the client may come.
    pub udp: bool,
    pub tcp: bool,
    pub egress: Key<EgressPath>,
    pub now: Instant,
}

impl Transport {
    pub fn open(opening: Opening) -> Box<Self> {
        let Opening {
            id,
            role,
            ufrag,
            password,
            candidates,
            udp,
            tcp,
            egress,
            now,
        } = opening;
        let config = RtcConfig::new()
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .set_local_ice_credentials(IceCreds {
                ufrag: ufrag.clone(),
                pass: password.clone(),
            })
            .set_sctp_max_buffered_amount(4 << 20)
            // Reports and statistics are ours: str0m sees no media.
            .set_stats_interval(None)
            .set_rtcp_report_interval_audio(NEVER)
            .set_rtcp_report_interval_video(NEVER);
        let (mut rtc, keys) = dtls::build_for_control(codecs::enable(config, role), now);
        let all = if udp { candidates } else { &[] };
        for address in all {
            if let Ok(candidate) = Candidate::host(*address, "udp") {
                rtc.add_local_candidate(candidate);
            }
        }
        // After the others, which makes them the second choice.
        let all = if tcp { candidates } else { &[] };
        for address in all {
            let passive = Candidate::builder().tcp().host(*address);
            if let Ok(candidate) = passive.tcptype(TcpType::Passive).build() {
                rtc.add_local_candidate(candidate);
            }
        }
        Box::new(Transport {
            id,
            role,
            rtc,
            keys,
            ufrag,
            paths: Vec::new(),
            egress,
            deadline: now,
            connected: false,
            lost_at: None,
            ended: None,
            closing: false,
            refused: 0,
            arrivals: VecDeque::new(),
            password: Some(password),
            first_request: None,
            own_transaction: None,
            negotiation: Negotiation::default(),
            uplink: Uplink::default(),
            open: None,
            data: Data::default(),
            rtx_budget: RtxBudget::default(),
            allocation: Allocation::default(),
        })
    }

    /// What str0m, which knows no streams, means by an address. Of several streams it is the newest.
    pub fn remote(&self, protocol: Protocol, address: SocketAddr) -> Option<Remote> {
        if protocol == Protocol::Udp {
            return Some(address.into());
        }
        let arrivals = self.arrivals.iter().map(|(path, _)| path.remote);
        let proven = self.paths.iter().rev().map(|(path, _)| path.remote);
        let streams = |remote: &Remote| remote.stream.is_some() && remote.address == address;
        arrivals.chain(proven).find(streams)
    }

    /// The local address the client reaches from `remote`, as seen on the socket.
    pub fn local_for(&self, remote: Remote) -> Option<SocketAddr> {
        // The answer to the first message of a path goes out before the path is known to be good.
        let arrivals = self.arrivals.iter().map(|(path, _)| path);
        let proven = self.paths.iter().map(|(path, _)| path);
        let paths = arrivals.chain(proven);
        paths
            .into_iter()
            .find(|path| path.remote == remote)
            .map(|path| path.local)
    }

    pub fn note_arrival(&mut self, path: Path, nominates: bool) {
        self.arrivals
            .retain(|(known, _)| known.remote != path.remote);
        self.arrivals.truncate(PATH_LIMIT - 1);
        self.arrivals.push_front((path, nominates));
    }

    pub fn arrival(&self, remote: Remote) -> Option<(Path, bool)> {
        let mut arrivals = self.arrivals.iter();
        arrivals.find(|(path, _)| path.remote == remote).copied()
    }

    /// Whether this address was proven in the last `time`.
    pub fn has_proven(&self, now: Instant, remote: Remote, time: Duration) -> bool {
        let mut paths = self.paths.iter();
        paths.any(|(path, at)| path.remote == remote && now < *at + time)
    }

    /// Remembers a proven path. Returns an address that had to make room.
    pub fn add_path(&mut self, now: Instant, path: Path, route: Option<Route>) -> Option<Remote> {
        let mut paths = self.paths.iter_mut();
        if let Some(known) = paths.find(|(known, _)| known.remote == path.remote) {
            *known = (path, now);
            return None;
        }
        self.paths.push((path, now));
        if self.paths.len() <= PATH_LIMIT {
            return None;
        }
        let used = route.map(|route| route.to);
        let oldest = usize::from(self.paths.first().map(|(p, _)| p.remote) == used);
        Some(self.paths.remove(oldest).0.remote)
    }
}
