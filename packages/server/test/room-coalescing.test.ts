import { onTestFinished, test } from 'vitest'
import { createAudience } from '../src/socket/audience.ts'
import type { Connection } from '../src/socket/connection.ts'
import { createFrames, type Frames } from '../src/socket/frames.ts'
import { createTimers, RawClient, startRoomServer } from './room-harness.ts'

const read = (frames: Frames): string[] =>
  String(frames.eventStream)
    .split('\n\n')
    .flatMap((line) => (line === '' ? [] : [(JSON.parse(line.slice('data: '.length)) as { member: string }).member]))

/** A seat that remembers its writes. */
function listener(member: string): { connection: Connection; writes: string[][] } {
  const writes: string[][] = []
  const connection: Connection = {
    seat: { room: 'hall', member, session: member, allowance: { take: () => true } },
    open: true,
    heard() {},
    gone() {},
    backlog: undefined,
    deliver: (frames) => void writes.push(read(frames)),
    send(message) {
      connection.deliver(
        createFrames([...(connection.backlog?.takeBacklog(connection) ?? []), JSON.stringify(message)]),
      )
    },
    fail() {},
    close() {},
    stopReading() {},
  }
  return { connection, writes }
}

test('in a large room what comes close together leaves in one write, in order, also for who is told something alone', async ({
  expect,
}) => {
  const timers = createTimers()
  let time = 1_000
  const audience = createAudience(timers.schedule, () => time)
  const crowd = Array.from({ length: 1_000 }, (_, n) => listener(`ME_${n}`))
  for (const { connection } of crowd) audience.add(connection)
  const [first, second] = crowd
  const say = (member: string) => audience.deliver({ type: 'memberGone', room: 'hall', member })
  say('a')
  say('b')
  await Promise.resolve()
  expect(second?.writes).toEqual([['a', 'b']])
  say('c')
  first?.connection.send({ type: 'gone', member: 'alone' })
  say('d')
  await Promise.resolve()
  expect(second?.writes).toHaveLength(1)
  timers.run(150)
  expect(first?.writes).toEqual([['a', 'b'], ['c', 'alone'], ['d']])
  expect(second?.writes).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ])
  time += 140
  say('e')
  await Promise.resolve()
  expect(second?.writes).toHaveLength(2)
  timers.run(10)
  time += 150
  say('f')
  await Promise.resolve()
  expect(second?.writes.slice(2)).toEqual([['e'], ['f']])
})

test('what is long waits for nothing, and nothing leaves twice', async ({ expect }) => {
  const timers = createTimers()
  const audience = createAudience(timers.schedule, () => 1_000)
  const crowd = Array.from({ length: 100 }, (_, n) => listener(`ME_${n}`))
  for (const { connection } of crowd) audience.add(connection)
  const say = (member: string) => audience.deliver({ type: 'memberGone', room: 'hall', member })
  say('a')
  await Promise.resolve()
  say('b')
  say('c'.repeat(70_000))
  // Told to its member first, with more than the others hear.
  audience.deliver({ type: 'memberRead', room: 'hall', member: 'ME_7', seq: 1, unread: { messages: 0, mentions: 0 } })
  await Promise.resolve()
  const lengths = () => crowd.map(({ writes }) => writes.flat().map((each) => each.length))
  const everybody = (heard: number[]) => crowd.map(() => heard)
  expect(lengths()).toEqual(everybody([1, 1, 70_000, 4]))
  say('d')
  await Promise.resolve()
  expect(lengths()).toEqual(everybody([1, 1, 70_000, 4]))
  timers.run(150)
  expect(lengths()).toEqual(everybody([1, 1, 70_000, 4, 1]))
})

test('a clock that is set back holds nothing up', async ({ expect }) => {
  let time = 1_000_000
  const audience = createAudience(createTimers().schedule, () => time)
  const crowd = Array.from({ length: 1_000 }, (_, n) => listener(`ME_${n}`))
  for (const { connection } of crowd) audience.add(connection)
  audience.deliver({ type: 'memberGone', room: 'hall', member: 'a' })
  await Promise.resolve()
  time -= 1_000
  audience.deliver({ type: 'memberGone', room: 'hall', member: 'b' })
  await Promise.resolve()
  expect(crowd[0]?.writes).toEqual([['a'], ['b']])
})

test('frames of every length arrive whole', async ({ expect }) => {
  const server = await startRoomServer()
  onTestFinished(() => server.close())
  const client = new RawClient(server.url)
  await client.enter('hall', 'Ana')
  for (const length of [1, 40, 60, 4_000, 70_000]) {
    const people = [{ identity: 'x', name: '방'.repeat(length) }]
    server.bus.publish({ type: 'callChanged', room: 'hall', people })
    expect((await client.take('call')).people).toEqual(people)
  }
})
