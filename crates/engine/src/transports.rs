//! The transports of an engine: how they begin, what is done to them, and how they end. Whatever one of them does wrong, a panic
//! included, costs that transport only.

use crate::command::{TransportId, TransportRole};
use crate::downlink::EgressPath;
use crate::engine::Engine;
use crate::event::Event;
use crate::panics;
use crate::random::ice_text;
use crate::shard;
use crate::transport::{Opening, Transport};
use std::time::Instant;
use str0m::RtcError;

impl Engine {
    pub(crate) fn open(
        &mut self,
        now: Instant,
        id: TransportId,
        role: TransportRole,
        tcp_only: bool,
    ) {
        if self.transports.contains_key(&id) {
            return;
        }
        let opening = Opening {
            id,
            role,
            ufrag: self.new_ufrag(id),
            password: ice_text(24),
            candidates: &self.config.candidates,
            udp: !(self.config.streams && tcp_only),
            tcp: self.config.streams,
            egress: self.egress.insert(EgressPath::default()),
            now,
        };
        match panics::catch(|| Transport::open(opening)) {
            Ok(transport) => {
                self.by_ufrag.insert(transport.ufrag.clone(), id);
                self.timers.insert((transport.deadline, id));
                self.transports.insert(id, transport);
            }
            Err(reason) => self.emit(Event::TransportClosed {
                transport: id,
                reason,
            }),
        }
    }

    /// Unguessable, with our letter first, so that every shard knows whose it is.
    pub(crate) fn new_ufrag(&self, id: TransportId) -> String {
        format!("{}{}{id:x}", shard::letter(self.config.shard), ice_text(6))
    }

    /// Closing says good-bye to the client and forgets the transport in one step; no event follows.
    pub(crate) fn close(&mut self, now: Instant, id: TransportId) {
        self.send_bye(id);
        self.operate(now, id, |transport| {
            transport.closing = true;
            let closed = transport.rtc.close();
            // str0m refuses while an SCTP association is being made; the client is told all the same.
            closed.inspect_err(|_| transport.keys.end())
        });
        self.forget(now, id);
    }

    /// Says good-bye to everybody, before the engine goes.
    pub fn close_all(&mut self, now: Instant) {
        for id in self.open_transports() {
            self.close(now, id);
        }
    }

    /// Ends a transport from our side and tells it.
    pub(crate) fn end(&mut self, now: Instant, id: TransportId, reason: String) {
        if let Some(transport) = self.transports.get_mut(&id) {
            transport.ended.get_or_insert(reason);
            self.settle(now, id);
        }
    }

    /// One change to a transport, then everything that str0m has to say about it. `None` when there is no such
    /// transport or when it panicked.
    pub(crate) fn operate<R>(
        &mut self,
        now: Instant,
        id: TransportId,
        change: impl FnOnce(&mut Transport) -> Result<R, RtcError>,
    ) -> Option<Result<R, RtcError>> {
        let transport = self.transports.get_mut(&id)?;
        let before = transport.deadline;
        let mut effects = Vec::new();
        let route = self.egress.get(transport.egress).and_then(|e| e.route);
        let (outbox, metrics) = (&mut self.outbox, &mut self.metrics);
        let result = panics::catch(|| {
            let result = change(transport);
            if let Err(error) = transport.drain(route, outbox, metrics, &mut effects) {
                transport.ended.get_or_insert(error.to_string());
            }
            result
        });
        let result = match result {
            Ok(result) => Some(result),
            Err(panic) => {
                transport.ended.get_or_insert(panic);
                effects.clear();
                None
            }
        };
        let after = transport.deadline;
        if after != before {
            self.timers.remove(&(before, id));
            self.timers.insert((after, id));
        }
        for effect in effects {
            self.effect(now, id, effect);
        }
        self.settle(now, id);
        result
    }

    /// Takes a transport away that has ended by itself.
    fn settle(&mut self, now: Instant, id: TransportId) {
        let transport = self.transports.get_mut(&id).filter(|t| !t.closing);
        if let Some(reason) = transport.and_then(|t| t.ended.take()) {
            self.send_bye(id);
            self.forget(now, id);
            self.emit(Event::TransportClosed {
                transport: id,
                reason,
            });
        }
    }

    fn forget(&mut self, now: Instant, id: TransportId) {
        let Some(transport) = self.transports.remove(&id) else {
            return;
        };
        self.timers.remove(&(transport.deadline, id));
        if let Some(due) = transport.uplink.schedule.due {
            self.feedback_timers.remove(&(due, id));
        }
        self.by_ufrag.remove(&transport.ufrag);
        for (path, _) in &transport.paths {
            self.ended_streams.extend(path.remote.stream);
            if self.by_address.get(&path.remote) == Some(&id) {
                self.release_address(path.remote);
            }
        }
        self.forget_media(now, &transport);
        self.forget_senders(&transport);
        // It may be in any state after a panic.
        let _ = panics::catch(|| drop(transport));
    }

    pub(crate) fn postpone(&mut self, id: TransportId, earliest: Instant) {
        if let Some(transport) = self.transports.get_mut(&id)
            && transport.deadline < earliest
        {
            self.timers.remove(&(transport.deadline, id));
            transport.deadline = earliest;
            self.timers.insert((earliest, id));
        }
    }

    pub(crate) fn transport_by_ufrag(&self, ufrag: &str) -> Option<TransportId> {
        self.by_ufrag.get(ufrag).copied()
    }

    /// After an ICE restart by the client its ufrag is another one.
    pub(crate) fn rename(&mut self, id: TransportId, ufrag: &str) {
        if let Some(transport) = self.transports.get_mut(&id)
            && transport.ufrag != ufrag
        {
            self.by_ufrag.remove(&transport.ufrag);
            transport.ufrag = ufrag.to_owned();
            self.by_ufrag.insert(ufrag.to_owned(), id);
        }
    }
}
