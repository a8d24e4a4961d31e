//! A subscriber. str0m makes the connection; after it (`lighten`) there are only a socket, two keys and a binding request.
//!
//! Most sockets drop most of RTP in the kernel, which counts it. A sampled one takes everything, opens it, and looks for holes.

use crate::arrivals::{self, ArrivalLog};
use crate::delays::Delays;
use crate::peer::{self, Peer};
use crate::reports::{self, Heard};
use crate::system;
use crate::way::Way;
use engine::media::rtp::Header;
use engine::media::{Open, Seal};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Browsers ask for consent about as often (RFC 7675 section 5.1 wants five seconds).
const PING_INTERVAL: Duration = Duration::from_millis(2_500);
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// How often a socket is looked at.
const WHILE_JOINING: Duration = Duration::from_millis(2);
pub const SAMPLED: Duration = Duration::from_millis(3);

pub struct Sink {
    pub id: u32,
    pub sampled: bool,
    /// Whose delays are counted together.
    pub group: usize,
    way: Way,
    life: Life,
    counts: Counts,
    drops: u32,
    streams: BTreeMap<u32, Stream>,
    /// What it says its link carries, in bit/s, where it tells of no arrivals; 0 says nothing.
    estimate: u64,
    arrivals: Option<ArrivalLog>,
    /// So many times as often as a browser it reports and pings.
    hurry: u32,
    /// What comes lies where it is.
    deaf: bool,
}

enum Life {
    Joining(Box<Peer>),
    Light(Box<Light>),
}

struct Light {
    remote: SocketAddr,
    ping: Vec<u8>,
    ping_at: Instant,
    report_at: Instant,
    arrivals_at: Instant,
    seal: Seal,
    open: Open,
}

/// What came since the last look.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    /// RTP packets that reached the socket.
    pub received: u64,
    /// Bytes of those that were read.
    pub bytes: u64,
    pub read: u64,
    /// Read, and whole under our key.
    pub opened: u64,
    /// Read, and not ours to open.
    pub refused: u64,
    /// Holes in what was read.
    pub lost: u64,
    /// What the sampled did not have room for: the load's fault, not the server's.
    pub overflowed: u64,
    /// Datagrams that are no RTP.
    pub others: u64,
}

impl Counts {
    pub fn add(&mut self, other: Counts) {
        self.received += other.received;
        self.bytes += other.bytes;
        self.read += other.read;
        self.opened += other.opened;
        self.refused += other.refused;
        self.lost += other.lost;
        self.overflowed += other.overflowed;
        self.others += other.others;
    }
}

/// One stream of a sampled sink.
#[derive(Debug, Default, Clone, Copy)]
struct Stream {
    /// Extended number of the first since the last look, and of the newest.
    base: u64,
    highest: u64,
    count: u64,
    lost: u64,
}

impl Sink {
    pub fn new(
        id: u32,
        way: Way,
        sampled: bool,
        group: usize,
        estimate: u64,
        hurry: u32,
    ) -> Result<Sink, String> {
        if let Way::Udp(socket) = &way {
            let set = match sampled {
                true => Ok(()),
                false => system::thin_rtp(socket),
            };
            let set = set.and_then(|()| system::stamp_arrivals(socket));
            set.map_err(|error| format!("A socket cannot be set up: {error}"))?;
        }
        let peer = Peer::new(&way)?;
        Ok(Sink {
            id,
            sampled,
            group,
            way,
            deaf: false,
            life: Life::Joining(Box::new(peer)),
            counts: Counts::default(),
            drops: 0,
            streams: BTreeMap::new(),
            estimate,
            arrivals: None,
            hurry,
        })
    }

    pub fn connected(&self) -> bool {
        match &self.life {
            Life::Joining(peer) => peer.connected,
            Life::Light(_) => true,
        }
    }

    pub fn answer(&mut self, offer: &str) -> Result<String, String> {
        match &mut self.life {
            Life::Joining(peer) => {
                let answer = peer.answer(offer, &mut self.way)?;
                let (now, wall) = (Instant::now(), system::wall_nanos());
                self.arrivals = ArrivalLog::new(&answer, self.sampled, now, wall);
                Ok(answer)
            }
            Life::Light(_) => Err(format!("Subscriber {} negotiates no more.", self.id)),
        }
    }

    /// One that comes late is of no use any more.
    pub fn candidate(&mut self, line: &str) -> Result<(), String> {
        match &mut self.life {
            Life::Joining(peer) => peer.candidate(line, &mut self.way),
            Life::Light(_) => Ok(()),
        }
    }

    /// Lets go of everything that only a new negotiation would need.
    pub fn lighten(&mut self, now: Instant) {
        let Life::Joining(peer) = &self.life else {
            return;
        };
        let (Some((seal, open)), Some((remote, ping)), true) =
            (peer.keys(), peer.path(), peer.connected)
        else {
            return;
        };
        // Spread, so that not all speak at once.
        let spread = Duration::from_micros(u64::from(self.id) * 7_919 % 1_000_000);
        self.life = Life::Light(Box::new(Light {
            remote,
            ping,
            ping_at: now + spread * 2,
            report_at: now + spread,
            arrivals_at: now + spread / 20,
            seal,
            open,
        }));
    }

