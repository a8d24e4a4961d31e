//! Who is in the call, what they publish and what they want.

use super::{DESCRIPTIONS, World, engine_address, name};
use crate::client::Client;
use crate::feed::{Feed, SIZES, TrackPlan};
use crate::truth::TrackTruth;
use crate::wire::{Conditions, Wire};
use engine::command::{Command, LayerSize, TransportId, TransportRole, WantedTrack};
use std::collections::BTreeMap;

/// How a subscriber shows a video.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown {
    /// Width and height in pixels; (0, 0) for all there are.
    pub size: (u32, u32),
    /// Pictures a second; 0 for all there are.
    pub fps: u32,
    /// What has more is more important.
    pub priority: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Says good-bye itself.
    Closes,
    /// The server closes the transport.
    Told,
    /// Is not heard of again, and the engine finds out.
    Vanishes,
}

impl World {
    /// A publisher of these tracks joins. It is connected some time later.
    pub fn publisher(&mut self, plans: &[TrackPlan]) -> TransportId {
        let id = self.join(TransportRole::Publisher);
        self.publish(id, plans);
        id
    }

    /// A client of one transport for both directions joins.
    pub fn single(&mut self, plans: &[TrackPlan]) -> TransportId {
        let id = self.join(TransportRole::Single);
        self.publish(id, plans);
        id
    }

    fn publish(&mut self, id: TransportId, plans: &[TrackPlan]) {
        let mut random = self.random.fork(u64::from(id) << 8);
        let mut tracks = Vec::new();
        for plan in plans {
            let generation = self.generations.entry(plan.track).or_default();
            *generation += 1;
            self.truth.restarted(plan.track, *generation);
            let track = TrackTruth {
                kind: plan.kind,
                transport: id,
                generation: *generation,
                published: true,
                ended: false,
                muted: false,
                hostile: false,
                changed: self.now,
            };
            self.truth.tracks.insert(plan.track, track);
            tracks.push(Feed::of(*plan, *generation, self.now, &mut random));
        }
        self.next_offer += 1;
        let offer = self.next_offer;
        let client = self.clients.get_mut(&id).expect("just joined");
        let (sdp, pending) = client.offer(tracks);
        self.descriptions.truncate(DESCRIPTIONS - 1);
        self.descriptions.push(sdp.clone());
        let mids: Vec<(u16, String)> = client
            .streams
            .iter()
            .map(|stream| (stream.feed.plan.track, stream.feed.mid.to_string()))
            .collect();
        self.offers.insert(offer, (id, pending));
        self.command(Command::AcceptOffer {
            transport: id,
            offer,
            sdp,
        });
        for (track, mid) in mids {
            self.wanted_layers.remove(&track);
            let track = name(track);
            self.command(Command::PublishTrack {
                track,
                transport: id,
                mid,
            });
        }
    }

    /// A subscriber joins and wants these tracks.
    pub fn subscriber(&mut self, tracks: &[u16]) -> TransportId {
        let id = self.join(TransportRole::Subscriber);
        let wishes = tracks.iter().map(|track| (*track, true)).collect();
        self.wish(id, wishes);
        id
    }

    fn join(&mut self, role: TransportRole) -> TransportId {
        self.next_transport += 1;
        let transport = self.next_transport;
        let random = self.random.fork(u64::from(transport) << 8 | 1);
        let client = Client::new(
            transport,
            role,
            (&self.codecs, self.streamed),
            random.fork(2),
            engine_address(),
            self.now,
        );
        self.addresses.insert(client.public, transport);
        let wires = [0, 1].map(|way| Wire::new(self.usual, &random.fork(way), self.now));
        self.wires.insert(transport, wires);
        self.clients.insert(transport, client);
        let room = "hall".to_owned();
        self.command(Command::OpenTransport {
            transport,
            role,
            room,
            tcp_only: false,
            keep_pictures: false,
        });
        let keys = self.machine.keys(transport).expect("just opened");
        self.observer.joined(transport, keys);
        self.open_stream(transport);
        transport
    }

    /// The whole set of what a subscriber wants: track and whether it is switched on.
    pub fn wish(&mut self, transport: TransportId, wishes: BTreeMap<u16, bool>) {
        let before = self
            .wishes
            .insert(transport, wishes.clone())
            .unwrap_or_default();
        for track in before.keys().filter(|track| !wishes.contains_key(track)) {
            self.truth.wish(transport, *track, false, self.now);
        }
        for (track, enabled) in &wishes {
            self.truth.wish(transport, *track, *enabled, self.now);
        }
        self.subscribe(transport);
    }

