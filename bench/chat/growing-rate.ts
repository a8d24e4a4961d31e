import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as tick } from 'node:timers/promises'
import { type Row, show, spread } from '../engine/figures.ts'
import { processorTime } from '../engine/system.ts'
import { startMaru } from '../maru.ts'
import { connectAll } from './fan-out.ts'
import { enterRoom, type LightClient } from './light-client.ts'
import { addMembers, fill } from './place.ts'
import { fsyncTimes, percentile } from './times.ts'

/** Each may say five things a second. */
const MEMBERS = 3_200
const PER_MEMBER = 5
const FIRST_RATE = 1_000
const GROWTH = 1.25
const STEP_MS = 2_000
/** Answers later than this, at the 99th percentile, are behind: what T3 must hold. */
const BEHIND_MS = 250
const GRACE_MS = 5_000
/** A rate that was kept in one of so many steps is kept: others use the machine and its disk too. */
const ATTEMPTS = 3

interface Step {
  rate: number
  /** From when a message was due until its writer heard that it is stored. */
  times: number[]
  unanswered: number
  /** Processor time of the server for each message, in microseconds. */
  micros: number
}

/** One step: messages that come when they are due, whether or not the ones before are stored. */
async function send(clients: LightClient[], pid: number, rate: number): Promise<Step> {
  const count = (rate * STEP_MS) / 1_000
  const times: number[] = []
  const dues = clients.map((client) => {
    const due: number[] = []
    // Alone in its room a member hears of its own messages only, one after the other.
    client.onSeq = (seq, before) => {
      const at = performance.now()
      for (const each of due.splice(0, seq - before)) times.push(at - each)
    }
    return due
  })
  const before = processorTime(pid).all
  const from = performance.now()
  for (let n = 0; n < count; n += 1) {
    const due = from + (n * 1_000) / rate
    if (due - performance.now() > 1) await tick(1)
    const at = n % clients.length
    dues[at]?.push(due)
    const text = `Message ${n}, as long as what people write to each other.`
    clients[at]?.say({ type: 'send', id: n, clientId: `${from} ${n}`, text })
  }
  const until = performance.now() + GRACE_MS
  while (times.length < count && performance.now() < until) await tick(5)
  return { rate, times, unanswered: count - times.length, micros: (processorTime(pid).all - before) / count }
}

const keepsUp = ({ times, unanswered }: Step) => unanswered === 0 && percentile(times, 0.99) <= BEHIND_MS

async function attempt(clients: LightClient[], pid: number, rate: number): Promise<Step | undefined> {
  for (let n = 0; n < ATTEMPTS; n += 1) {
    const step = await send(clients, pid, rate)
    if (keepsUp(step)) return step
  }
  return undefined
}

/** Faster and faster until answers fall behind: the last rate at which they did not. */
async function grow(): Promise<Step & { fsync: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'maru-bench-'))
  const tokens = await fill(join(folder, 'maru.db'), (storage) =>
    Promise.all(Array.from({ length: MEMBERS }, (_, n) => addMembers(storage, `room${n}`, 1, 1))),
  )
  const fsync = percentile(fsyncTimes(folder), 0.5)
  const maru = await startMaru(folder)
  try {
    const enter = (n: number) => enterRoom(maru.port, `room${n}`, `Member ${n}`, tokens[n]?.[0] ?? '')
    const clients = await connectAll(MEMBERS, enter)
    await tick(2_000)
    let kept: Step | undefined
    for (let rate = FIRST_RATE; rate < MEMBERS * PER_MEMBER; rate = Math.round(rate * GROWTH)) {
      const step = await attempt(clients, maru.pid, rate)
      if (!step) break
      kept = step
    }
    for (const { socket } of clients) socket.destroy()
    if (!kept) throw new Error(`not even ${FIRST_RATE} messages a second were answered in time`)
    return { ...kept, fsync }
  } finally {
    await maru.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The second half of T3: how many messages a second become durable before their answers fall behind. */
export async function growingRate(turns: number): Promise<Row[]> {
  const runs: (Step & { fsync: number })[] = []
  for (let n = 0; n < turns; n += 1) runs.push(await grow())
  const figures = {
    rate: spread(runs.map(({ rate }) => rate)),
    p50: spread(runs.map(({ times }) => percentile(times, 0.5))),
    p99: spread(runs.map(({ times }) => percentile(times, 0.99))),
    micros: spread(runs.map(({ micros }) => micros)),
    fsync: spread(runs.map(({ fsync }) => fsync)),
  }
  const cells = {
    'durable/s': show(figures.rate, 0),
    'ack p50 ms': show(figures.p50, 1),
    'ack p99 ms': show(figures.p99, 1),
    'us/message': show(figures.micros, 0),
    'fsync p50 ms': show(figures.fsync, 1),
  }
  return [{ row: 'T3', load: `faster and faster, ${MEMBERS} rooms`, cells, remarks: [], figures }]
}
