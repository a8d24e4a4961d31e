//! ICE restarts, of clients and ours: new credentials are ours in the end, since our ufrags say which shard they belong to.

use crate::command::TransportId;
use crate::engine::Engine;
use crate::random::ice_text;
use crate::sdp;
use std::time::Instant;
use str0m::IceCreds;

/// Credentials of an offer that restarts ICE: those that str0m made, and ours, which say which shard they belong to.
pub struct Restart {
    pub theirs: IceCreds,
    pub ours: IceCreds,
}

impl Restart {
    /// The description under our credentials.
    pub fn name(&self, description: &str) -> String {
        let mut named = description.to_owned();
        for before in ["a=ice-ufrag:", " ufrag "] {
            let (old, new) = (&self.theirs.ufrag, &self.ours.ufrag);
            named = named.replace(&format!("{before}{old}"), &format!("{before}{new}"));
        }
        let line = |pass: &str| format!("a=ice-pwd:{pass}");
        named.replace(&line(&self.theirs.pass), &line(&self.ours.pass))
    }
}

impl Engine {
    /// After an ICE restart by the client str0m has new credentials. Ours replace them, since our ufrags say which shard they
    /// belong to.
    pub(crate) fn restart_ice(&mut self, id: TransportId, answer: &mut String) {
        let named = sdp::ufrag(answer).map(str::to_owned);
        let ufrag = self.new_ufrag(id);
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        if named.is_none_or(|named| named == transport.ufrag) {
            return;
        }
        let theirs = transport.rtc.direct_api().local_ice_credentials();
        let pass = ice_text(24);
        let restart = Restart {
            theirs,
            ours: IceCreds { ufrag, pass },
        };
        *answer = restart.name(answer);
        self.take_credentials(id, restart.ours);
    }

    fn take_credentials(&mut self, id: TransportId, ours: IceCreds) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        if let Some(password) = &mut transport.password {
            password.clone_from(&ours.pass);
        }
        let ufrag = ours.ufrag.clone();
        transport.rtc.direct_api().set_local_ice_credentials(ours);
        self.rename(id, &ufrag);
    }

    /// The client's signalling was broken: an offer may not have reached it, and the path to it may have changed.
    pub(crate) fn offer_restart(&mut self, now: Instant, id: TransportId) {
        let Some(transport) = self.transports.get_mut(&id) else {
            return;
        };
        if transport.role.answers() {
            return;
        }
        transport.negotiation.restarts = true;
        // An answer that is being read settles its offer first.
        if transport.negotiation.jobs == 0 {
            transport.abandon_offer();
            self.drop_released(id);
            self.reconcile(now, id);
        }
    }

    /// The answer took the restart on, unless its client has kept its own credentials.
    pub(crate) fn settle_restart(&mut self, id: TransportId, restart: Option<Restart>) {
        let transport = self.transports.get_mut(&id);
        if let (Some(restart), Some(transport)) = (restart, transport)
            && transport.rtc.direct_api().local_ice_credentials() == restart.theirs
        {
            self.take_credentials(id, restart.ours);
        }
    }
}
