import type { Entry } from '@maru/protocol'
import { onTestFinished, test } from 'vitest'
import { createTimers, join, RawClient, startRoomServer, temporaryFolder, until } from './room-harness.ts'

const GRACE_MS = 5_000
const RESTART_GRACE_MS = 30_000

async function server(options: Parameters<typeof startRoomServer>[0] = {}) {
  const started = await startRoomServer(options)
  onTestFinished(() => started.close())
  return started
}

const lines = (entries: readonly Entry[]) => entries.map((entry) => `${entry.kind} ${'name' in entry && entry.name}`)

test('what one says everybody hears, in the order of the room, with the lines of who came', async ({ expect }) => {
  const { url } = await server()
  const ana = join(url, 'Ana')
  await until(ana, (state) => state.entries.length === 1)
  const ben = join(url, 'Ben')
  await until(ben, (state) => state.entries.length === 2)
  ana.send('hello')
  ben.send('안녕하세요')
  const full = await until(ana, (state) => state.entries.length === 4)
  const same = await until(ben, (state) => state.entries.length === 4)
  expect(same.entries).toEqual(full.entries)
  expect(full.entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
  expect(lines(full.entries).slice(0, 2)).toEqual(['joined Ana', 'joined Ben'])
  expect(full.people.map(({ name }) => name)).toEqual(['Ana', 'Ben'])
  await until(ana, (state) => state.pending.length === 0)
  ana.close()
  await until(ben, (state) => state.people.length === 1)
  const after = await until(ben, (state) => state.entries.length === 5)
  expect(lines(after.entries).at(-1)).toBe('left Ana')
  ben.close()
})

test('a reload is the same member, writes no line and replaces the old connection', async ({ expect }) => {
  const timers = createTimers()
  const { url } = await server({ schedule: timers.schedule })
  const old = new RawClient(url)
  const first = await old.enter('hall', 'Ana')
  expect(first.token).toMatch(/^[0-9a-f]{64}$/)
  const fresh = new RawClient(url)
  const second = await fresh.enter('hall', 'Ana', { token: first.token })
  expect(second.me).toEqual(first.me)
  expect(second.token).toBeUndefined()
  await old.take('replaced')
  expect((await old.gone()).code).toBe(4001)

  fresh.socket.terminate()
  await fresh.gone()
  const third = new RawClient(url)
  await third.enter('hall', 'Ana', { token: first.token })
  timers.run(GRACE_MS)
  const ben = new RawClient(url)
  const { entries, people } = await ben.enter('hall', 'Ben')
  expect(lines(entries)).toEqual(['joined Ana'])
  expect(people.map(({ name }) => name)).toEqual(['Ana', 'Ben'])
})

test('who stays away longer than a reload takes is gone, with a line', async ({ expect }) => {
  const timers = createTimers()
  const { url, room } = await server({ schedule: timers.schedule })
  const ana = new RawClient(url)
  await ana.enter('hall', 'Ana')
  const ben = new RawClient(url)
  const welcome = await ben.enter('hall', 'Ben')
  ana.socket.terminate()
  while (room.connections() > 1) await new Promise(setImmediate)
  timers.run(GRACE_MS)
  expect((await ben.take('gone')).member).toBe(welcome.people[0]?.id)
  expect((await ben.take('entry')).entry).toMatchObject({ kind: 'joined', name: 'Ben' })
  expect((await ben.take('entry')).entry).toMatchObject({ kind: 'left', name: 'Ana', seq: 3 })
})

test('after a restart nobody is shown before coming back; who returns writes nothing, who does not gets a left line', async ({
  expect,
}) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  const first = await startRoomServer({ file: folder.file })
  const ana = new RawClient(first.url)
  const { token } = await ana.enter('hall', 'Ana')
  const ben = new RawClient(first.url)
  await ben.enter('hall', 'Ben')
  await ben.take('entry')
  await first.close()
  expect((await ana.gone()).code).toBe(1001)

  const timers = createTimers()
  const second = await server({ file: folder.file, schedule: timers.schedule })
  const again = new RawClient(second.url)
  const welcome = await again.enter('hall', 'Ana', { token, cursor: 1 })
  expect(welcome.people.map(({ name }) => name)).toEqual(['Ana'])
  expect(lines(welcome.entries)).toEqual(['joined Ben'])
  timers.run(RESTART_GRACE_MS)
  expect((await again.take('entry')).entry).toMatchObject({ kind: 'left', name: 'Ben', seq: 3 })
})

