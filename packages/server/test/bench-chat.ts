// `bench-chat.ts [FOLDER]`: what storing a message durably costs on the disk of FOLDER, beside what the disk itself takes. Prints JSON.
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { keepIndex } from '../src/chat/keep-index.ts'
import { sendMessage } from '../src/chat/send-message.ts'
import { createBus } from '../src/events/bus.ts'
import { scheduleTimer } from '../src/rooms/presence.ts'
import { openStorage } from '../src/storage/open-storage.ts'

const IN_FLIGHT = 256
const FULL_SPEED_MS = 3_000
const PACED_PER_SECOND = 100
const PACED_MS = 5_000
const FSYNCS = 500

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'maru-bench-'))
const storage = openStorage({ database: join(folder, 'maru.db') })
const context = { storage, bus: createBus() }
// As in the server: what is said can be found a moment later.
const stopIndexing = keepIndex({
  ...context,
  schedule: scheduleTimer,
  failed: (error) => {
    throw error
  },
})
let ids = 0

/** Stores one message and tells how long it took until it was on the disk. */
async function send(dueAt = performance.now()): Promise<number> {
  ids += 1
  const text = `Message ${ids}, about as long as people write when they have something to say.`
  await sendMessage(context, { room: 'hall', member: { id: 'ME_bench', name: 'Bench' } }, { clientId: `${ids}`, text })
  return performance.now() - dueAt
}

async function fullSpeed(): Promise<number> {
  const from = performance.now()
  let stored = 0
  const loop = async () => {
    while (performance.now() - from < FULL_SPEED_MS) {
      await send()
      stored += 1
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, loop))
  return (stored * 1_000) / (performance.now() - from)
}

/** Messages come on time, whether or not the ones before are stored: a stall counts for all it delays. */
async function paced(): Promise<number[]> {
  const from = performance.now()
  const times: Promise<number>[] = []
  for (let n = 0; n < (PACED_MS / 1_000) * PACED_PER_SECOND; n += 1) {
    const dueAt = from + (n * 1_000) / PACED_PER_SECOND
    const wait = dueAt - performance.now()
    if (wait > 0) await sleep(wait)
    times.push(send(dueAt))
  }
  return await Promise.all(times)
}

function rawFsync(): number[] {
  const file = openSync(join(folder, 'raw'), 'w')
  const page = Buffer.alloc(4_096, 1)
  const times = Array.from({ length: FSYNCS }, () => {
    const from = performance.now()
    writeSync(file, page)
    fsyncSync(file)
    return performance.now() - from
  })
  closeSync(file)
  return times
}

function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(3))
}

try {
  const fsync = rawFsync()
  const messagesPerSecond = Math.round(await fullSpeed())
  const times = await paced()
  const result = {
    messagesPerSecond,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    fsyncP50: percentile(fsync, 0.5),
    fsyncP99: percentile(fsync, 0.99),
  }
  console.log(JSON.stringify(result))
} finally {
  stopIndexing()
  storage.close()
  rmSync(folder, { recursive: true, force: true })
}
