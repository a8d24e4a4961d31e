import { limits } from '@maru/protocol'
import { expect, test } from 'vitest'
import { openStorage } from '../storage/open-storage.ts'
import { readNews } from './read-history.ts'

test.each([
  [52, '가'.repeat(limits.text), { reset: true, cursor: 52, first: 3 }],
  [51, '가'.repeat(limits.text), { reset: false, cursor: 51, first: 2 }],
  [100, 'x'.repeat(limits.text), { reset: false, cursor: 100, first: 2 }],
  [501, 'short', { reset: false, cursor: 501, first: 2 }],
])('who missed all but one of %i messages gets them, unless it is too much at once', async (count, text, expected) => {
  const storage = openStorage({ database: ':memory:' })
  await storage.write(({ rooms, entries }) => {
    const room = rooms.ensure('hall')
    for (let n = 0; n < count; n += 1)
      entries.append(room, { kind: 'message', member: 'ME_1', name: 'Ana', text, clientId: `${n}` })
  })
  const { reset, cursor, entries } = readNews(storage, { room: 'hall', member: 'ME_2' }, 1)
  expect({ reset, cursor, first: entries[0]?.seq }).toEqual(expected)
  storage.close()
})
