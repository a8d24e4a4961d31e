// Generated from crates/engine-node by scripts/addon-types.mjs. Do not edit.

export type TransportRole = 'publisher' | 'subscriber' | 'single'

export type MediaKind = 'audio' | 'video'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface EngineOptions {
  /** UDP; 0 takes any free one. */
  port: number
  /** Default: every interface, both families, IPv4 alone where there is no IPv6. */
  bind?: string
  /** Candidate addresses in order of preference, 127.0.0.1 last. */
  addresses: Array<string>
  /** TCP connections to the same port that carry media are handed to `openStream`: clients are told of that way. */
  streams?: boolean
  /** Media threads, 1 to 32 (default 1). Where the system cannot spread one port over several, one runs whatever this says. */
  threads?: number
}

/** One audio or video m-line of a client's offer. */
export interface OfferedMedia {
  mid: string
  kind: MediaKind
  /** First `msid` token, '' where absent. */
  streamId: string
  /** Second `msid` token, '' where absent. */
  trackId: string
  /** First negotiated codec: 'audio/red', 'audio/opus', 'video/VP8', 'video/H264', 'video/VP9', 'video/AV1'; '' when refused. */
  mimeType: string
  rids: Array<string>
  /** The client sends on it now. */
  sending: boolean
}

/** Its `msid` in the offer is `${streamId} ${track}`. */
export interface WantedTrack {
  track: string
  streamId: string
  /** False keeps the m-line and sends nothing. */
  enabled: boolean
  /** Pixels that a video is shown with, 0 for as many as there are. */
  width: number
  height: number
  /** Pictures a second that are enough, 0 for all. */
  fps: number
  /** 0 to 255: where the path does not carry everything, higher ones come first. */
  priority: number
}

/** Pixels of one layer of a video, 0 where unknown. */
export interface LayerSize {
  width: number
  height: number
}

export interface MidTrack {
  mid: string
  track: string
}

export interface AudioLevel {
  track: string
  /** Linear 0..1, smoothed; 0 has stopped speaking. */
  level: number
}

export interface LayerInfo {
  ssrc: number
  rid: string
}

/** Transport ids are chosen by the caller, never reused, greater than 0. Track ids are the caller's too. */
export type EngineCommand =
  | { type: 'openTransport'; transport: number; role: TransportRole; room: string; tcpOnly?: boolean; keepPictures?: boolean }
  | { type: 'closeTransport'; transport: number }
  | { type: 'acceptOffer'; transport: number; offer: number; sdp: string }
  | { type: 'acceptAnswer'; transport: number; offer: number; sdp: string }
  | { type: 'publishTrack'; track: string; transport: number; mid: string }
  | { type: 'describeTrack'; track: string; screen: boolean; layers: Array<LayerSize> }
  | { type: 'unpublishTrack'; track: string }
  | { type: 'setTrackMuted'; track: string; muted: boolean }
  | { type: 'subscribe'; transport: number; wanted: Array<WantedTrack> }
  | { type: 'restartIce'; transport: number }
  | { type: 'assumeCapacity'; transport: number; bitrate: number }
  | { type: 'sendData'; transports: Array<number>; reliable: boolean; payload: Uint8Array }
  | { type: 'injectPanic'; transport: number }

export type EngineEvent =
  | { type: 'answered'; transport: number; offer: number; sdp: string; media: Array<OfferedMedia>; tracks: Array<MidTrack> }
  | { type: 'sectionsRequired'; transport: number; audio: number; video: number }
  | { type: 'offered'; transport: number; offer: number; sdp: string; tracks: Array<MidTrack> }
  | { type: 'negotiationFailed'; transport: number; offer: number; message: string }
  | { type: 'transportConnected'; transport: number }
  | { type: 'transportClosed'; transport: number; reason: string }
  | { type: 'layerStarted'; track: string; layer: LayerInfo }
  | { type: 'subscriptionStarted'; transport: number; track: string }
  | { type: 'subscriptionFailed'; transport: number; track: string; reason: string; codec: boolean }
  | { type: 'subscriptionPaused'; transport: number; track: string }
  | { type: 'subscriptionResumed'; transport: number; track: string }
  | { type: 'wantedLayers'; track: string; spatial: number }
  | { type: 'dataReceived'; transport: number; reliable: boolean; label: string; payload: Buffer }
  | { type: 'audioLevels'; levels: Array<AudioLevel> }
  | { type: 'quality'; transport: number; lossPercent: number; rttMs: number }
  | { type: 'log'; level: LogLevel; message: string; transport: number }
  | { type: 'engineFailed'; reason: string }

/** What is to be done with a TCP connection: write the bytes, then end it if nobody needs it any longer. */
export interface StreamOutput {
  stream: number
  bytes: Buffer
  ended: boolean
}

export interface EngineMetrics {
  packetsIn: number
  packetsOut: number
  bytesIn: number
  bytesOut: number
  packetsDropped: number
  /** Datagrams that arrived at another thread than their transport's. */
  handedOver: number
  /** Packets that another thread did not take in time. */
  postsDropped: number
  straysDropped: number
  retransmitted: number
  nacks: number
  keyframeRequests: number
  sendErrors: number
  transports: number
  tracks: number
  subscriptions: number
  eventsDropped: number
  /** Of all media threads together. */
  threadCpuMicros: number
  threads: Array<ThreadMetrics>
}

/** What one media thread does. */
export interface ThreadMetrics {
  packetsIn: number
  packetsOut: number
  transports: number
  subscriptions: number
  cpuMicros: number
}

export declare class Engine {
  /**
   * Binds the port and starts the media threads. `wake` carries nothing: it says that `drain` or `drainStreams` has
   * something. It does not keep Node alive.
   */
  constructor(options: EngineOptions, wake: () => void)
  /** The UDP port, also when any free one was asked for. */
  get port(): number
  /** How datagrams come and go on this system, in words for the log. */
  get path(): string
  /** All commands in order. Throws when the queue is full; unknown ids are ignored. */
  apply(commands: Array<EngineCommand>): void
  /** The oldest events, at most 1000; `wake` is called again when more wait. */
  drain(): Array<EngineEvent>
  /**
   * A TCP connection that shall carry media (ICE over TCP), from its first byte on. The ends are IP addresses. 0 when there can be
   * no more of them.
   */
  openStream(remoteAddress: string, remotePort: number, localAddress: string, localPort: number): number
  /** What arrived on a stream. False when it is no media of ours and the connection is to be closed. */
  receiveStream(stream: number, bytes: Uint8Array): boolean
  /** So many bytes that `drainStreams` gave have left: more follow only then. */
  streamWritten(stream: number, bytes: number): void
  /** The connection has ended. */
  closeStream(stream: number): void
  /** What is to leave on streams; `wake` is called again when there is more. */
  drainStreams(): Array<StreamOutput>
  /** Counters since the start, at most a tenth of a second old. */
  metrics(): EngineMetrics
  /** Says good-bye to every client and ends the threads. Repeating it does nothing. */
  shutdown(): void
}
