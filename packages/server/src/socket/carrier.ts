import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { DirectWriter } from './direct-writer.ts'
import type { Frames } from './frames.ts'

/** More than this unsent and a connection is given up: it comes back and catches up by its cursor, from the disk and not from memory. */
export const MAX_BUFFERED_BYTES = 1_048_576

/** What carries the frames of one connection: a WebSocket, or an event stream where none can pass. */
export interface Carrier {
  /** False where too much waits to be taken: then nothing was sent. */
  send(frames: Frames): boolean
  /** How long it may be silent, in ms; it is asked for a sign of life before. */
  readonly silenceMs: number
  ping(): void
  close(code: number, reason: string): void
  stopReading(): void
  /** Ends it without a word. */
  terminate(): void
}

/** A silent connection is noticed after one to two of these. */
const SILENCE_MS = 20_000

/** An empty ping of a server. RFC 6455, section 5.5.2. */
const PING = Buffer.from([0x89, 0])

/** A class, as the connection is: thousands of these are gone through for each message, and functions of their own would be twice the memory. */
export class WebSocketCarrier implements Carrier {
  readonly #ws: WebSocket
  readonly #writer: DirectWriter

  constructor(ws: WebSocket, raw: Duplex) {
    this.#ws = ws
    this.#writer = new DirectWriter(raw)
  }

  /** Past `ws`, which would write a header for each listener. It compresses nothing here, so that it holds nothing back and order is kept. */
  send({ webSocket, borrowed }: Frames): boolean {
    return this.#ws.readyState !== WebSocket.OPEN || this.#writer.write(webSocket, borrowed, MAX_BUFFERED_BYTES)
  }

  get silenceMs(): number {
    return SILENCE_MS
  }

  ping(): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#writer.write(PING, false)
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason)
  }

  stopReading(): void {
    this.#ws.pause()
  }

  terminate(): void {
    this.#ws.terminate()
  }
}
