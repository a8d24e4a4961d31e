//! What the engine is told: desired states, keyed by ids, safe to repeat.

use crate::shard::ShardId;
use std::sync::Arc;

/// Chosen by the caller, never reused, greater than 0.
pub type TransportId = u32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportRole {
    /// The client offers and sends media to us.
    Publisher,
    /// We offer and send media to the client.
    Subscriber,
    /// Both directions on one: the client offers what it sends, and m-lines to receive on.
    Single,
}

impl TransportRole {
    /// Whether we send media and data to the client on it.
    pub fn sends(self) -> bool {
        self != TransportRole::Publisher
    }

    /// Whether the client makes the offers.
    pub fn answers(self) -> bool {
        self != TransportRole::Subscriber
    }
}

/// One track that a subscriber should receive. In the offer its `msid` is `stream_id track`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedTrack {
    pub track: String,
    pub stream_id: String,
    /// False keeps the m-line and sends nothing on it.
    pub enabled: bool,
    /// Pixels that a video is shown with, 0 for as many as there are.
    pub width: u32,
    pub height: u32,
    /// Pictures a second that are enough, 0 for all.
    pub fps: u32,
    /// Where the path does not carry everything, higher ones come first.
    pub priority: u8,
}

/// Pixels of one layer of a video, 0 where unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LayerSize {
    pub width: u32,
    pub height: u32,
}

#[derive(Debug, Clone)]
pub enum Command {
    /// `room` says what belongs together; transports of one room live close to each other.
    OpenTransport {
        transport: TransportId,
        role: TransportRole,
        room: String,
        /// Offers the client no other way than TCP, where there is that way.
        tcp_only: bool,
        /// The smallest layer of each video is sent even where the path does not carry it, rather than pause it.
        keep_pictures: bool,
    },
    CloseTransport {
        transport: TransportId,
    },
    AcceptOffer {
        transport: TransportId,
        offer: u32,
        sdp: String,
    },
    AcceptAnswer {
        transport: TransportId,
        offer: u32,
        sdp: String,
    },
    PublishTrack {
        track: String,
        transport: TransportId,
        mid: String,
    },
    /// What a published video shows.
    DescribeTrack {
        track: String,
        /// A shared screen.
        screen: bool,
        /// Lowest first.
        layers: Vec<LayerSize>,
    },
    UnpublishTrack {
        track: String,
    },
    SetTrackMuted {
        track: String,
        muted: bool,
    },
    /// The whole desired set of a transport that we send on.
    Subscribe {
        transport: TransportId,
        wanted: Vec<WantedTrack>,
    },
    /// The path to a subscriber may be lost: the next offer, which is made at once, has ICE look for one anew.
    RestartIce {
        transport: TransportId,
    },
    /// The path to a subscriber is taken to carry so many bit/s, voices included, whatever is measured; 0 for what is measured. Test
    /// clients play a narrow line with it.
    AssumeCapacity {
        transport: TransportId,
        bitrate: u64,
    },
    /// The whole set of shards that a track shall go to. Comes from the router, which knows who wants what.
    Export {
        track: String,
        shards: Vec<ShardId>,
    },
    /// A track is about to come from another shard: offers wait for it a little. Comes from the router too.
    Expect {
        track: String,
    },
    SendData {
        transports: Vec<TransportId>,
        reliable: bool,
        payload: Arc<[u8]>,
    },
    /// Panics inside the transport, for the test that this costs one participant only; 0 panics outside of any, which costs
    /// the participants of one thread.
    InjectPanic {
        transport: TransportId,
    },
}