    /// As a page in a background that the system has stopped, or behind a path that carries nothing any more.
    pub fn deafen(&mut self) {
        self.deaf = true;
    }

    /// Reads what came, says what is due, and answers when to look again.
    pub fn visit(
        &mut self,
        now: Instant,
        buffer: &mut [u8],
        delays: &mut [Delays],
    ) -> Result<Instant, String> {
        while !self.deaf
            && let Some((length, from, stamp)) = self.way.receive(buffer)
        {
            self.take(&mut buffer[..length], from, stamp, delays)?;
        }
        match &mut self.life {
            Life::Joining(peer) => {
                peer.tick(now, &mut self.way)?;
                Ok(now + WHILE_JOINING)
            }
            Life::Light(light) => {
                let says = self.estimate > 0 && self.arrivals.is_none();
                let bits = says.then_some(self.estimate);
                light.report(now, &mut self.way, &self.streams, bits, self.hurry);
                if let Some(arrivals) = &mut self.arrivals {
                    light.tell(now, &mut self.way, arrivals);
                }
                let pause = if self.sampled {
                    SAMPLED
                } else {
                    arrivals::INTERVAL
                };
                Ok(now + pause.min(REPORT_INTERVAL / self.hurry))
            }
        }
    }

    fn take(
        &mut self,
        datagram: &mut [u8],
        from: Option<SocketAddr>,
        stamp: u64,
        delays: &mut [Delays],
    ) -> Result<(), String> {
        if peer::is_rtp(datagram) {
            self.counts.received += 1;
            if let Some(arrivals) = &mut self.arrivals {
                arrivals.note(datagram, stamp);
            }
            if !self.sampled {
                return Ok(());
            }
            self.counts.read += 1;
            self.counts.bytes += datagram.len() as u64;
            if let Life::Light(light) = &mut self.life {
                let streams = &mut self.streams;
                let delays = delays.get_mut(self.group);
                match opened(&mut light.open, datagram, stamp, streams, delays) {
                    Some(()) => self.counts.opened += 1,
                    None => self.counts.refused += 1,
                }
            }
            return Ok(());
        }
        self.counts.others += 1;
        match (&mut self.life, from) {
            (Life::Joining(peer), Some(from)) => peer.receive(from, datagram, &mut self.way),
            _ => Ok(()),
        }
    }

    /// What came since the last call.
    pub fn counts(&mut self) -> Counts {
        let drops = self.way.drops();
        let dropped = u64::from(drops.wrapping_sub(self.drops));
        self.drops = drops;
        self.counts.received += dropped;
        if self.sampled {
            self.counts.overflowed = dropped;
        }
        for stream in self.streams.values_mut() {
            let expected = stream.highest + 1 - stream.base;
            let lost = expected.saturating_sub(stream.count);
            self.counts.lost += lost;
            stream.lost += lost;
            (stream.base, stream.count) = (stream.highest + 1, 0);
        }
        std::mem::take(&mut self.counts)
    }
}

/// Opens a packet, notes its place in its stream and how long it took.
fn opened(
    open: &mut Open,
    datagram: &mut [u8],
    stamp: u64,
    streams: &mut BTreeMap<u32, Stream>,
    delays: Option<&mut Delays>,
) -> Option<()> {
    let packet = open.open_rtp(datagram)?;
    let ssrc = Header::parse(datagram)?.ssrc;
    let stream = streams.entry(ssrc).or_insert(Stream {
        base: packet.index,
        highest: packet.index,
        ..Stream::default()
    });
    stream.highest = stream.highest.max(packet.index);
    stream.count += 1;
    let payload = datagram.get(packet.header_len..packet.len)?;
    if let (Some(sent), Some(delays), 1..) = (peer::sent_at(payload), delays, stamp) {
        delays.note(stamp.saturating_sub(sent));
    }
    Some(())
}

impl Light {
    fn report(
        &mut self,
        now: Instant,
        way: &mut Way,
        streams: &BTreeMap<u32, Stream>,
        bits: Option<u64>,
        hurry: u32,
    ) {
        if now >= self.ping_at {
            self.ping_at = now + PING_INTERVAL / hurry;
            way.send(&self.ping, self.remote);
        }
        if now < self.report_at {
            return;
        }
        self.report_at = now + REPORT_INTERVAL / hurry;
        let heard: Vec<Heard> = streams
            .iter()
            .map(|(ssrc, stream)| Heard {
                ssrc: *ssrc,
                highest: stream.highest as u32,
                lost: stream.lost as u32,
            })
            .collect();
        let (mut plain, mut sealed) = (vec![], vec![]);
        reports::write(&mut plain, &heard, bits);
        if self.seal.seal_rtcp(&plain, &mut sealed).is_ok() {
            way.send(&sealed, self.remote);
        }
    }

    fn tell(&mut self, now: Instant, way: &mut Way, arrivals: &mut ArrivalLog) {
        if now < self.arrivals_at {
            return;
        }
        self.arrivals_at = now + arrivals::INTERVAL;
        let (seal, remote) = (&mut self.seal, self.remote);
        let message = |plain: &[u8]| {
            let mut sealed = vec![];
            if seal.seal_rtcp(plain, &mut sealed).is_ok() {
                way.send(&sealed, remote);
            }
        };
        arrivals.write(message, reports::RECEIVER);
    }
}
