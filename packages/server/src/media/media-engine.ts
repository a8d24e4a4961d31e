/**
 * The seam between the server and the media engine: few idempotent commands down, one batched stream of events up.
 * The engine owns the shapes; they are generated from it. This folder owns no rule about people or rooms.
 */
import type { EngineCommand, EngineEvent, EngineMetrics, StreamOutput } from '../../../../crates/engine-node/index.d.ts'

export type {
  AudioLevel,
  EngineCommand,
  EngineEvent,
  EngineMetrics,
  EngineOptions,
  LayerInfo,
  LayerSize,
  MediaKind,
  MidTrack,
  OfferedMedia,
  StreamOutput,
  TransportRole,
  WantedTrack,
} from '../../../../crates/engine-node/index.d.ts'

/** TCP connections that carry media. Their sockets belong to the caller, who brings and takes the bytes. */
export interface MediaStreams {
  /** The ends are IP addresses. 0 when there can be no more streams. */
  open(remoteAddress: string, remotePort: number, localAddress: string, localPort: number): number
  /** False when this is no media of ours and the connection is to be closed. */
  receive(stream: number, bytes: Uint8Array): boolean
  /** So many bytes of what was given to the listener have left: more follow only then. */
  written(stream: number, bytes: number): void
  /** The connection has ended. */
  close(stream: number): void
  /** Takes the one listener of what is to leave. */
  onOutput(listener: (outputs: StreamOutput[]) => void): void
}

export interface MediaEngine {
  /** The UDP port, also when any free one was asked for. */
  readonly port: number
  /** How datagrams come and go on this system, in words for the log. */
  readonly path: string
  /** All commands in order. Throws only when the engine's queue is full. Unknown ids are ignored; a command that cannot be read is, and is logged. */
  apply(commands: EngineCommand[]): void
  /** Takes the one listener of the event stream; events arrive in batches, in order. */
  onEvents(listener: (events: EngineEvent[]) => void): void
  readonly streams: MediaStreams
  metrics(): EngineMetrics
  shutdown(): void
}