test('two of the same nickname are told apart, also in capitals, and keep their numbers on a reload', async ({
  expect,
}) => {
  const { url } = await server()
  const names: string[] = []
  const clients: RawClient[] = []
  for (const name of ['Ana', 'ana', 'ＡＮＡ', 'x'.repeat(40), 'x'.repeat(40)]) {
    const client = new RawClient(url)
    clients.push(client)
    names.push((await client.enter('hall', name)).me.name)
  }
  expect(names).toEqual(['Ana', 'ana 2', 'ＡＮＡ 3', 'x'.repeat(40), `${'x'.repeat(38)} 2`])
  const token = (await new RawClient(url).enter('hall', 'Bo')).token
  const other = await new RawClient(url).enter('hall', 'Bo')
  expect(other.me.name).toBe('Bo 2')
  await clients[0]?.say({ type: 'leave' })
  await clients[0]?.gone()
  const back = await new RawClient(url).enter('hall', 'Bo', { token: other.token })
  expect(back.me.name).toBe('Bo 2')
  expect((await new RawClient(url).enter('hall', 'Bo', { token })).me.name).toBe('Bo')
})

test('a new nickname is told to everybody, with a line', async ({ expect }) => {
  const { url, bus } = await server()
  const renamed: unknown[] = []
  bus.subscribe((event) => event.type === 'memberRenamed' && renamed.push(event))
  const ana = join(url, 'Ana')
  const ben = join(url, 'Ben')
  await until(ana, (state) => state.people.length === 2)
  await until(ben, (state) => state.people.length === 2)
  await ana.rename('  Ben ')
  expect(ana.state().me?.name).toBe('Ben 2')
  const state = await until(ben, ({ entries }) => entries.some(({ kind }) => kind === 'renamed'))
  expect(state.people.map(({ name }) => name).toSorted()).toEqual(['Ben', 'Ben 2'])
  expect(state.entries.at(-1)).toMatchObject({ kind: 'renamed', name: 'Ben 2', before: 'Ana' })
  expect(renamed).toEqual([{ type: 'memberRenamed', room: 'hall', member: ana.state().me?.id, name: 'Ben 2' }])
  await expect(ana.rename('')).rejects.toMatchObject({ code: 'name_empty', field: 'name' })
  ana.close()
  ben.close()
})

test('what a member sends twice under one id is stored once and answered twice alike', async ({ expect }) => {
  const { url } = await server()
  const ana = new RawClient(url)
  const { token } = await ana.enter('hall', 'Ana')
  await ana.say({ type: 'send', id: 1, clientId: 'c1', text: 'once' })
  await ana.say({ type: 'send', id: 2, clientId: 'c1', text: 'once' })
  const first = await ana.take('reply')
  expect(await ana.take('reply')).toEqual({ ...first, id: 2 })
  const again = new RawClient(url)
  const { entries } = await again.enter('hall', 'Ana', { token })
  await again.say({ type: 'send', id: 7, clientId: 'c1', text: 'once' })
  expect(await again.take('reply')).toEqual({ ...first, id: 7 })
  expect(entries.filter(({ kind }) => kind === 'message')).toHaveLength(1)
  // Another member's same id is another message.
  const ben = new RawClient(url)
  await ben.enter('hall', 'Ben')
  await ben.say({ type: 'send', id: 1, clientId: 'c1', text: 'mine' })
  expect((await ben.take('reply')).seq).toBeGreaterThan(first.seq as number)
})

