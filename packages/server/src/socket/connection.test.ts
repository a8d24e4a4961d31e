import { expect, test } from 'vitest'
import type { Carrier } from './carrier.ts'
import { createConnection } from './connection.ts'

test('connections that came one after the other are asked for a sign of life together, and given up together', async () => {
  let now = 1_700_000_000_001
  let timers: { at: number; callback: () => void }[] = []
  const schedule = (delayMs: number, callback: () => void) => {
    const timer = { at: now + delayMs, callback }
    timers.push(timer)
    return () => {
      timers = timers.filter((each) => each !== timer)
    }
  }
  /** To the next moment at which anything is due. */
  const next = async () => {
    now = Math.min(...timers.map(({ at }) => at))
    const due = timers.filter(({ at }) => at === now)
    timers = timers.filter(({ at }) => at > now)
    for (const { callback } of due) callback()
    await new Promise(setImmediate)
  }
  const happened: string[] = []
  const carrier = (name: string): Carrier => ({
    send: () => true,
    silenceMs: 20_000,
    ping: () => happened.push(`${name} asked`),
    close() {},
    stopReading() {},
    terminate: () => happened.push(`${name} given up`),
  })

  const connections = ['ana', 'bo', 'cy'].map((name, n) => {
    now += n * 70
    return createConnection(carrier(name), schedule, () => now)
  })
  const cameAt = now
  await next()
  expect(happened).toEqual(['ana asked', 'bo asked', 'cy asked'])
  expect(now - cameAt).toBeGreaterThanOrEqual(20_000)
  expect(now - cameAt).toBeLessThanOrEqual(20_500)

  connections[1]?.heard()
  happened.length = 0
  await next()
  expect(happened).toEqual(['ana given up', 'bo asked', 'cy given up'])
})
