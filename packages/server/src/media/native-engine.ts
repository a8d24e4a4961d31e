import { loadAddon } from './load-addon.ts'
import type { EngineEvent, EngineOptions, MediaEngine, StreamOutput } from './media-engine.ts'

/**
 * Starts the Rust engine of the given addon file.
 * @throws when the port is taken or the addon does not load.
 */
export function startNativeEngine({ file, ...options }: EngineOptions & { file: string }): MediaEngine {
  const { Engine } = loadAddon(file)
  let listener: ((events: EngineEvent[]) => void) | undefined
  let output: ((outputs: StreamOutput[]) => void) | undefined
  let open = true
  // The wake comes from another thread as a task of its own; the events stay in the engine until somebody listens.
  const engine = new Engine(options, () => deliver())
  const deliver = () => {
    if (!open) return
    const outputs = output ? engine.drainStreams() : []
    if (outputs.length > 0) output?.(outputs)
    const events = listener ? engine.drain() : []
    if (events.length > 0) listener?.(events)
  }
  return {
    port: engine.port,
    path: engine.path,
    apply: (commands) => {
      if (open) engine.apply(commands)
    },
    onEvents: (next) => {
      listener = next
      deliver()
    },
    streams: {
      open: (...ends) => engine.openStream(...ends),
      receive: (stream, bytes) => engine.receiveStream(stream, bytes),
      written: (stream, bytes) => engine.streamWritten(stream, bytes),
      close: (stream) => engine.closeStream(stream),
      onOutput: (next) => {
        output = next
      },
    },
    metrics: () => engine.metrics(),
    shutdown: () => {
      if (!open) return
      open = false
      engine.shutdown()
    },
  }
}
