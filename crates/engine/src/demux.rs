//! Which transport a datagram belongs to: STUN by the ufrag it names, the rest by an address that a STUN message
//! with right integrity came from before.

use crate::command::TransportId;
use crate::engine::Engine;
use crate::media::demux::{Class, classify};
use crate::media::stun::{Stun, nominating};
use crate::outbox::Route;
use crate::remote::Remote;
use crate::transport::Path;
use std::net::SocketAddr;
use std::time::Instant;
use str0m::Input;
use str0m::net::{Protocol, Receive};

/// So many refused datagrams in a row and the session is beyond help.
const REFUSED_LIMIT: u32 = 200;
/// Longest binding request that is kept until it is proven; a browser's has about a hundred bytes.
const REQUEST_LIMIT: usize = 512;

impl Engine {
    /// One datagram, or one frame of a stream, that arrived at the local address `to`.
    pub fn datagram(
        &mut self,
        now: Instant,
        from: impl Into<Remote>,
        to: SocketAddr,
        bytes: &[u8],
    ) {
        self.metrics.packets_in += 1;
        self.metrics.bytes_in += bytes.len() as u64;
        let path = Path {
            remote: from.into(),
            local: to,
            via: None,
        };
        self.arrived(now, path, bytes);
    }

    pub(crate) fn arrived(&mut self, now: Instant, path: Path, bytes: &[u8]) {
        let stun = Stun::parse(bytes);
        let ufrag = stun.and_then(|message| message.local_ufrag());
        let mut id = ufrag.and_then(|ufrag| self.transport_by_ufrag(ufrag));
        // What was handed over once goes no further. Streams are brought to the right shard.
        if id.is_none()
            && path.via.is_none()
            && path.remote.stream.is_none()
            && let Some(owner) = self.owner_elsewhere(path.remote, ufrag)
        {
            if !self.is_kept_from(now, owner, path.remote) {
                self.hand_over(owner, path, bytes);
            }
            return;
        }
        id = id.or_else(|| self.by_address.get(&path.remote).copied());
        let Some(id) = id else {
            self.metrics.strays_dropped += 1;
            return;
        };
        // str0m sees control only.
        match classify(bytes) {
            Class::Stun | Class::Dtls => {}
            Class::Rtp => return self.receive_rtp(now, id, bytes),
            Class::Rtcp => return self.receive_rtcp(now, id, bytes),
            Class::Other => {
                self.metrics.packets_dropped += 1;
                return;
            }
        }
        if let Some(transport) = self.transports.get_mut(&id)
            && let Some(message) = stun.filter(Stun::is_binding_request)
        {
            transport.note_arrival(path, message.use_candidate);
            if transport.password.is_some() && bytes.len() <= REQUEST_LIMIT {
                transport.first_request = Some((path, bytes.to_vec()));
            }
        }
        self.feed(now, id, path, bytes);
    }

    /// Takes the first path whose check was right as nominated, so that DTLS need not wait for the client to say so.
    /// The client's own nomination comes later and holds.
    fn nominate_early(&mut self, now: Instant, id: TransportId, proven: Path) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        let Some((path, request)) = transport.first_request.take_if(|(path, _)| *path == proven)
        else {
            return;
        };
        let Some(password) = transport.password.take() else {
            return;
        };
        if let Some((bytes, transaction)) = nominating(&request, &password) {
            transport.own_transaction = Some(transaction);
            self.feed(now, id, path, &bytes);
        }
    }

    fn feed(&mut self, now: Instant, id: TransportId, path: Path, bytes: &[u8]) {
        // str0m knows candidates only. An address that came to this machine after the start stands for the first.
        let candidates = &self.config.candidates;
        let local = if candidates.contains(&path.local) {
            path.local
        } else {
            let same = |c: &&SocketAddr| c.is_ipv4() == path.local.is_ipv4();
            candidates.iter().find(same).copied().unwrap_or(path.local)
        };
        let protocol = match path.remote.stream {
            Some(_) => Protocol::Tcp,
            None => Protocol::Udp,
        };
        let Ok(receive) = Receive::new(protocol, path.remote.address, local, bytes) else {
            self.metrics.packets_dropped += 1;
            return;
        };
        let result = self.operate(now, id, |transport| {
            transport.rtc.handle_input(Input::Receive(now, receive))
        });
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        match result {
            Some(Ok(())) => transport.refused = 0,
            Some(Err(error)) => {
                self.metrics.packets_dropped += 1;
                transport.refused += 1;
                if transport.refused > REFUSED_LIMIT {
                    self.end(now, id, format!("too many bad datagrams: {error}"));
                }
            }
            None => {}
        }
    }

    /// str0m answered a binding request from there, so its integrity was right.
    pub(crate) fn proven(&mut self, now: Instant, id: TransportId, remote: Remote) {
        let Some(transport) = self.transports.get(&id) else {
            return;
        };
        let Some((path, nominated)) = transport.arrival(remote) else {
            return;
        };
        if self.is_held_by_other(now, id, remote) {
            return;
        }
        if let Some(egress) = self.egress.get_mut(transport.egress)
            && (nominated || egress.route.is_none())
        {
            egress.route = Some(Route {
                to: path.remote,
                from: Some(path.local),
            });
        }
        self.bind_address(now, id, path);
        self.nominate_early(now, id, path);
    }
}
