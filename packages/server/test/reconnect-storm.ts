/** Everybody loses the connection at once and comes back within moments, while messages go on: thousands of light connections to a real server. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as tick } from 'node:timers/promises'
import { openRoom, type WebSocketLike } from '@maru/client'
import { WebSocket } from 'ws'
import { addMembers, fill } from '../../../bench/chat/place.ts'
import { processorTime } from '../../../bench/engine/system.ts'
import { createWitness, type LightWitness } from './light-witness.ts'
import { seeded } from './seeded.ts'
import { startServer } from './server-process.ts'

export interface Storm {
  seed: number
  /** Connections, each of a member of its own, spread evenly over the rooms. */
  clients: number
  rooms: number
  /** In how long all come back, in ms. */
  withinMs: number
  /** Messages a second in each room, by somebody whose connection nobody breaks. */
  perSecond: number
  /** Whether the server is killed each time, or only the connections break. */
  storms: readonly ('drop' | 'kill')[]
  /** The longest that anything may take, in ms. */
  patienceMs: number
}

export interface Reconnected {
  /** From the first that came back until all were in and held everything, in ms, for each storm. */
  caughtUpMs: number[]
  /** The server's processor time for each that came back in it, in us; what else it did meanwhile is in it. */
  micros: number[]
  /** Entries that were told one by one. */
  told: number
  /** How many were given the newest page instead. */
  startedOver: number
  /** How many connections the server did not take or ended by itself, and how. */
  endings: Record<string, number>
  messages: number
  /** What was lost, doubled or out of order. */
  faults: string[]
  integrity: string
  /** The most memory that the server took, in MiB, for each of its processes. */
  peakMiB: number[]
}

/** Messages of each room before the first storm, and after each. */
export const SOME_MESSAGES = 5
/** Most that are let in side by side before the storms. */
const SIDE_BY_SIDE = 100

const peakMemory = (pid: number) =>
  Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024)

