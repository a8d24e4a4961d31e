import { expect, onTestFinished, test, vi } from 'vitest'
import { openStorage } from '../storage/open-storage.ts'
import { findCalls } from './find-calls.ts'

test('of a room of thousands only those are looked for whom a text can mean', async () => {
  const storage = openStorage({ database: ':memory:' })
  onTestFinished(() => storage.close())
  const roomId = await storage.write(({ rooms, memberships }) => {
    const id = rooms.ensure('hall')
    const insert = (member: string, name: string) =>
      memberships.insert(id, { member: { id: member, name }, since: 0, read: 0 })
    for (let n = 0; n < 3_000; n += 1) insert(`ME_${n}`, `Guest ${n}`)
    insert('ME_jimin', '지민')
    insert('ME_kim', 'Kim Young')
    insert('ME_b', 'Twin')
    insert('ME_a', 'TWIN')
    return id
  })
  const all = vi.spyOn(storage.read.memberships, 'page')
  const calls = (text: string) => findCalls(storage.read, roomId, text, undefined)
  expect(calls('@guest 2999, @kim young and @지민은, not @guest')).toEqual({
    mentions: ['ME_2999', 'ME_kim', 'ME_jimin'],
  })
  expect(calls('@Twin @everyone')).toEqual({ mentions: ['ME_a'], everyone: true })
  await storage.write(({ memberships }) => {
    memberships.rename(roomId, { id: 'ME_kim', name: 'Kim' })
    memberships.remove(roomId, 'ME_a')
  })
  expect(calls('@kim young @twin')).toEqual({ mentions: ['ME_kim', 'ME_b'] })
  expect(findCalls(storage.read, roomId, '@kim @jimin', { id: 'ME_jimin', name: 'Jimin' })).toEqual({
    mentions: ['ME_jimin'],
  })
  expect(all).not.toHaveBeenCalled()
})