    fn subscribe(&mut self, transport: TransportId) {
        let wishes = self.wishes.get(&transport).into_iter().flatten();
        let wanted = wishes.map(|(track, enabled)| {
            let Shown {
                size: (width, height),
                fps,
                priority,
            } = self.shown(transport, *track);
            WantedTrack {
                track: name(*track),
                stream_id: format!("PA|{track}"),
                enabled: *enabled,
                width,
                height,
                fps,
                priority,
            }
        });
        let wanted = wanted.collect();
        self.command(Command::Subscribe { transport, wanted });
    }

    /// A subscriber shows a track otherwise from now on.
    pub fn show(&mut self, transport: TransportId, track: u16, shown: Shown) {
        self.shown.insert((transport, track), shown);
        self.subscribe(transport);
    }

    /// The same in another size; (0, 0) for all pixels there are.
    pub fn resize(&mut self, transport: TransportId, track: u16, size: (u32, u32)) {
        let shown = self.shown(transport, track);
        self.show(transport, track, Shown { size, ..shown });
    }

    pub(super) fn shown(&self, transport: TransportId, track: u16) -> Shown {
        let shown = self.shown.get(&(transport, track));
        shown.copied().unwrap_or_default()
    }

    /// What a subscriber wants now.
    pub fn wishes(&self, transport: TransportId) -> BTreeMap<u16, bool> {
        self.wishes.get(&transport).cloned().unwrap_or_default()
    }

    pub fn mute(&mut self, track: u16, muted: bool) {
        if let Some(truth) = self.truth.tracks.get_mut(&track)
            && truth.muted != muted
        {
            truth.muted = muted;
            truth.changed = self.now;
        }
        let track = name(track);
        self.command(Command::SetTrackMuted { track, muted });
    }

    pub fn unpublish(&mut self, track: u16) {
        self.gone(track, true);
        let track = name(track);
        self.command(Command::UnpublishTrack { track });
    }

    /// A track that will never be published again, so that nothing of it has to be remembered.
    pub fn forget(&mut self, track: u16) {
        self.truth.over(track);
        self.generations.remove(&track);
        self.wanted_layers.remove(&track);
    }

    fn gone(&mut self, track: u16, told: bool) {
        if let Some(truth) = self.truth.tracks.get_mut(&track)
            && truth.published
        {
            (truth.published, truth.ended) = (false, told);
            truth.changed = self.now;
        }
    }

    /// A client leaves: politely, told by the server, or by falling silent.
    pub fn leave(&mut self, transport: TransportId, how: Leave) {
        let Some(client) = self.clients.get_mut(&transport) else {
            return;
        };
        if how == Leave::Closes {
            client.close();
            self.collect();
        }
        let owned = self
            .truth
            .tracks
            .iter()
            .filter(|(_, t)| t.transport == transport && t.published);
        let owned: Vec<u16> = owned.map(|(track, _)| *track).collect();
        for track in owned {
            self.gone(track, how != Leave::Vanishes);
        }
        if how != Leave::Vanishes {
            self.command(Command::CloseTransport { transport });
        }
        self.close_stream(transport);
        self.by_stream.retain(|_, id| *id != transport);
        self.clients.remove(transport);
        self.addresses.retain(|_, id| *id != transport);
        self.wires.remove(&transport);
        self.wishes.remove(&transport);
        self.shown.retain(|(id, _), _| *id != transport);
        self.required.remove(&transport);
        self.qualities.remove(&transport);
        self.paused.retain(|(id, _)| *id != transport);
        self.resumed.retain(|(id, _), _| *id != transport);
        self.offers.retain(|_, (id, _)| *id != transport);
        self.truth.left(transport);
        self.observer.left(transport);
    }

    /// Another address from now on, as when a phone changes its network or a router forgets.
    pub fn rebind(&mut self, transport: TransportId) {
        if let Some(client) = self.clients.get_mut(&transport) {
            client.rebind(&mut self.random);
            self.addresses.insert(client.public, transport);
            self.open_stream(transport);
        }
    }

    /// Tells the engine how large the layers of a track are.
    pub fn describe(&mut self, track: u16) {
        let layers = SIZES.map(|(width, height)| LayerSize { width, height });
        self.command(Command::DescribeTrack {
            track: name(track),
            screen: false,
            layers: layers.into(),
        });
    }

    /// Changes the wires of a client, up and down.
    pub fn conditions(&mut self, transport: TransportId, up: Conditions, down: Conditions) {
        if let Some([to_engine, to_client]) = self.wires.get_mut(&transport) {
            to_engine.conditions = up;
            to_client.conditions = down;
        }
    }

    /// All wires, and those to come.
    pub fn all_conditions(&mut self, conditions: Conditions) {
        self.usual = conditions;
        for wire in self.wires.values_mut().flatten() {
            wire.conditions = conditions;
        }
    }
}
