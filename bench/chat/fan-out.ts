import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as tick } from 'node:timers/promises'
import { type Row, show, spread } from '../engine/figures.ts'
import { processorTime } from '../engine/system.ts'
import { startMaru } from '../maru.ts'
import { connectRaw, connectWebSocket, enterRoom, type LightClient } from './light-client.ts'
import { addMembers, fill } from './place.ts'
import { startBroadcaster } from './servers.ts'

/** Most people of a room; more sockets are more devices of each. */
const PEOPLE = 500
const TEXT = 'x'.repeat(200)
/** So far apart nothing is held back to leave with what comes next. */
const SINGLE_GAP_MS = 250
const SINGLE = 16
const BURST_GAP_MS = 50
const BURST = 60
const SIDE_BY_SIDE = 200

interface Target {
  clients: LightClient[]
  pid: number
  /** Says one thing to everybody. */
  say(): void
  /** Whether everybody has heard so many things since `from`. */
  heard(count: number): boolean
  mark(): void
}

export async function connectAll<Each>(count: number, connect: (n: number) => Promise<Each>): Promise<Each[]> {
  const all: Each[] = []
  for (let n = 0; n < count; n += SIDE_BY_SIDE)
    all.push(
      ...(await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, count - n) }, (_, k) => connect(n + k)))),
    )
  return all
}

const GIVE_UP_MS = 30_000

async function allHeard(target: Target, count: number): Promise<void> {
  const from = performance.now()
  while (!target.heard(count)) {
    const ended = target.clients.filter((client) => client.ended).length
    if (ended > 0) throw new Error(`${ended} of ${target.clients.length} were disconnected`)
    if (performance.now() - from > GIVE_UP_MS) throw new Error(`not everybody heard ${count} messages`)
    await tick(1)
  }
}

/** Microseconds of each server for each delivery. In each gap every one of them sends one message, one server after the other. */
async function turn(targets: readonly Target[], messages: number, gapMs: number): Promise<number[]> {
  for (const target of targets) target.mark()
  const before = targets.map(({ pid }) => processorTime(pid).all)
  for (let n = 0; n < messages; n += 1)
    for (const target of targets) {
      target.say()
      await tick(gapMs / targets.length)
    }
  for (const target of targets) await allHeard(target, messages)
  return targets.map(
    ({ pid, clients }, at) => (processorTime(pid).all - (before[at] ?? 0)) / (messages * clients.length),
  )
}

async function inTurn(targets: readonly Target[], one: (target: Target) => Promise<number[]>): Promise<number[]> {
  const all: number[] = []
  for (const target of targets) all.push(...(await one(target)))
  return all
}

function byBytes(clients: LightClient[], pid: number, broadcast: (text: string) => void): Target {
  const size = TEXT.length
  let from = clients.map(({ bytes }) => bytes)
  return {
    clients,
    pid,
    say: () => broadcast(TEXT),
    heard: (count) => clients.every(({ bytes }, n) => bytes - (from[n] ?? 0) >= count * size),
    mark: () => {
      from = clients.map(({ bytes }) => bytes)
    },
  }
}

/** The members take turns: each may say five things a second. Everybody has heard what the largest number of all is behind. */
function bySeq(clients: LightClient[], pid: number): Target {
  let from = 0
  let id = 0
  return {
    clients,
    pid,
    say() {
      id += 1
      clients[id % clients.length]?.say({ type: 'send', id, clientId: `b${id}`, text: TEXT })
    },
    heard: (count) => clients.every(({ seq }) => seq >= from + count),
    mark: () => {
      from = Math.max(...clients.map(({ seq }) => seq))
    },
  }
}

/** With more sockets its part that is no sending is nothing, and a process has descriptors for three servers only. */
const MOST_STORED = 1_000

export async function fanOut(sockets: number, turns: number): Promise<Row[]> {
  const withStored = sockets <= MOST_STORED
  const folder = mkdtempSync(join(tmpdir(), 'maru-bench-'))
  const people = Math.min(PEOPLE, sockets)
  const devices = Math.ceil(sockets / people)
  const tokens = await fill(join(folder, 'maru.db'), (storage) => addMembers(storage, 'hall', people, devices))
  const [maru, ws, raw, stored] = await Promise.all([
    startMaru(folder),
    startBroadcaster('ws'),
    startBroadcaster('raw'),
    startBroadcaster('stored', join(folder, 'stored')),
  ])
  const rows: Row[] = []
  try {
    const inRoom = await connectAll(sockets, (n) =>
      enterRoom(maru.port, 'hall', `Member ${Math.floor(n / devices)}`, tokens[n] ?? ''),
    )
    // What the entering itself has left behind is gone after a while.
    await tick(3_000)
    const plain = await connectAll(sockets, () => connectWebSocket(ws.port))
    const bare = await connectAll(sockets, () => connectRaw(raw.port))
    const careful = withStored ? await connectAll(sockets, () => connectWebSocket(stored.port)) : []
    const targets = {
      maru: bySeq(inRoom, maru.pid),
      ws: byBytes(plain, ws.pid, ws.broadcast),
      raw: byBytes(bare, raw.pid, raw.broadcast),
      stored: bySeq(careful, stored.pid),
    }
    const { stored: keeping, ...others } = targets
    const all = [...Object.values(others), ...(withStored ? [keeping] : [])]
    const burst = () => inTurn(all, (target) => turn([target], BURST, BURST_GAP_MS))
    // A server runs for longer than the compiler of Node takes to find out what it does most.
    await burst()
    for (const [load, run] of [
      ['20 a second', burst],
      ['4 a second', () => turn(all, SINGLE, SINGLE_GAP_MS)],
    ] as const) {
      const taken: { maru: number; ws: number; raw: number; stored: number }[] = []
      for (let n = 0; n < turns; n += 1) {
        const [maru = Number.NaN, ws = Number.NaN, raw = Number.NaN, stored = Number.NaN] = await run()
        taken.push({ maru, ws, raw, stored })
      }
      const figures = {
        maru: spread(taken.map(({ maru }) => maru)),
        ws: spread(taken.map(({ ws }) => ws)),
        raw: spread(taken.map(({ raw }) => raw)),
        stored: spread(taken.map(({ stored }) => stored)),
        ofWs: spread(taken.map(({ maru, ws }) => maru / ws)),
        ofRaw: spread(taken.map(({ maru, raw }) => maru / raw)),
        ofStored: spread(taken.map(({ maru, stored }) => maru / stored)),
        taken,
      }
      rows.push({
        row: 'T1',
        load: `${sockets} sockets, ${load}`,
        cells: {
          'us/delivery': show(figures.maru),
          'ws us': show(figures.ws),
          'x ws': show(figures.ofWs),
          'raw us': show(figures.raw),
          'x raw': show(figures.ofRaw),
          ...(withStored && { 'raw, stored us': show(figures.stored), 'x raw, stored': show(figures.ofStored) }),
        },
        remarks: [],
        figures,
      })
    }
    for (const { socket } of [...inRoom, ...plain, ...bare, ...careful]) socket.destroy()
  } finally {
    await Promise.all([maru.end(), ws.end(), raw.end(), stored.end()])
    rmSync(folder, { recursive: true, force: true })
  }
  return rows
}
