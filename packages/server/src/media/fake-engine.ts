import type { EngineCommand, EngineEvent, EngineMetrics, MediaEngine } from './media-engine.ts'

export interface FakeEngine extends MediaEngine {
  /** Every command since the start, or since the last call of `take`. */
  readonly commands: EngineCommand[]
  /** The commands so far of one type; forgets all of them. */
  take<T extends EngineCommand['type']>(type: T): Extract<EngineCommand, { type: T }>[]
  emit(...events: EngineEvent[]): void
}

const noMetrics: EngineMetrics = {
  packetsIn: 0,
  packetsOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  packetsDropped: 0,
  handedOver: 0,
  postsDropped: 0,
  straysDropped: 0,
  retransmitted: 0,
  nacks: 0,
  keyframeRequests: 0,
  sendErrors: 0,
  transports: 0,
  tracks: 0,
  subscriptions: 0,
  eventsDropped: 0,
  threadCpuMicros: 0,
  threads: [],
}

/** A media engine without media: it records what it is told and says what a test wants it to say. */
export function createFakeEngine(): FakeEngine {
  const commands: EngineCommand[] = []
  let listener: (events: EngineEvent[]) => void = () => {}
  return {
    port: 0,
    path: 'none',
    commands,
    apply: (more) => {
      commands.push(...more)
    },
    onEvents: (next) => {
      listener = next
    },
    streams: { open: () => 0, receive: () => false, written() {}, close() {}, onOutput() {} },
    metrics: () => noMetrics,
    shutdown: () => {},
    take: (type) => {
      const taken = commands.filter((command) => command.type === type)
      commands.length = 0
      return taken as never
    },
    emit: (...events) => listener(events),
  }
}
