import type { ReplyTo } from '@maru/protocol'
import { expect, test } from 'vitest'
import { everyMember } from './every-member.ts'
import type { RoomClient } from './room-client.ts'

test('pages of members are asked for until there is no next one, and all are told by name', async () => {
  const asked: unknown[] = []
  const pages: ReplyTo<'members'>[] = [
    { members: [{ id: 'b', name: 'Zoe' }], next: 'b' },
    { members: [{ id: 'c', name: 'Ana' }], next: 'c' },
    { members: [{ id: 'd', name: 'ben' }] },
  ]
  const ask = (async (question: unknown) => {
    asked.push(question)
    return pages.shift()
  }) as RoomClient['ask']
  expect((await everyMember({ ask })).map(({ name }) => name)).toEqual(['Ana', 'ben', 'Zoe'])
  expect(asked).toEqual([{ type: 'members' }, { type: 'members', after: 'b' }, { type: 'members', after: 'c' }])
})
