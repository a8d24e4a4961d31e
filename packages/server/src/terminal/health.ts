import type { MediaEngine } from '../media/media-engine.ts'
import type { Log } from './log.ts'

/** A failure this old with none after it counts as over. */
const STORAGE_MEMORY_MS = 60_000

export interface Health {
  /** The same engine, with an eye on its end. */
  watchEngine(engine: MediaEngine): MediaEngine
  storageFailed(error: unknown): void
  /** In words for the person who runs the server; none means that all is well. */
  problems(): string[]
}

export function createHealth(log: Log, now: () => number = Date.now): Health {
  let engineFailed = false
  let storageFailedAt = Number.NEGATIVE_INFINITY
  return {
    watchEngine: (engine) => ({
      ...engine,
      onEvents: (listener) =>
        engine.onEvents((events) => {
          const failure = events.find((event) => event.type === 'engineFailed')
          if (failure) {
            engineFailed = true
            log.error('the media engine has stopped: calls need a restart', { reason: failure.reason })
          }
          listener(events)
        }),
    }),
    storageFailed: (error) => {
      storageFailedAt = now()
      log.error('the disk did not take what was written', { error })
    },
    problems: () => [
      ...(engineFailed ? ['The media engine has stopped: calls need a restart.'] : []),
      ...(now() - storageFailedAt < STORAGE_MEMORY_MS ? ['The disk did not take what was written.'] : []),
    ],
  }
}
