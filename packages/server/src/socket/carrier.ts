import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'

/** What carries the frames of one connection: a WebSocket, or an event stream where none can pass. */
export interface Carrier {
  send(frame: Buffer): void
  /** Bytes that wait to be taken. */
  readonly unsent: number
  /** How long it may be silent, in ms; it is asked for a sign of life before. */
  readonly silenceMs: number
  ping(): void
  close(code: number, reason: string): void
  /** Ends it without a word. */
  terminate(): void
}

/** A silent connection is noticed after one to two of these. */
const SILENCE_MS = 20_000

export function webSocketCarrier(ws: WebSocket, raw: Duplex): Carrier {
  let corked = false

  /** What is sent in one turn leaves in one write. */
  function cork(): void {
    if (corked) return
    corked = true
    raw.cork()
    process.nextTick(() => {
      corked = false
      raw.uncork()
    })
  }

  return {
    send(frame) {
      cork()
      ws.send(frame, { binary: false })
    },
    get unsent() {
      return ws.bufferedAmount
    },
    silenceMs: SILENCE_MS,
    ping: () => ws.ping(),
    close: (code, reason) => ws.close(code, reason),
    terminate: () => ws.terminate(),
  }
}
