import { expect, test } from 'vitest'
import { groupPeople } from './group-people.ts'

test('parts people into the call and the room, the reader first, programs among them', () => {
  const here = [
    { id: 'c', name: 'Cho' },
    { id: 'a', name: 'Ana' },
    { id: 'm', name: 'Me' },
    { id: 'b', name: 'Ben' },
  ]
  const call = [
    { identity: 'robot', name: '' },
    { identity: 'c', name: 'an older name' },
    { identity: 'm', name: 'Me' },
  ]
  const { inCall, inRoom } = groupPeople(here, call, 'm')
  expect(inCall.map((person) => person.name)).toEqual(['Me', 'Cho', 'robot'])
  expect(inCall.map((person) => person.me)).toEqual([true, false, false])
  expect(inRoom.map((person) => person.name)).toEqual(['Ana', 'Ben'])
})
