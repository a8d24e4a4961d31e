import { expect, test } from 'vitest'
import { pauseMs } from './pause.ts'

test('few wait for nothing, and nobody for more than a fifth of a second', () => {
  expect([0, 1, 20, 21, 60, 100, 1_000, 4_000, 5_000, 100_000].map(pauseMs)).toEqual([
    0, 0, 0, 2, 80, 150, 150, 160, 200, 200,
  ])
})