test('history goes back page by page to the first entry', async ({ expect }) => {
  const { url, storage } = await server()
  await storage.write(({ rooms, entries }) => {
    const room = rooms.ensure('hall')
    for (let n = 1; n <= 125; n += 1)
      entries.append(room, { kind: 'message', member: 'ME_old', name: 'Old', text: `${n}`, clientId: `${n}` })
  })
  const ana = join(url, 'Ana')
  await until(ana, ({ entries }) => entries.length === 51)
  while (ana.state().hasOlder) await Promise.all([ana.loadOlder(), ana.loadOlder()])
  expect(ana.state().entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 126 }, (_, index) => index + 1))
  await ana.loadOlder()
  ana.close()
})

test('a cursor too old, from another log or of an unknown token begins anew with the newest page', async ({
  expect,
}) => {
  const { url, storage } = await server()
  await storage.write(({ rooms, entries }) => {
    const room = rooms.ensure('hall')
    for (let n = 1; n <= 600; n += 1)
      entries.append(room, { kind: 'message', member: 'ME_old', name: 'Old', text: `${n}`, clientId: `${n}` })
  })
  const { token } = await new RawClient(url).enter('elsewhere', 'Ana')
  for (const [cursor, more, reset, count] of [
    [550, { token }, false, 50],
    [600, { token }, false, 0],
    [50, { token }, true, 50],
    [9_999, { token }, true, 50],
    [550, { token: 'f'.repeat(64) }, true, 50],
  ] as const) {
    const client = new RawClient(url)
    const welcome = await client.enter('hall', 'Ana', { ...more, cursor })
    expect([
      cursor,
      welcome.reset,
      welcome.entries.filter(({ kind }) => kind === 'message').length >= count - 10,
    ]).toEqual([cursor, reset, true])
    expect(welcome.cursor).toBe(welcome.entries.at(-1)?.seq ?? cursor)
  }
})

test('a ticket for the call names the member and comes from the address the page came from', async ({ expect }) => {
  const { url, port, bus } = await server()
  const ana = join(url, 'Ana')
  const { me } = await until(ana, ({ connection }) => connection === 'open')
  expect(await ana.joinCall()).toEqual({ url: `ws://127.0.0.1:${port}`, token: `token of ${me?.id}, Ana, hall` })
  const people = [{ identity: me?.id ?? '', name: 'Ana' }]
  bus.publish({ type: 'callChanged', room: 'hall', people })
  expect((await until(ana, ({ call }) => call.length === 1)).call).toEqual(people)
  expect((await new RawClient(url).enter('hall', 'Ben')).call).toEqual(people)
  for (const header of [{ origin: 'https://maru.example' }, { 'x-forwarded-proto': 'https' }]) {
    const behindProxy = new RawClient(url, { headers: { host: 'maru.example', ...header } as Record<string, string> })
    await behindProxy.enter('hall', 'Cy')
    await behindProxy.say({ type: 'joinCall', id: 1 })
    expect(await behindProxy.take('reply')).toMatchObject({ ticket: { url: 'wss://maru.example' } })
  }
  ana.close()
})

test('two rooms hear nothing of each other, and one member may be in both', async ({ expect }) => {
  const { url } = await server()
  const hall = new RawClient(url)
  const { token, me } = await hall.enter('hall', 'Ana')
  const attic = new RawClient(url)
  expect((await attic.enter('attic', 'Ana', { token })).me).toEqual(me)
  await attic.say({ type: 'send', id: 1, clientId: 'c', text: 'up here' })
  await attic.take('reply')
  await hall.say({ type: 'ping', id: 2 })
  await hall.take('reply')
  expect(hall.received.filter((message) => message.type === 'entry').map(({ entry }) => entry.kind)).toEqual(['joined'])
})
