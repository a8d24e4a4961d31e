/** A disk that is full and free again while connections break and answers take their time, on a virtual clock: nobody's message waits for ever. */
import type { Request, ServerMessage } from '@maru/protocol'
import { onTestFinished, test } from 'vitest'
import { seeded } from '../../server/test/seeded.ts'
import type { WebSocketLike } from '../src/connector.ts'
import { openRoom } from '../src/open-room.ts'
import type { RoomClient } from '../src/room-client.ts'
import { said, settled, texts, welcome } from './script.ts'

/** How often the server tries whether there is room again. */
const PROBE_MS = 2_000
/** The longest that a client waits between two attempts to come in, as long as the pause of one that was refused at the door. */
const LONGEST_PAUSE_MS = 15_000
/** The longest that an answer is under way here. */
const LONGEST_WAY_MS = 400
const STORM_MS = 60_000

/** Timers on a clock of their own. */
function createClock() {
  const timers = new Set<{ at: number; callback: () => void }>()
  let now = 0
  return {
    now: () => now,
    schedule(delayMs: number, callback: () => void) {
      const timer = { at: now + delayMs, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    /** Lets time pass until then, or until it holds. */
    async run(end: number, holds = () => false) {
      while (!holds()) {
        const [next] = [...timers].toSorted((a, b) => a.at - b.at)
        if (!next || next.at > end) break
        timers.delete(next)
        now = Math.max(now, next.at)
        next.callback()
        await settled()
      }
    },
  }
}

type Clock = ReturnType<typeof createClock>

/** As much of a room's server as storing takes: it says what cannot be stored, tries again, and stores nothing twice. */
function createRoom(clock: Clock, random: () => number) {
  const seats = new Set<Line>()
  const log: { clientId: string; member: string; text: string }[] = []
  let isFull = false
  let works = true
  let hurried = 0

  const tell = (message: ServerMessage) => {
    for (const seat of seats) seat.say(message)
  }
  function failed(): void {
    if (!works) return
    works = false
    tell({ type: 'storage', works })
    clock.schedule(PROBE_MS, probe)
  }
  function probe(): void {
    if (isFull) return void clock.schedule(PROBE_MS, probe)
    works = true
    tell({ type: 'storage', works })
  }
  const entryOf = (index: number) => {
    const { clientId, member, text } = log[index] as (typeof log)[number]
    return said(index + 1, text, clientId, member)
  }

  /** Who has to be written down at the door, under another name or as a newcomer, does not come in while nothing can be. */
  function letIn(line: Line, member: string, cursor: number | undefined): void {
    if (isFull && random() < 0.5) {
      failed()
      line.say({ type: 'error', code: 'storage_unavailable', message: 'full' })
      return
    }
    const entries = log.map((_, index) => entryOf(index)).slice(cursor ?? 0)
    const me = { id: member, name: member }
    line.say(welcome({ me, people: [me], entries, reset: cursor === undefined, cursor: log.length }))
    seats.add(line)
    if (!works) line.say({ type: 'storage', works })
  }

  function store(line: Line, member: string, { id, clientId, text }: Extract<Request, { type: 'send' }>): void {
    const refuse = (code: string) => line.say({ type: 'error', id, code, message: 'later' } as ServerMessage)
    if (random() < 0.05) {
      hurried += 1
      refuse('too_fast')
    } else if (isFull) {
      // Before everybody is told that nothing can be stored, or long after, when there may be room again.
      if (random() < 0.5) refuse('storage_unavailable')
      else clock.schedule(random() * 2 * PROBE_MS, () => refuse('storage_unavailable'))
      failed()
    } else {
      const isThere = (each: (typeof log)[number]) => each.clientId === clientId && each.member === member
      if (!log.some(isThere)) {
        log.push({ clientId, member, text })
        tell({ type: 'entry', entry: entryOf(log.length - 1), prev: log.length - 1 })
      }
      line.say({ type: 'reply', id, seq: log.findIndex(isThere) + 1, at: 1 })
    }
  }

  return {
    log,
    /** How many were told that they write too fast. */
    hurried: () => hurried,
    answer(line: Line, member: string, request: Request): void {
      if (request.type === 'hello') letIn(line, member, request.cursor)
      else if (request.type === 'send') store(line, member, request)
      else if ('id' in request) line.say({ type: 'reply', id: request.id })
    },
    leave: (line: Line) => void seats.delete(line),
    setFull(value: boolean) {
      isFull = value
      // Somebody else wrote something.
      if (isFull && random() < 0.5) failed()
    },
  }
}

/** One connection: what is said arrives later and in order, each way, or not at all once it is cut. */
class Line implements WebSocketLike {
  onopen: WebSocketLike['onopen'] = null
  onmessage: WebSocketLike['onmessage'] = null
  onclose: WebSocketLike['onclose'] = null
  onerror: WebSocketLike['onerror'] = null
  #isCut = false
  readonly #clock: Clock
  readonly #random: () => number
  readonly #last = { up: 0, down: 0 }
  readonly #heard: (line: Line, request: Request) => void
  readonly #gone: (line: Line) => void

  constructor(
    clock: Clock,
    random: () => number,
    heard: (line: Line, request: Request) => void,
    gone: (line: Line) => void,
  ) {
    this.#clock = clock
    this.#random = random
    this.#heard = heard
    this.#gone = gone
    this.#carry('down', () => this.onopen?.(undefined as never))
  }

  #carry(way: 'up' | 'down', arrive: () => void): void {
    const now = this.#clock.now()
    const at = Math.max(this.#last[way], now + (this.#random() * LONGEST_WAY_MS) / 2)
    this.#last[way] = at
    this.#clock.schedule(at - now, () => this.#isCut || arrive())
  }

  send(data: string): void {
    this.#carry('up', () => this.#heard(this, JSON.parse(data)))
  }

  say(message: ServerMessage): void {
    this.#carry('down', () => this.onmessage?.({ data: JSON.stringify(message) }))
  }

  close(): void {
    this.#isCut = true
    this.#gone(this)
  }

  break(): void {
    if (this.#isCut) return
    this.close()
    this.onclose?.({ code: 1006, reason: '' })
  }
}

test.for(Array.from({ length: 200 }, (_, n) => n + 1))(
  'once there is room again everything written is stored once and in order, and everybody hears it, soon (seed %i)',
  async (seed, { expect }) => {
    const random = seeded(seed)
    const clock = createClock()
    const room = createRoom(clock, random)
    const lines = new Map<string, Line>()
    const clients = new Map<string, RoomClient>()
    let ids = 0
    for (const name of ['ana', 'ben']) {
      const client = openRoom({
        url: 'ws://test/socket',
        room: 'hall',
        name,
        now: clock.now,
        random,
        schedule: clock.schedule,
        createClientId: () => `${++ids}`,
        connect() {
          const line = new Line(clock, random, (from, request) => room.answer(from, name, request), room.leave)
          lines.set(name, line)
          return line
        },
      })
      clients.set(name, client)
      onTestFinished(() => client.close())
    }
    const written: Record<string, string[]> = { ana: [], ben: [] }
    const names = [...clients.keys()]
    const someone = () => names[Math.floor(random() * names.length)] as string
    /** Again and again until the storm is over, after pauses of about so long. */
    const often = (pauseMs: number, happen: () => void) =>
      clock.schedule(random() * 2 * pauseMs, () => {
        if (clock.now() > STORM_MS) return
        happen()
        often(pauseMs, happen)
      })
    often(3_000, () => {
      const name = someone()
      const text = `${written[name]?.length} of ${name}`
      written[name]?.push(text)
      clients.get(name)?.send(text)
    })
    often(8_000, () => lines.get(someone())?.break())
    let isFull = false
    often(5_000, () => {
      isFull = !isFull
      room.setFull(isFull)
    })
    await clock.run(STORM_MS)
    room.setFull(false)
    const states = () => [...clients.values()].map((client) => client.state())
    const total = Object.values(written).flat().length
    const isDone = () =>
      room.log.length === total &&
      states().every(({ pending, cursor, storageWorks }) => pending.length === 0 && cursor === total && storageWorks)
    const before = room.hurried()
    await clock.run(2 * STORM_MS + total * 1_500, isDone)
    // Whoever was refused at the door comes, the server finds out, what was under way fails, and then one goes after the other.
    const slowed = (room.hurried() - before) * 1_500
    expect(clock.now() - STORM_MS - slowed).toBeLessThan(LONGEST_PAUSE_MS + 3 * PROBE_MS + total * LONGEST_WAY_MS)
    expect(states().map(({ pending, cursor }) => ({ pending, cursor }))).toEqual(
      names.map(() => ({ pending: [], cursor: total })),
    )
    for (const name of names)
      expect(room.log.filter(({ member }) => member === name).map(({ text }) => text)).toEqual(written[name])
    for (const { entries } of states()) expect(texts(entries as never)).toEqual(room.log.map(({ text }) => text))
  },
)
