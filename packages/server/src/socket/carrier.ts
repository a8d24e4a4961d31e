import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { Frames } from './frames.ts'

/** What carries the frames of one connection: a WebSocket, or an event stream where none can pass. */
export interface Carrier {
  send(frames: Frames): void
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
  return {
    // Past `ws`, which would write a header for each listener. It compresses nothing here, so that it holds nothing back and order is kept.
    send(frames) {
      if (ws.readyState === WebSocket.OPEN) raw.write(frames.webSocket)
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
