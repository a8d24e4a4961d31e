/**
 * The seam between the server and the media engine: few idempotent commands down, one batched stream of events up.
 * The engine owns the shapes; they are generated from it. This folder owns no rule about people or rooms.
 */
import type { EngineCommand, EngineEvent, EngineMetrics } from '../../../../crates/engine-node/index.d.ts'

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
  TransportRole,
  WantedTrack,
} from '../../../../crates/engine-node/index.d.ts'

export interface MediaEngine {
  /** The UDP port, also when any free one was asked for. */
  readonly port: number
  /** How datagrams come and go on this system, in words for the log. */
  readonly path: string
  /** All commands in order. Throws only when the engine's queue is full; unknown ids are ignored. */
  apply(commands: EngineCommand[]): void
  /** Takes the one listener of the event stream; events arrive in batches, in order. */
  onEvents(listener: (events: EngineEvent[]) => void): void
  metrics(): EngineMetrics
  shutdown(): void
}
