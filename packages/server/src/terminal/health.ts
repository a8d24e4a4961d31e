import type { MediaEngine } from '../media/media-engine.ts'
import type { Log } from './log.ts'
import { reasonOf } from './start-problem.ts'
import type { Words } from './words.ts'

export interface Health {
  /** The same engine, with an eye on its end. */
  watchEngine(engine: MediaEngine): MediaEngine
  storageChanged(works: boolean, error?: unknown): void
  /** A connection was refused because there are so many. */
  connectionRefused(most: number): void
  /** In words for the person who runs the server; none means that all is well. */
  problems(): string[]
}

/** `say` tells the person who runs the server. */
export function createHealth({
  log,
  words,
  folder,
  say,
}: {
  log: Log
  words: Words
  folder: string
  say: (text: string) => void
}): Health {
  let engineFailed = false
  let storageWorks = true
  let toldFull = false
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
    storageChanged(works, error) {
      storageWorks = works
      say(works ? words.storageWorks : words.storageBroken(folder, reasonOf(words, error)))
      if (!works) log.error('the disk did not take what was written', { error })
    },
    connectionRefused(most) {
      if (toldFull) return
      toldFull = true
      say(words.connectionsFull(most))
      log.error('a connection was refused: this process may have no more', { most })
    },
    problems: () => [
      ...(engineFailed ? ['The media engine has stopped: calls need a restart.'] : []),
      ...(storageWorks ? [] : ['The disk does not take what is written.']),
    ],
  }
}
