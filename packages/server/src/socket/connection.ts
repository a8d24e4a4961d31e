import type { Duplex } from 'node:stream'
import { closeCodes, type Problem, type ServerMessage } from '@maru/protocol'
import type { WebSocket } from 'ws'
import type { Schedule } from '../rooms/presence.ts'

/** More than this unsent and the connection is given up: it comes back and catches up by its cursor, from the disk and not from memory. */
const MAX_BUFFERED_BYTES = 1_048_576
/** A silent connection is noticed after one to two of these. */
const PING_MS = 20_000
/** How long a closed connection may take to say goodbye. */
const CLOSE_MS = 2_000

/** Where a connection is after its hello. */
export interface Seat {
  room: string
  member: string
  session: string
}

/** One WebSocket of one client, as the rest of this folder sees it. */
export interface Connection {
  seat: Seat | undefined
  readonly open: boolean
  /** Sends a frame made by `encode`; the same bytes may go to many. */
  deliver(frame: Buffer): void
  send(message: ServerMessage): void
  fail(problem: Problem, id?: number): void
  /** Nothing is read or sent afterwards. */
  close(code: number, reason: string): void
}

export const encode = (message: ServerMessage): Buffer => Buffer.from(JSON.stringify(message))

export function createConnection(ws: WebSocket, raw: Duplex, schedule: Schedule): Connection {
  let open = true
  let alive = true
  let corked = false
  let cancelTimer = schedule(PING_MS, ping)

  function ping(): void {
    if (alive) {
      alive = false
      ws.ping()
      cancelTimer = schedule(PING_MS, ping)
    } else ws.terminate()
  }
  ws.on('pong', () => {
    alive = true
  })
  ws.on('close', () => {
    open = false
    cancelTimer()
  })

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

  const connection: Connection = {
    seat: undefined,
    get open() {
      return open
    },
    deliver(frame) {
      if (!open) return
      if (ws.bufferedAmount > MAX_BUFFERED_BYTES) return connection.close(closeCodes.tooSlow, 'too slow')
      cork()
      ws.send(frame, { binary: false })
    },
    send: (message) => connection.deliver(encode(message)),
    fail: (problem, id) => connection.send({ type: 'error', ...problem, ...(id === undefined ? {} : { id }) }),
    close(code, reason) {
      if (!open) return
      open = false
      cancelTimer()
      ws.close(code, reason)
      cancelTimer = schedule(CLOSE_MS, () => ws.terminate())
    },
  }
  return connection
}
