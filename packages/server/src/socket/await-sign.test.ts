import { expect, test } from 'vitest'
import { awaitSign } from './await-sign.ts'

test('what lies in the sockets when the time is over is read before anybody is given up', async () => {
  let ring = () => {}
  const schedule = (_delayMs: number, callback: () => void) => {
    ring = callback
    return () => {}
  }
  const missed: string[] = []
  const heard = awaitSign(schedule, 10_000, () => missed.push('who was read in time'))
  ring()
  heard()
  awaitSign(schedule, 10_000, () => missed.push('who was silent'))
  ring()
  expect(missed).toEqual([])
  await new Promise(setImmediate)
  expect(missed).toEqual(['who was silent'])
})
