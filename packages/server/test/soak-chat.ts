// `npm run soak -- chat [--seed N] [--seeds COUNT] [--only drops,away,kills,crowd]`: what `exactly-once.test.ts` and `reconnect-storm.test.ts` do,
// longer than tests may take.
import { parseArgs } from 'node:util'
import { limits } from '@maru/protocol'
import { findFaults } from './chat-history.ts'
import { chatInStorm, type Weather } from './chat-storm.ts'
import { reconnectInStorm } from './reconnect-storm.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
  },
})
const storms: Record<string, Omit<Weather, 'seed'>> = {
  // At the pace of life, so that nobody misses more than is told again one by one.
  drops: {
    clients: 200,
    messages: 6,
    pauseMs: 8_000,
    drops: 0.2,
    outageMs: 2_000,
    kills: 2,
    haste: 1,
    patienceMs: 60_000,
  },
  // Much is said while somebody is away: more than is told again, so that they start over with the newest lines.
  away: {
    clients: 30,
    messages: 120,
    pauseMs: 400,
    drops: 0.005,
    outageMs: 12_000,
    kills: 2,
    haste: 1,
    patienceMs: 60_000,
  },
  kills: { clients: 10, messages: 60, pauseMs: 0, drops: 0, outageMs: 0, kills: 50, haste: 5, patienceMs: 60_000 },
}

const wanted = values.only.split(',').filter(Boolean)
const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name)

function tell(name: string, seed: number, what: string, faults: readonly string[]): void {
  console.log(
    `${name.padEnd(6)} seed ${seed}: ${what}: ${faults.length === 0 ? 'all once and in order' : `${faults.length} FAULTS`}`,
  )
  for (const fault of faults.slice(0, 20)) console.log(`  ${fault}`)
  if (faults.length > 0) process.exitCode = 1
}

const range = (numbers: readonly number[]) =>
  `${Math.round(Math.min(...numbers))}-${Math.round(Math.max(...numbers))} ms`

async function inStorm(name: string, seed: number, weather: Omit<Weather, 'seed'>): Promise<void> {
  const outcome = await chatInStorm({ seed, ...weather })
  const { stored, witnesses, dropped, killed, integrity, readyMs } = outcome
  const faults = findFaults(outcome)
  if (integrity !== 'ok') faults.push(`the file is damaged: ${integrity}`)
  const missing = weather.clients * weather.messages - stored.length
  if (missing > 0) faults.push(`${missing} messages were never stored`)
  const stretches = Object.values(witnesses).flat()
  const deliveries = stretches.reduce((sum, { told }) => sum + told.length, 0)
  const anew = stretches.filter(({ snapshot }) => snapshot).length
  if (name === 'away' && anew === 0) faults.push(`nobody was away for more than ${limits.resume} entries`)
  const what = `${stored.length} messages, ${deliveries} deliveries, ${dropped} connections broken, ${anew} started over, ${killed} kills, ready after ${range(readyMs)}`
  tell(name, seed, what, faults)
}

/** Everybody of a crowd at once, in rooms as full as they may be. */
async function crowd(seed: number): Promise<void> {
  const outcome = await reconnectInStorm({
    seed,
    clients: 5_000,
    rooms: 11,
    withinMs: 3_000,
    perSecond: 2,
    storms: ['drop', 'kill'],
    patienceMs: 300_000,
  })
  const { caughtUpMs, micros, told, startedOver, endings, messages, integrity, peakMiB } = outcome
  const faults = integrity === 'ok' ? outcome.faults : [...outcome.faults, `the file is damaged: ${integrity}`]
  const [network = 0, server = 0] = caughtUpMs.map((ms) => ms / 1_000)
  const what = `5,000 back after their network broke in ${network.toFixed(1)} s, after the server was killed in ${server.toFixed(1)} s (${micros.map(Math.round).join(' and ')} us of its time for each), ${messages} messages, ${told} entries told, ${startedOver} started over, ended by the server ${JSON.stringify(endings)}, at most ${Math.max(...peakMiB)} MiB`
  tell('crowd', seed, what, faults)
}

for (let seed = Number(values.seed); seed < Number(values.seed) + Number(values.seeds); seed += 1) {
  for (const [name, weather] of Object.entries(storms)) if (isWanted(name)) await inStorm(name, seed, weather)
  if (isWanted('crowd')) await crowd(seed)
}
