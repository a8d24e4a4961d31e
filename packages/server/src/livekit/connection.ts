import type { WebSocket } from 'ws'
import { createTokenBucket } from '../http/token-bucket.ts'
import { decodeRequest, type SignalAsk } from './signal-codec.ts'

/** One signalling WebSocket. Frames go out in the order they were given, even where one is still being made. */
export interface Connection {
  send(frame: Uint8Array | Promise<Uint8Array>): void
  /** Closes after everything said so far; nothing is heard from then on. */
  close(): void
  /** Called every few seconds: looks after the line, and cuts it when the other side has long been silent. */
  beat(): void
}

export interface ConnectionEvents {
  now: () => number
  onRequest(ask: SignalAsk): void
  /** The other side breaks the rules: bytes that are no request, too large, or far too many. */
  onAbuse(reason: string): void
  onClose(): void
}

export const MAX_FRAME_BYTES = 2 * 1024 * 1024
/** What a slow reader may have waiting before it is cut off. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024
const BURST_REQUESTS = 500
const REQUESTS_PER_SECOND = 100
/** A longer one counts as several: what one says about itself goes out to everybody. */
const BYTES_OF_ONE_REQUEST = 16 * 1024
const SILENT_BEATS = 3
const CLOSE_TIMEOUT_MS = 3_000

export function createConnection(socket: WebSocket, events: ConnectionEvents): Connection {
  let waiting: Promise<void> | undefined
  let silentBeats = 0
  let closed = false
  const allowance = createTokenBucket(BURST_REQUESTS, REQUESTS_PER_SECOND, events.now)

  function write(frame: Uint8Array): void {
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > MAX_WAITING_BYTES) socket.terminate()
    else socket.send(frame)
  }

  function inOrder(act: () => void): void {
    if (waiting) waiting = waiting.then(act)
    else act()
  }

  function shut(): void {
    socket.close(1000)
    const timer = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS)
    timer.unref()
    socket.once('close', () => clearTimeout(timer))
  }

  socket.on('message', (data: Buffer, isBinary) => {
    silentBeats = 0
    if (closed) return
    if (data.length > MAX_FRAME_BYTES) return events.onAbuse('frame is too large')
    if (!allowance.take(1 + Math.floor(data.length / BYTES_OF_ONE_REQUEST))) return events.onAbuse('too many requests')
    const ask = isBinary ? decodeRequest(data) : undefined
    if (ask) events.onRequest(ask)
    else events.onAbuse('frame is no request')
  })
  socket.on('pong', () => {
    silentBeats = 0
  })
  // The close that follows says all that matters.
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
    events.onClose()
  })

  return {
    send: (frame) => {
      if (closed) return
      if (frame instanceof Uint8Array) {
        inOrder(() => write(frame))
        return
      }
      const before = waiting ?? Promise.resolve()
      const mine: Promise<void> = before
        .then(() => frame)
        .then(write, () => {})
        .then(() => {
          if (waiting === mine) waiting = undefined
        })
      waiting = mine
    },
    close: () => {
      if (closed) return
      closed = true
      inOrder(shut)
    },
    beat: () => {
      silentBeats += 1
      if (silentBeats > SILENT_BEATS) socket.terminate()
      else if (socket.readyState === socket.OPEN) socket.ping()
    },
  }
}
