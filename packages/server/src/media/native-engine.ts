import { loadAddon } from './load-addon.ts'
import type { EngineEvent, EngineOptions, MediaEngine } from './media-engine.ts'

/**
 * Starts the Rust engine of the given addon file.
 * @throws when the port is taken or the addon does not load.
 */
export function startNativeEngine({ file, ...options }: EngineOptions & { file: string }): MediaEngine {
  const { Engine } = loadAddon(file)
  let listener: ((events: EngineEvent[]) => void) | undefined
  let open = true
  // The wake comes from another thread as a task of its own; the events stay in the engine until somebody listens.
  const engine = new Engine(options, () => deliver())
  const deliver = () => {
    if (!open || !listener) return
    const events = engine.drain()
    if (events.length > 0) listener(events)
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
    metrics: () => engine.metrics(),
    shutdown: () => {
      if (!open) return
      open = false
      engine.shutdown()
    },
  }
}
