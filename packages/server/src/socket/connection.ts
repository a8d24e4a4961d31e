import { closeCodes, type Problem, type ServerMessage } from '@maru/protocol'
import type { Schedule } from '../rooms/presence.ts'
import type { BotLimits } from '../storage/sessions.ts'
import type { Carrier } from './carrier.ts'
import { createFrames, encode, type Frames } from './frames.ts'

/** More than this unsent and the connection is given up: it comes back and catches up by its cursor, from the disk and not from memory. */
const MAX_BUFFERED_BYTES = 1_048_576
/** How long a closed connection may take to say goodbye. */
const CLOSE_MS = 2_000

/** Where a connection is after its hello. */
export interface Seat {
  room: string
  member: string
  session: string
  /** What it is held to, where it is a bot. */
  bot?: BotLimits
}

/** One connection of one client, as the rest of this folder sees it. */
export interface Connection {
  seat: Seat | undefined
  readonly open: boolean
  /** Its carrier has given a sign of life. */
  heard(): void
  /** Its carrier has ended. */
  gone(): void
  /** Sends what its room still holds back for it: whoever sends to it alone has that go before. */
  catchUp: () => void
  /** Sends what may go to many. */
  deliver(frames: Frames): void
  send(message: ServerMessage): void
  fail(problem: Problem, id?: number): void
  /** Nothing is read or sent afterwards. */
  close(code: number, reason: string): void
}

export function createConnection(carrier: Carrier, schedule: Schedule): Connection {
  let open = true
  let alive = true
  let cancelTimer = schedule(carrier.silenceMs, ping)

  function ping(): void {
    if (alive) {
      alive = false
      carrier.ping()
      cancelTimer = schedule(carrier.silenceMs, ping)
    } else carrier.terminate()
  }

  const connection: Connection = {
    seat: undefined,
    get open() {
      return open
    },
    heard() {
      alive = true
    },
    gone() {
      open = false
      cancelTimer()
    },
    catchUp() {},
    deliver(frames) {
      if (!open) return
      if (carrier.unsent > MAX_BUFFERED_BYTES) return connection.close(closeCodes.tooSlow, 'too slow')
      carrier.send(frames)
    },
    send(message) {
      connection.catchUp()
      connection.deliver(createFrames([encode(message)]))
    },
    fail: (problem, id) => connection.send({ type: 'error', ...problem, ...(id === undefined ? {} : { id }) }),
    close(code, reason) {
      if (!open) return
      open = false
      cancelTimer()
      carrier.close(code, reason)
      cancelTimer = schedule(CLOSE_MS, () => carrier.terminate())
    },
  }
  return connection
}
