import { closeCodes, type Problem, type ServerMessage } from '@maru/protocol'
import type { TokenBucket } from '../http/token-bucket.ts'
import type { Schedule } from '../rooms/presence.ts'
import type { BotLimits } from '../storage/sessions.ts'
import { awaitSign } from './await-sign.ts'
import type { Carrier } from './carrier.ts'
import { borrowFrames, encode, type Frames } from './frames.ts'

/** How long a closed connection may take to say goodbye. */
const CLOSE_MS = 2_000
/** Connections are asked for signs of life at multiples of this: a wake for each of them would cost more than the asking. */
const TOGETHER_MS = 500

/** Where a connection is after its hello. */
export interface Seat {
  room: string
  member: string
  session: string
  /** What it is held to, where it is a bot. */
  bot?: BotLimits
  /** How much it may still ask. */
  allowance: TokenBucket
}

/** One connection of one client, as the rest of this folder sees it. */
export interface Connection {
  seat: Seat | undefined
  /** Where its room holds frames back for it: whoever sends to it alone has those go before. */
  backlog: { takeBacklog(connection: Connection): readonly string[] } | undefined
  readonly open: boolean
  /** Its carrier has given a sign of life. */
  heard(): void
  /** Its carrier has ended. */
  gone(): void
  /** Sends what may go to many. */
  deliver(frames: Frames): void
  send(message: ServerMessage): void
  fail(problem: Problem, id?: number): void
  /** Nothing is read or sent afterwards. */
  close(code: number, reason: string): void
  /** Takes nothing more out of its socket, not even what ends it politely: only for one that is closed and floods. */
  stopReading(): void
}

/** `now` in milliseconds. */
export function createConnection(carrier: Carrier, schedule: Schedule, now: () => number): Connection {
  return new CarriedConnection(carrier, schedule, now)
}

class CarriedConnection implements Connection {
  seat: Seat | undefined
  backlog: Connection['backlog']
  open = true
  readonly #carrier: Carrier
  readonly #schedule: Schedule
  readonly #now: () => number
  #alive = true
  #cancelTimer: () => void

  constructor(carrier: Carrier, schedule: Schedule, now: () => number) {
    this.#carrier = carrier
    this.#schedule = schedule
    this.#now = now
    this.#cancelTimer = this.#listenForLife()
  }

  #listenForLife(): () => void {
    const soonest = this.#now() + this.#carrier.silenceMs
    const at = Math.ceil(soonest / TOGETHER_MS) * TOGETHER_MS
    return awaitSign(this.#schedule, this.#carrier.silenceMs + at - soonest, () => {
      if (!this.#alive) return this.#carrier.terminate()
      this.#alive = false
      this.#carrier.ping()
      this.#cancelTimer = this.#listenForLife()
    })
  }

  heard(): void {
    this.#alive = true
  }

  gone(): void {
    this.open = false
    this.#cancelTimer()
  }

  deliver(frames: Frames): void {
    if (this.open && !this.#carrier.send(frames)) this.close(closeCodes.tooSlow, 'too slow')
  }

  send(message: ServerMessage): void {
    const before = this.backlog?.takeBacklog(this) ?? []
    this.deliver(borrowFrames([...before, encode(message)]))
  }

  fail(problem: Problem, id?: number): void {
    this.send({ type: 'error', ...problem, ...(id === undefined ? {} : { id }) })
  }

  close(code: number, reason: string): void {
    if (!this.open) return
    this.open = false
    this.#cancelTimer()
    this.#carrier.close(code, reason)
    this.#cancelTimer = this.#schedule(CLOSE_MS, () => this.#carrier.terminate())
  }

  stopReading(): void {
    this.#carrier.stopReading()
  }
}