export async function reconnectInStorm(storm: Storm): Promise<Reconnected> {
  const { seed, clients, withinMs, perSecond } = storm
  const random = seeded(seed)
  const folder = mkdtempSync(join(tmpdir(), 'maru-storm-'))
  const data = join(folder, 'data')
  const file = join(data, 'maru.db')
  const names = Array.from({ length: storm.rooms }, (_, n) => `room${n}`)
  const tokens = await fill(file, async (storage) => {
    const all: string[][] = []
    for (const room of names) all.push(await addMembers(storage, room, Math.ceil(clients / storm.rooms), 1))
    return all
  })
  let server = await startServer(data, 0)
  const { port } = server
  const peakMiB: number[] = []

  /** Where each message lies, as the first who heard it was told. */
  const places = new Map<string, number>()
  const heard = (clientId: string, seq: number) => {
    const before = places.get(clientId)
    places.set(clientId, before ?? seq)
    return before === undefined || before === seq ? undefined : `${clientId} is number ${seq}, and was ${before}`
  }
  const witnesses: LightWitness[] = Array.from({ length: clients }, (_, n) => {
    const at = n % names.length
    const token = tokens[at]?.[Math.floor(n / names.length)] ?? ''
    return createWitness({ room: names[at] ?? '', name: `Member ${Math.floor(n / names.length)}`, token }, heard)
  })
  const written = new Set<string>()
  const writers = names.map((room) =>
    openRoom({
      url: `ws://127.0.0.1:${port}/socket`,
      room,
      name: 'Writer',
      random,
      createClientId: () => `${room} ${written.size}`,
      connect: (address) => new WebSocket(address) as unknown as WebSocketLike,
    }),
  )
  let writing: NodeJS.Timeout | undefined

  async function until(what: string, condition: () => boolean): Promise<void> {
    const end = performance.now() + storm.patienceMs
    while (!condition()) {
      if (performance.now() > end) throw new Error(`waited in vain until ${what} (seed ${seed}): ${explain()}`)
      await tick(10)
    }
  }

  const explain = () => {
    const outside = witnesses.filter((witness) => !witness.isIn()).length
    return `${outside} are outside, connections were ended ${JSON.stringify(endings())}`
  }
  function endings(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const how of witnesses.flatMap((witness) => witness.endings())) counts[how] = (counts[how] ?? 0) + 1
    return counts
  }

  /** Until everybody has written some more. */
  async function goOn(): Promise<void> {
    const end = written.size + SOME_MESSAGES * names.length
    await until('the talk has gone on', () => written.size >= end)
  }

  async function breakOut(kind: 'drop' | 'kill'): Promise<{ caughtUpMs: number; micros: number }> {
    for (const witness of witnesses) witness.drop()
    if (kind === 'kill') {
      peakMiB.push(peakMemory(server.pid))
      await server.kill()
      server = await startServer(data, port)
    }
    const before = processorTime(server.pid).all
    const from = performance.now()
    for (const witness of witnesses) setTimeout(() => witness.enter(port), random() * withinMs)
    await until('everybody is back', () => witnesses.every((witness) => witness.isIn()))
    const caughtUpMs = performance.now() - from
    const micros = (processorTime(server.pid).all - before) / clients
    await goOn()
    return { caughtUpMs, micros }
  }

  try {
    for (let n = 0; n < clients; n += SIDE_BY_SIDE) {
      const some = witnesses.slice(n, n + SIDE_BY_SIDE)
      for (const witness of some) witness.enter(port)
      await until('everybody is in', () => some.every((witness) => witness.isIn()))
    }
    await until('the writers are in', () => writers.every((writer) => writer.state().connection === 'open'))
    writing = setInterval(() => {
      for (const writer of writers) {
        writer.send(`As long as what people write to each other, ${written.size}.`)
        written.add(writer.state().pending.at(-1)?.clientId ?? '')
      }
    }, 1_000 / perSecond)
    await goOn()
    const storms: Awaited<ReturnType<typeof breakOut>>[] = []
    for (const kind of storm.storms) storms.push(await breakOut(kind))
    clearInterval(writing)
    await until('everything is stored', () => writers.every((writer) => writer.state().pending.length === 0))
    const ends = new Map(writers.map((writer) => [writer.state().room, () => writer.state().cursor]))
    await until('everybody has heard everything', () =>
      witnesses.every((witness) => witness.isIn() && witness.cursor() >= (ends.get(witness.room)?.() ?? 0)),
    )
    peakMiB.push(peakMemory(server.pid))
    const ended = endings()
    await server.kill()
    const stored = readFile(file)
    const faults = [...witnesses.flatMap((witness) => witness.faults()), ...compare(stored.messages, written, places)]
    const sum = (of: (witness: LightWitness) => number) => witnesses.reduce((all, witness) => all + of(witness), 0)
    return {
      caughtUpMs: storms.map(({ caughtUpMs }) => caughtUpMs),
      micros: storms.map(({ micros }) => micros),
      told: sum((witness) => witness.told()),
      startedOver: sum((witness) => witness.startedOver()),
      endings: ended,
      messages: stored.messages.size,
      faults,
      integrity: stored.integrity,
      peakMiB,
    }
  } finally {
    clearInterval(writing)
    for (const writer of writers) writer.close()
    for (const witness of witnesses) witness.drop()
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

function compare(stored: ReadonlyMap<string, number>, written: ReadonlySet<string>, told: ReadonlyMap<string, number>) {
  const faults: string[] = []
  for (const id of written) if (!stored.has(id)) faults.push(`${id} was acknowledged and is lost`)
  for (const [id, seq] of told)
    if (stored.get(id) !== seq) faults.push(`${id} was told as number ${seq}, the disk holds it as ${stored.get(id)}`)
  return faults
}

/** Straight from the file, past all that Maru does when it opens one. */
function readFile(file: string): { integrity: string; messages: Map<string, number> } {
  const db = new DatabaseSync(file)
  const integrity = String(db.prepare('pragma integrity_check').get()?.integrity_check)
  const rows = db.prepare("select seq, client_id from entry where kind = 'message'").all()
  db.close()
  return { integrity, messages: new Map(rows.map((row) => [String(row.client_id), Number(row.seq)])) }
}
