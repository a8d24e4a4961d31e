import { limits } from '@maru/protocol'
import { onTestFinished, test } from 'vitest'
import { createBus } from '../src/events/bus.ts'
import { createPresence } from '../src/rooms/presence.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import { createTimers, RawClient, startRoomServer } from './room-harness.ts'

test('a crowd in one room hears everything in one order', async ({ expect }) => {
  const server = await startRoomServer()
  onTestFinished(() => server.close())
  const crowd = Array.from({ length: 60 }, () => new RawClient(server.url))
  await Promise.all(crowd.map((client, n) => client.enter('hall', `Member ${n}`)))
  const speakers = crowd.slice(0, 20)
  await Promise.all(speakers.map((client) => client.say({ type: 'send', id: 1, clientId: 'c', text: 'hello' })))
  const orders = await Promise.all(
    crowd.map(async (client) => {
      const heard: number[] = []
      while (heard.length < speakers.length) {
        const { entry } = await client.take('entry')
        if (entry.kind === 'message') heard.push(entry.seq)
      }
      return heard
    }),
  )
  expect(new Set(orders.map(String)).size).toBe(1)
  expect(orders[0]).toEqual(Array.from({ length: 20 }, (_, n) => 61 + n))
  expect(server.room.stats()).toEqual({ connections: 60, people: 60, messages: 20 })
})

/** Presence alone, with timers that run when the test says so. */
function createCrowd() {
  const storage = openStorage({ database: ':memory:' })
  const timers = createTimers()
  const presence = createPresence({
    storage,
    bus: createBus(),
    schedule: timers.schedule,
    failed: (error) => {
      throw error
    },
  })
  onTestFinished(() => {
    presence.close()
    storage.close()
  })
  return { presence, timers }
}

test('one more than fits into a room is told so; whoever is there may still come back', async ({ expect }) => {
  const { presence } = createCrowd()
  for (let n = 0; n < limits.people; n += 1) presence.enter('hall', { id: `ME_${n}`, name: `Member ${n}` }, 0)
  expect(() => presence.enter('hall', { id: 'ME_late', name: 'Late' }, 0)).toThrow(
    expect.objectContaining({ code: 'room_full', message: 'This room is full: at most 500 people fit into it.' }),
  )
  presence.leave('hall', 'ME_7', 'later')
  expect(presence.enter('hall', { id: 'ME_7', name: 'Member 7' }, 0).name).toBe('Member 7')
  presence.leave('hall', 'ME_7', 'now')
  expect(presence.enter('hall', { id: 'ME_late', name: 'Late' }, 0).name).toBe('Late')
  expect(presence.countPeople()).toBe(limits.people)
})

test('a crowd that leaves at once is a broken network and is waited for, as after a restart; a few are not', ({
  expect,
}) => {
  const { presence, timers } = createCrowd()
  const enter = (n: number) => presence.enter('hall', { id: `ME_${n}`, name: `Member ${n}` }, 0)
  const isHere = (n: number) => presence.find('hall', `ME_${n}`) !== undefined
  for (let n = 0; n < 150; n += 1) enter(n)
  for (let n = 0; n < 99; n += 1) presence.leave('hall', `ME_${n}`, 'later')
  timers.run(5_000)
  expect(presence.countPeople()).toBe(51)

  for (let n = 0; n < 99; n += 1) enter(n)
  for (let n = 0; n < 100; n += 1) presence.leave('hall', `ME_${n}`, 'later')
  timers.run(5_000)
  expect(presence.countPeople()).toBe(150)
  enter(7)
  timers.run(25_000)
  expect(presence.countPeople()).toBe(51)
  expect(isHere(7)).toBe(true)

  // Whoever has come back counts no more.
  presence.leave('hall', 'ME_7', 'later')
  timers.run(5_000)
  expect(isHere(7)).toBe(false)
})

test('how far those who are here have read is known without asking the disk', ({ expect }) => {
  const { presence } = createCrowd()
  presence.enter('hall', { id: 'ME_ana', name: 'Ana' }, 7)
  presence.enter('hall', { id: 'ME_ben', name: 'Ben' }, 0)
  presence.markRead('hall', 'ME_ana', 5)
  presence.markRead('hall', 'ME_cy', 5)
  expect(presence.reads('hall')).toEqual([{ member: 'ME_ana', seq: 7 }])
  presence.markRead('hall', 'ME_ben', 9)
  expect(presence.reads('hall')).toEqual([
    { member: 'ME_ana', seq: 7 },
    { member: 'ME_ben', seq: 9 },
  ])
})
