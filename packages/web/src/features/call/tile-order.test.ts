import { expect, test } from 'vitest'
import { inOrder, tileOrder } from './tile-order.ts'

const seen = (order: string[], present: string[]): string[] =>
  inOrder(
    order,
    present.map((identity) => ({ identity })),
  ).map(({ identity }) => identity)

test('newcomers go to the end and nobody else moves', () => {
  const order = tileOrder(['ana', 'ben'], ['carla', 'ben', 'ana'])
  expect(seen(order, ['carla', 'ben', 'ana'])).toEqual(['ana', 'ben', 'carla'])
})

test('who leaves frees the place, who returns takes it again', () => {
  const order = tileOrder(['ana', 'ben', 'carla'], ['ana', 'carla', 'dan'])
  expect(seen(order, ['ana', 'carla', 'dan'])).toEqual(['ana', 'carla', 'dan'])
  expect(seen(tileOrder(order, ['dan', 'carla', 'ben', 'ana']), ['dan', 'carla', 'ben', 'ana'])).toEqual([
    'ana',
    'ben',
    'carla',
    'dan',
  ])
})
