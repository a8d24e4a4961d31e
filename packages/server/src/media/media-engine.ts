/**
 * The seam between the server and the media engine: few idempotent commands down, one batched stream of events up.
 * The shapes are those of the generated `crates/engine-node/index.d.ts`; this file owns no rule about people or rooms.
 */
export type TransportRole = 'publisher' | 'subscriber'
export type MediaKind = 'audio' | 'video'

/** One audio or video section of a client's offer on a publisher transport. */
export interface OfferedMedia {
  mid: string
  kind: MediaKind
  /** The two msid tokens, empty where absent. */
  streamId: string
  trackId: string
  mimeType: string
  rids: string[]
  /** Whether the section's direction says that the client sends now. */
  sending: boolean
}

/** A track a subscriber transport shall carry; its msid in the offer is `${streamId} ${track}`. */
export interface WantedTrack {
  track: string
  streamId: string
  enabled: boolean
}

export interface MidTrack {
  mid: string
  track: string
}

/** A smoothed level, linear 0..1; 0 means that the speaker stopped. */
export interface AudioLevel {
  track: string
  level: number
}

export interface LayerInfo {
  ssrc: number
  rid: string
}

export type EngineCommand =
  | { type: 'openTransport'; transport: number; role: TransportRole }
  | { type: 'closeTransport'; transport: number }
  | { type: 'acceptOffer'; transport: number; offer: number; sdp: string }
  | { type: 'acceptAnswer'; transport: number; offer: number; sdp: string }
  | { type: 'publishTrack'; track: string; transport: number; mid: string }
  | { type: 'unpublishTrack'; track: string }
  | { type: 'setTrackMuted'; track: string; muted: boolean }
  | { type: 'subscribe'; transport: number; wanted: WantedTrack[] }
  | { type: 'sendData'; transports: number[]; reliable: boolean; payload: Uint8Array }
  | { type: 'injectPanic'; transport: number }

export type EngineEvent =
  | { type: 'answered'; transport: number; offer: number; sdp: string; media: OfferedMedia[] }
  | { type: 'offered'; transport: number; offer: number; sdp: string; tracks: MidTrack[] }
  | { type: 'negotiationFailed'; transport: number; offer: number; message: string }
  | { type: 'transportConnected'; transport: number }
  | { type: 'transportClosed'; transport: number; reason: string }
  | { type: 'layerStarted'; track: string; layer: LayerInfo }
  | { type: 'subscriptionStarted'; transport: number; track: string }
  | { type: 'subscriptionFailed'; transport: number; track: string; reason: string }
  | { type: 'dataReceived'; transport: number; reliable: boolean; label: string; payload: Uint8Array }
  | { type: 'audioLevels'; levels: AudioLevel[] }
  | { type: 'quality'; transport: number; lossPercent: number; rttMs: number }
  | { type: 'log'; level: 'debug' | 'info' | 'warn' | 'error'; message: string; transport: number }
  | { type: 'engineFailed'; reason: string }

export interface EngineMetrics {
  packetsIn: number
  packetsOut: number
  bytesIn: number
  bytesOut: number
  packetsDropped: number
  straysDropped: number
  retransmitted: number
  nacks: number
  keyframeRequests: number
  sendErrors: number
  transports: number
  tracks: number
  subscriptions: number
  eventsDropped: number
  threadCpuMicros: number
}

export interface EngineOptions {
  /** UDP port; 0 takes any free one. */
  port: number
  bind?: string
  /** Candidate addresses in order of preference, 127.0.0.1 last. */
  addresses: string[]
}

export interface MediaEngine {
  readonly port: number
  apply(commands: EngineCommand[]): void
  /** Takes the one listener of the event stream; events arrive in batches, in order. */
  onEvents(listener: (events: EngineEvent[]) => void): void
  metrics(): EngineMetrics
  shutdown(): void
}
