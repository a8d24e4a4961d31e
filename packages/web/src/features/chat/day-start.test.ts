import { expect, test } from 'vitest'
import { dayStart } from './day-start.ts'

test('a day begins at its midnight here; what is no day is none', () => {
  expect(dayStart('2026-07-14')).toBe(new Date(2026, 6, 14).getTime())
  expect(dayStart(' 2026-7-4 ')).toBe(new Date(2026, 6, 4).getTime())
  for (const none of ['', 'yesterday', '2026-02-30', '2026-13-01', '2026-07']) expect(dayStart(none)).toBeUndefined()
})
