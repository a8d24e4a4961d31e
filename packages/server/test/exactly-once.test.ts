import { expect, test } from 'vitest'
import { findFaults } from './chat-history.ts'
import { chatInStorm, type Weather } from './chat-storm.ts'

// The long form is `npm run soak -- chat`. A seed that failed is taken again with `--seed`.
const seed = Math.floor(Math.random() * 2 ** 32)
const quick = { seed, pauseMs: 0, outageMs: 0, haste: 5, patienceMs: 60_000 }

test.each<[string, Weather]>([
  [
    'connections that break again and again and a server killed twice',
    { ...quick, clients: 12, messages: 6, drops: 0.3, kills: 2 },
  ],
  ['a server killed at any moment', { ...quick, clients: 4, messages: 12, drops: 0, kills: 4 }],
])(
  `%s: what was acknowledged reaches everybody once and in order (seed ${seed})`,
  async (_what, weather) => {
    const outcome = await chatInStorm(weather)
    expect(findFaults(outcome)).toEqual([])
    expect(outcome.integrity).toBe('ok')
    expect(outcome.stored).toHaveLength(weather.clients * weather.messages)
    expect(outcome.killed).toBe(weather.kills)
    if (weather.drops > 0) expect(outcome.dropped).toBeGreaterThan(weather.clients / 2)
  },
  240_000,
)
