import type { Line } from '@maru/protocol'
import { expect, test } from 'vitest'
import { firstUnread } from './unread.ts'

const says = (seq: number, member: string): Line => ({
  kind: 'message',
  seq,
  at: seq,
  member,
  name: member,
  text: 'x',
  clientId: `${seq}`,
})

test('finds the first that others said after the last number read', () => {
  const entries: Line[] = [
    says(1, 'ana'),
    says(2, 'me'),
    { kind: 'joined', seq: 3, at: 3, member: 'ben', name: 'ben' },
    says(4, 'ben'),
    says(5, 'ana'),
  ]
  expect([0, 1, 4, 5].map((read) => firstUnread(entries, read, 'me'))).toEqual([1, 4, 5, undefined])
})
