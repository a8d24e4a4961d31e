import { loadAddon } from './load-addon.ts'
import type { EngineCommand, EngineEvent, EngineOptions, MediaEngine, StreamOutput } from './media-engine.ts'

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
  function applyAlone(command: EngineCommand): void {
    try {
      engine.apply([command])
    } catch (error) {
      if (isFull(error)) throw error
      const message = `a command cannot be read: ${command.type}: ${error instanceof Error ? error.message : error}`
      queueMicrotask(() => listener?.([{ type: 'log', level: 'error', message, transport: 0 }]))
    }
  }

  return {
    port: engine.port,
    path: engine.path,
    apply: (commands) => {
      if (!open) return
      try {
        engine.apply(commands)
      } catch (error) {
        if (isFull(error)) throw error
        // One of them cannot be read, and none was taken: that one is a fault of ours and not to be everybody's.
        for (const command of commands) applyAlone(command)
      }
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

/** The addon's word for what it says by itself; what it cannot read has other codes. */
function isFull(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'GenericFailure'
}
