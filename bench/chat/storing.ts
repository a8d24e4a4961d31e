// `storing.ts [FOLDER]`: what storing a message durably costs on the disk of FOLDER, beside what the disk itself takes. Prints JSON.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { keepIndex } from '../../packages/server/src/chat/keep-index.ts'
import { sendMessage } from '../../packages/server/src/chat/send-message.ts'
import { createBus } from '../../packages/server/src/events/bus.ts'
import { scheduleTimer } from '../../packages/server/src/rooms/presence.ts'
import { openStorage } from '../../packages/server/src/storage/open-storage.ts'
import { fsyncTimes, percentile } from './times.ts'

const IN_FLIGHT = 256
const FULL_SPEED_MS = 3_000
const PACED_PER_SECOND = 100
const PACED_MS = 5_000

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

const millis = (times: readonly number[], share: number) => Number(percentile(times, share).toFixed(3))

try {
  const fsync = fsyncTimes(folder)
  const messagesPerSecond = Math.round(await fullSpeed())
  const times = await paced()
  const result = {
    messagesPerSecond,
    p50: millis(times, 0.5),
    p99: millis(times, 0.99),
    fsyncP50: millis(fsync, 0.5),
    fsyncP99: millis(fsync, 0.99),
  }
  console.log(JSON.stringify(result))
} finally {
  stopIndexing()
  storage.close()
  rmSync(folder, { recursive: true, force: true })
}
