import type { Message } from '@maru/protocol'
import { expect, test } from 'vitest'
import { shownRooms } from './use-rooms.ts'

const said = (seq: number, text: string, more: Partial<Message> = {}): Message => ({
  kind: 'message',
  seq,
  at: seq * 10,
  member: 'ben',
  name: 'Ben',
  clientId: 'c',
  text,
  ...more,
})
const unread = { messages: 2, mentions: 1 }

test('the start page shows the last line of each room as the server has it, the latest first', () => {
  const recent = [
    { room: 'hall', at: 5, seq: 1, last: { name: 'Ana', text: 'old' } },
    { room: 'here alone', at: 7, seq: 1 },
  ]
  const file = { id: 'f', name: 'floor.png', type: 'image/png', size: 1 }
  const told = [
    { room: 'hall', unread, last: said(9, 'new\nline') },
    { room: 'other device', unread, last: said(20, '', { files: [file] }) },
    { room: 'empty', unread },
  ]
  expect(shownRooms(recent, told, {}).map(({ room, last, unread }) => [room, last?.text, unread.messages])).toEqual([
    ['other device', 'floor.png', 2],
    ['hall', 'new line', 2],
    ['here alone', undefined, 0],
  ])
  expect(shownRooms(recent, undefined, {}).map(({ room }) => room)).toEqual(['here alone', 'hall'])
})

test('a room taken off the list comes back with the next thing said there', () => {
  const rooms = (seq: number) => shownRooms([], [{ room: 'hall', unread, last: said(seq, 'x') }], { hall: 9 })
  expect([rooms(9).length, rooms(10).length]).toEqual([0, 1])
  for (const room of ['constructor', '__proto__', 'toString'])
    expect(shownRooms([], [{ room, unread, last: said(1, 'x') }], {})).toHaveLength(1)
})
