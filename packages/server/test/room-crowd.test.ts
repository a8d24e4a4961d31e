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

test('one more than fits into a room is told so; whoever is there may still come back', async ({ expect }) => {
  const storage = openStorage({ database: ':memory:' })
  onTestFinished(() => storage.close())
  const presence = createPresence({
    storage,
    bus: createBus(),
    schedule: createTimers().schedule,
    failed: (error) => {
      throw error
    },
  })
  for (let n = 0; n < limits.people; n += 1) presence.enter('hall', { id: `ME_${n}`, name: `Member ${n}` })
  expect(() => presence.enter('hall', { id: 'ME_late', name: 'Late' })).toThrow(
    expect.objectContaining({ code: 'room_full', message: 'This room is full: at most 500 people fit into it.' }),
  )
  presence.leave('hall', 'ME_7', 'later')
  expect(presence.enter('hall', { id: 'ME_7', name: 'Member 7' }).name).toBe('Member 7')
  presence.leave('hall', 'ME_7', 'now')
  expect(presence.enter('hall', { id: 'ME_late', name: 'Late' }).name).toBe('Late')
  expect(presence.countPeople()).toBe(limits.people)
  presence.close()
})
