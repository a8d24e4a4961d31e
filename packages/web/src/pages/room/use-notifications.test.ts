import type { Line } from '@maru/protocol'
import { expect, test } from 'vitest'
import { worthTelling } from './use-notifications.ts'

const says = (seq: number, more: Partial<Extract<Line, { kind: 'message' }>> = {}): Line => ({
  kind: 'message',
  seq,
  at: seq,
  member: 'ben',
  name: 'Ben',
  text: `${seq}`,
  clientId: `${seq}`,
  ...more,
})

test('tells what was chosen: all, being called and private messages, or nothing', () => {
  const told = (entries: Line[], notify: 'all' | 'mentions' | 'none') =>
    worthTelling(entries, { after: 10, me: 'ana', notify })?.seq
  const plain = [says(11)]
  expect([told(plain, 'all'), told(plain, 'mentions'), told(plain, 'none')]).toEqual([11, undefined, undefined])
  for (const call of [{ mentions: ['ana'] }, { everyone: true }, { to: { id: 'ana', name: 'Ana' } }])
    expect([told([says(11, call)], 'mentions'), told([says(11, call)], 'none')]).toEqual([11, undefined])
  expect(told([says(11, { mentions: ['cho'] })], 'mentions')).toBeUndefined()
  const quiet = [says(10), says(11, { member: 'ana' }), says(12, { deleted: true, text: '' })]
  expect(told(quiet, 'all')).toBeUndefined()
  expect(told([says(11), says(12), { ...says(13), kind: 'joined' } as Line], 'all')).toBe(12)
})
