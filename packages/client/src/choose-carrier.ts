import type { WebSocketLike } from './connector.ts'
import { openEventStream } from './event-stream.ts'

export interface Carriers {
  open(): WebSocketLike
  /** Something was heard on the one that was opened last. */
  heard(): void
}

/** So many WebSockets in a row have to fail without a word before the other way is tried. */
const PATIENCE = 2

/**
 * WebSockets where they pass, else an event stream, found out by trying. What has worked is used again; when it fails, both ways are tried in
 * turn, so that a restart of the server does not settle it for good.
 */
export function chooseCarrier(
  url: string,
  webSocket: (url: string) => WebSocketLike = (address) => new WebSocket(address) as WebSocketLike,
  eventStream: (url: string) => WebSocketLike = openEventStream,
): Carriers {
  let works: 'webSocket' | 'eventStream' | undefined
  let last: 'webSocket' | 'eventStream' = 'webSocket'
  let silent = 0

  function next(): 'webSocket' | 'eventStream' {
    if (silent === 0) return works ?? 'webSocket'
    if (works === 'webSocket' || silent < PATIENCE) return works ?? 'webSocket'
    return last === 'webSocket' ? 'eventStream' : 'webSocket'
  }

  return {
    open() {
      last = next()
      silent += 1
      return last === 'webSocket' ? webSocket(url) : eventStream(url)
    },
    heard() {
      silent = 0
      works = last
    },
  }
}
