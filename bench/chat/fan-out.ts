import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as tick } from 'node:timers/promises'
import { type Row, show, spread } from '../engine/figures.ts'
import { processorTime, residentMemory } from '../engine/system.ts'
import { startMaru } from '../maru.ts'
import { connectRaw, connectWebSocket, enterRoom, type LightClient } from './light-client.ts'
import { addMembers, fill } from './place.ts'
import { startBroadcaster } from './servers.ts'

/** Most people of a room; more sockets are more devices of each. */
const PEOPLE = 500
/** Deliveries of one turn, about. */
const DELIVERIES = 40_000
const TEXT = 'x'.repeat(200)
const BURST_GAP_MS = 50
const SIDE_BY_SIDE = 50

interface Target {
  clients: LightClient[]
  pid: number
  /** Says one thing to everybody. */
  say(n: number): void
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

/** Microseconds of the server for each delivery, with one message at a time or with twenty a second. */
async function turn(target: Target, messages: number, gapMs: number): Promise<number> {
  target.mark()
  const before = processorTime(target.pid).all
  for (let n = 0; n < messages; n += 1) {
    target.say(n)
    if (gapMs > 0) await tick(gapMs)
    else await allHeard(target, n + 1)
  }
  await allHeard(target, messages)
  return (processorTime(target.pid).all - before) / (messages * target.clients.length)
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
function bySeq(clients: LightClient[], pid: number, turnOf: { id: number }): Target {
  let from = 0
  return {
    clients,
    pid,
    say() {
      turnOf.id += 1
      clients[turnOf.id % clients.length]?.say({ type: 'send', id: turnOf.id, clientId: `b${turnOf.id}`, text: TEXT })
    },
    heard: (count) => clients.every(({ seq }) => seq >= from + count),
    mark: () => {
      from = Math.max(...clients.map(({ seq }) => seq))
    },
  }
}

export async function fanOut(sockets: number, turns: number): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'maru-bench-'))
  const people = Math.min(PEOPLE, sockets)
  const devices = Math.ceil(sockets / people)
  const tokens = await fill(join(folder, 'maru.db'), (storage) => addMembers(storage, 'hall', people, devices))
  const [maru, ws, raw] = await Promise.all([startMaru(folder), startBroadcaster('ws'), startBroadcaster('raw')])
  const rows: Row[] = []
  try {
    const idle = residentMemory(maru.pid)
    const inRoom = await connectAll(sockets, (n) =>
      enterRoom(maru.port, 'hall', `Member ${Math.floor(n / devices)}`, tokens[n] ?? ''),
    )
    // What the entering itself has left behind is gone after a while.
    await tick(3_000)
    const kilobytes = (residentMemory(maru.pid) - idle) / sockets / 1_024
    const plain = await connectAll(sockets, () => connectWebSocket(ws.port))
    const bare = await connectAll(sockets, () => connectRaw(raw.port))
    const turnOf = { id: 0 }
    const targets = {
      maru: bySeq(inRoom, maru.pid, turnOf),
      ws: byBytes(plain, ws.pid, ws.broadcast),
      raw: byBytes(bare, raw.pid, raw.broadcast),
    }
    const single = Math.max(8, Math.round(DELIVERIES / sockets))
    for (const [load, messages, gapMs] of [
      ['one at a time', single, 0],
      ['20 a second', 40, BURST_GAP_MS],
    ] as const) {
      const taken: { maru: number; ws: number; raw: number }[] = []
      for (let n = 0; n < turns; n += 1) {
        const maru = await turn(targets.maru, messages, gapMs)
        taken.push({ maru, ws: await turn(targets.ws, messages, gapMs), raw: await turn(targets.raw, messages, gapMs) })
      }
      const figures = {
        maru: spread(taken.map(({ maru }) => maru)),
        ws: spread(taken.map(({ ws }) => ws)),
        raw: spread(taken.map(({ raw }) => raw)),
        ofWs: spread(taken.map(({ maru, ws }) => maru / ws)),
        ofRaw: spread(taken.map(({ maru, raw }) => maru / raw)),
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
        },
        remarks: [],
        figures,
      })
    }
    rows.push({
      row: 'T2',
      load: `${sockets} idle sockets`,
      cells: { 'KiB/socket': kilobytes.toFixed(1), 'idle server MiB': (idle / 2 ** 20).toFixed(0) },
      remarks: [],
      figures: { kilobytes, idle },
    })
    for (const { socket } of [...inRoom, ...plain, ...bare]) socket.destroy()
  } finally {
    await Promise.all([maru.end(), ws.end(), raw.end()])
    rmSync(folder, { recursive: true, force: true })
  }
  return rows
}
