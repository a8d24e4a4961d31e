// `npm run soak -- chat [--seed N] [--seeds COUNT]`: what `exactly-once.test.ts` does, longer than tests may take.
import { parseArgs } from 'node:util'
import { findFaults } from './chat-history.ts'
import { chatInStorm, type Weather } from './chat-storm.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, seeds: { type: 'string', default: '3' } },
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
  kills: { clients: 10, messages: 60, pauseMs: 0, drops: 0, outageMs: 0, kills: 50, haste: 5, patienceMs: 60_000 },
}

for (let seed = Number(values.seed); seed < Number(values.seed) + Number(values.seeds); seed += 1)
  for (const [name, weather] of Object.entries(storms)) {
    const outcome = await chatInStorm({ seed, ...weather })
    const { stored, witnesses, dropped, killed, integrity, readyMs } = outcome
    const faults = findFaults(outcome)
    if (integrity !== 'ok') faults.push(`the file is damaged: ${integrity}`)
    const missing = weather.clients * weather.messages - stored.length
    if (missing > 0) faults.push(`${missing} messages were never stored`)
    const stretches = Object.values(witnesses).flat()
    const deliveries = stretches.reduce((sum, { told }) => sum + told.length, 0)
    const anew = stretches.filter(({ snapshot }) => snapshot).length
    const [fastest = 0, slowest = 0] = [Math.min(...readyMs), Math.max(...readyMs)].map(Math.round)
    console.log(
      `${name.padEnd(6)} seed ${seed}: ${stored.length} messages, ${deliveries} deliveries, ${dropped} connections broken, ${anew} started over, ${killed} kills, ready after ${fastest}-${slowest} ms: ${faults.length === 0 ? 'all once and in order' : `${faults.length} FAULTS`}`,
    )
    for (const fault of faults.slice(0, 20)) console.log(`  ${fault}`)
    if (faults.length > 0) process.exitCode = 1
  }
