//! The seam between TypeScript and the engine. `index.d.ts` is generated from here.

use napi::bindgen_prelude::{Buffer, Uint8Array};
use napi_derive::napi;

#[napi(string_enum = "lowercase")]
pub enum TransportRole {
    Publisher,
    Subscriber,
    /// Both directions on one; the client makes the offers.
    Single,
}

#[napi(string_enum = "lowercase")]
pub enum MediaKind {
    Audio,
    Video,
}

#[napi(string_enum = "lowercase")]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

#[napi(object)]
pub struct EngineOptions {
    /// UDP; 0 takes any free one.
    pub port: u32,
    /// Default: every interface, both families, IPv4 alone where there is no IPv6.
    pub bind: Option<String>,
    /// Candidate addresses in order of preference, 127.0.0.1 last.
    pub addresses: Vec<String>,
    /// TCP connections to the same port that carry media are handed to `openStream`: clients are told of that way.
    pub streams: Option<bool>,
    /// Media threads, 1 to 32 (default 1). Where the system cannot spread one port over several, one runs whatever this says.
    pub threads: Option<u32>,
}

/// One audio or video m-line of a client's offer.
#[napi(object)]
pub struct OfferedMedia {
    pub mid: String,
    pub kind: MediaKind,
    /// First `msid` token, '' where absent.
    pub stream_id: String,
    /// Second `msid` token, '' where absent.
    pub track_id: String,
    /// First negotiated codec: 'audio/red', 'audio/opus', 'video/VP8', 'video/H264', 'video/VP9', 'video/AV1'; '' when refused.
    pub mime_type: String,
    pub rids: Vec<String>,
    /// The client sends on it now.
    pub sending: bool,
}

/// Its `msid` in the offer is `${streamId} ${track}`.
#[napi(object)]
pub struct WantedTrack {
    pub track: String,
    pub stream_id: String,
    /// False keeps the m-line and sends nothing.
    pub enabled: bool,
    /// Pixels that a video is shown with, 0 for as many as there are.
    pub width: u32,
    pub height: u32,
    /// Pictures a second that are enough, 0 for all.
    pub fps: u32,
    /// 0 to 255: where the path does not carry everything, higher ones come first.
    pub priority: u32,
}

/// Pixels of one layer of a video, 0 where unknown.
#[napi(object)]
pub struct LayerSize {
    pub width: u32,
    pub height: u32,
}

#[napi(object)]
pub struct MidTrack {
    pub mid: String,
    pub track: String,
}

#[napi(object)]
pub struct AudioLevel {
    pub track: String,
    /// Linear 0..1, smoothed; 0 has stopped speaking.
    pub level: f64,
}

#[napi(object)]
pub struct LayerInfo {
    pub ssrc: u32,
    pub rid: String,
}

/// Transport ids are chosen by the caller, never reused, greater than 0. Track ids are the caller's too.
#[napi(discriminant = "type", discriminant_case = "camelCase")]
pub enum EngineCommand {
    /// Transports of one room live on one thread, as long as it is not too big for it. `tcpOnly` offers the client no other way;
    /// `keepPictures` sends the smallest layer of each video even where the path does not carry it, rather than pause it.
    OpenTransport {
        transport: u32,
        role: TransportRole,
        room: String,
        tcp_only: Option<bool>,
        keep_pictures: Option<bool>,
    },
    CloseTransport {
        transport: u32,
    },
    /// Ends in `answered` or `negotiationFailed`.
    AcceptOffer {
        transport: u32,
        offer: u32,
        sdp: String,
    },
    /// Answers to anything but the offer in flight are ignored.
    AcceptAnswer {
        transport: u32,
        offer: u32,
        sdp: String,
    },
    /// Binds what arrives on (transport, mid) to the track.
    PublishTrack {
        track: String,
        transport: u32,
        mid: String,
    },
    /// What a published video shows: whether it is a shared screen, and its layers, lowest first.
    DescribeTrack {
        track: String,
        screen: bool,
        layers: Vec<LayerSize>,
    },
    UnpublishTrack {
        track: String,
    },
    SetTrackMuted {
        track: String,
        muted: bool,
    },
    /// The whole desired set of a subscriber or single transport; the engine makes the offers this takes, or asks for them.
    Subscribe {
        transport: u32,
        wanted: Vec<WantedTrack>,
    },
    /// The next offer of a subscriber transport, which is made at once, has ICE look for a path anew.
    RestartIce {
        transport: u32,
    },
    /// The path to a subscriber is taken to carry so many bit/s, whatever is measured; 0 for what is measured.
    AssumeCapacity {
        transport: u32,
        bitrate: u32,
    },
    SendData {
        transports: Vec<u32>,
        reliable: bool,
        payload: Uint8Array,
    },
    InjectPanic {
        transport: u32,
    },
}

