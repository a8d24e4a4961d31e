import { limits } from '@maru/protocol'
import { expect, test } from 'vitest'
import { openStorage } from '../storage/open-storage.ts'
import { readNews } from './read-history.ts'

test.each([
  [60, limits.text, { reset: true, cursor: 60, first: 11 }],
  [51, limits.text, { reset: false, cursor: 51, first: 2 }],
  [400, 100, { reset: false, cursor: 400, first: 2 }],
])('who missed all but one of %i messages of %i characters', async (count, length, expected) => {
  const storage = openStorage({ file: ':memory:' })
  const text = 'x'.repeat(length)
  await storage.write(({ entries }) => {
    const room = entries.ensureRoom('hall')
    for (let n = 0; n < count; n += 1)
      entries.append(room, { kind: 'message', member: 'ME_1', name: 'Ana', text, clientId: `${n}` })
  })
  const { reset, cursor, entries } = readNews(storage, 'hall', 1)
  expect({ reset, cursor, first: entries[0]?.seq }).toEqual(expected)
  storage.close()
})
