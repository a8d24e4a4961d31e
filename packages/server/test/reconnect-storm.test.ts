import { expect, test } from 'vitest'
import { reconnectInStorm, SOME_MESSAGES } from './reconnect-storm.ts'

// The long form, with 5,000, is part of `npm run soak -- chat`.
const seed = Math.floor(Math.random() * 2 ** 32)

test(`300 that lose the server at once and come back together miss nothing, and hear nothing twice (seed ${seed})`, async () => {
  const { faults, integrity, told, startedOver } = await reconnectInStorm({
    seed,
    clients: 300,
    rooms: 6,
    withinMs: 200,
    perSecond: 5,
    storms: ['drop', 'kill'],
    patienceMs: 60_000,
  })
  expect(faults).toEqual([])
  expect(integrity).toBe('ok')
  expect(told).toBeGreaterThanOrEqual(300 * SOME_MESSAGES * 3)
  expect(startedOver).toBe(0)
}, 240_000)