#[napi(discriminant = "type", discriminant_case = "camelCase")]
pub enum EngineEvent {
    /// `tracks` is what the engine sends on the client's m-lines: none but on a single transport.
    Answered {
        transport: u32,
        offer: u32,
        sdp: String,
        media: Vec<OfferedMedia>,
        tracks: Vec<MidTrack>,
    },
    /// A single transport needs another offer of the client, with so many more m-lines to receive on. Both may be 0.
    SectionsRequired {
        transport: u32,
        audio: u32,
        video: u32,
    },
    /// The engine's own offer on a subscriber transport. The next one follows its answer.
    Offered {
        transport: u32,
        offer: u32,
        sdp: String,
        tracks: Vec<MidTrack>,
    },
    NegotiationFailed {
        transport: u32,
        offer: u32,
        message: String,
    },
    /// ICE and DTLS are up.
    TransportConnected {
        transport: u32,
    },
    /// Never after `closeTransport`.
    TransportClosed {
        transport: u32,
        reason: String,
    },
    /// First packet of an SSRC of a published track.
    LayerStarted {
        track: String,
        layer: LayerInfo,
    },
    SubscriptionStarted {
        transport: u32,
        track: String,
    },
    /// `codec`: the subscriber does not speak that of the track. Its m-line waits for as long as the track is wanted; another track of the
    /// same `streamId` takes it over without negotiation.
    SubscriptionFailed {
        transport: u32,
        track: String,
        reason: String,
        codec: bool,
    },
    /// The path to the subscriber does not even carry the smallest picture of the track.
    SubscriptionPaused {
        transport: u32,
        track: String,
    },
    SubscriptionResumed {
        transport: u32,
        track: String,
    },
    /// The highest spatial layer of the track that anybody wants, 0 the lowest. Before the first such word all are wanted.
    WantedLayers {
        track: String,
        spatial: u32,
    },
    DataReceived {
        transport: u32,
        reliable: bool,
        label: String,
        payload: Buffer,
    },
    AudioLevels {
        levels: Vec<AudioLevel>,
    },
    /// Every 5 s for each connected transport, from RTCP.
    Quality {
        transport: u32,
        loss_percent: f64,
        rtt_ms: f64,
    },
    /// Transport 0 is none.
    Log {
        level: LogLevel,
        message: String,
        transport: u32,
    },
    /// A media thread has ended for good.
    EngineFailed {
        reason: String,
    },
}

/// What is to be done with a TCP connection: write the bytes, then end it if nobody needs it any longer.
#[napi(object)]
pub struct StreamOutput {
    pub stream: u32,
    pub bytes: Buffer,
    pub ended: bool,
}

#[napi(object)]
pub struct EngineMetrics {
    pub packets_in: f64,
    pub packets_out: f64,
    pub bytes_in: f64,
    pub bytes_out: f64,
    pub packets_dropped: f64,
    /// Datagrams that arrived at another thread than their transport's.
    pub handed_over: f64,
    /// Packets that another thread did not take in time.
    pub posts_dropped: f64,
    pub strays_dropped: f64,
    pub retransmitted: f64,
    pub nacks: f64,
    pub keyframe_requests: f64,
    pub send_errors: f64,
    pub transports: f64,
    pub tracks: f64,
    pub subscriptions: f64,
    pub events_dropped: f64,
    /// Of all media threads together.
    pub thread_cpu_micros: f64,
    pub threads: Vec<ThreadMetrics>,
}

/// What one media thread does.
#[napi(object)]
pub struct ThreadMetrics {
    pub packets_in: f64,
    pub packets_out: f64,
    pub transports: f64,
    pub subscriptions: f64,
    pub cpu_micros: f64,
}
