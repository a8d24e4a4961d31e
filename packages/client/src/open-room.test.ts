import { test } from 'vitest'
import { me, said, script, texts } from '../test/script.ts'

test('says hello, keeps a new token, and says it again with the cursor after a loss', async ({ expect }) => {
  const { client, socket, sockets, tokens, pass, welcome } = script()
  expect(client.state().connection).toBe('connecting')
  await welcome({ token: 'f'.repeat(64), entries: [said(4), said(5)] })
  expect(sockets[0]?.sent).toEqual([{ type: 'hello', version: 1, room: 'hall', name: 'Ana', newToken: 'e'.repeat(64) }])
  expect(tokens).toEqual(['f'.repeat(64)])
  expect(client.state()).toMatchObject({ connection: 'open', me })
  await socket().drop()
  expect(client.state()).toMatchObject({ connection: 'waiting', retryAt: 500 })
  await pass(500)
  await welcome({ reset: false, entries: [said(6)] })
  expect(socket().sent[0]).toEqual({
    type: 'hello',
    version: 1,
    room: 'hall',
    name: 'Ana',
    token: 'f'.repeat(64),
    cursor: 5,
  })
  expect(texts(client.state().entries)).toEqual(['4', '5', '6'])
})

test('proposes one new token until it is welcomed, so that a lost answer makes nobody twice', async ({ expect }) => {
  let made = 0
  const { socket, sockets, pass, welcome } = script({
    token: 'f'.repeat(64),
    createToken: () => {
      made += 1
      return `${made}`.repeat(64)
    },
  })
  socket().onopen?.(undefined as never)
  await socket().drop()
  await pass(500)
  await welcome()
  await socket().drop()
  await pass(500)
  socket().onopen?.(undefined as never)
  const hellos = sockets.flatMap(({ sent }) => sent)
  expect(hellos.map((hello) => hello.type === 'hello' && [hello.token, hello.newToken])).toEqual([
    ['f'.repeat(64), '1'.repeat(64)],
    ['f'.repeat(64), '1'.repeat(64)],
    ['f'.repeat(64), undefined],
  ])
})

test('a name changed before the first answer, or while away, is told with the next hello, of the same member', async ({
  expect,
}) => {
  let made = 0
  const { client, socket, sockets, tokens, pass, welcome } = script({
    transfer: 'a code',
    createToken: () => {
      made += 1
      return `${made}`.repeat(64)
    },
  })
  socket().onopen?.(undefined as never)
  const [unheard] = sockets
  await client.rename(' Anna ')
  expect(client.state()).toMatchObject({ connection: 'connecting', name: 'Anna' })
  // The first answer comes too late, on a connection that is given up.
  expect([unheard?.closed, unheard?.onmessage]).toEqual([1005, null])
  await welcome({ token: '1'.repeat(64), me: { id: 'ME_a', name: 'Anna' } })
  await socket().drop()
  await client.rename('Anne')
  expect(client.state()).toMatchObject({ connection: 'connecting', me: { name: 'Anna' } })
  await welcome({ me: { id: 'ME_a', name: 'Anne' } })
  const hellos = sockets.flatMap(({ sent }) => sent)
  const said = { type: 'hello', version: 1, room: 'hall' }
  const proposed = { newToken: '1'.repeat(64), transfer: 'a code' }
  expect(hellos).toEqual([
    { ...said, name: 'Ana', ...proposed },
    { ...said, name: 'Anna', ...proposed },
    { ...said, name: 'Anne', token: '1'.repeat(64) },
  ])
  expect([tokens, sockets.length]).toEqual([['1'.repeat(64)], 3])
  // What a server would refuse does not put anybody out.
  await socket().drop()
  await expect(client.rename(' ')).rejects.toMatchObject({ code: 'name_empty' })
  expect(client.state()).toMatchObject({ connection: 'waiting', name: 'Anne' })
  await pass(500)
  expect(sockets).toHaveLength(4)
  client.close()
  await expect(client.rename('Ann')).rejects.toMatchObject({ code: 'disconnected' })
})

test('waits longer after every failure, never more than fifteen seconds, and begins anew after a welcome', async ({
  expect,
}) => {
  const { client, socket, sockets, pass, welcome } = script()
  const delays: number[] = []
  let now = 0
  for (let n = 0; n < 8; n += 1) {
    await socket().drop()
    const { retryAt = 0 } = client.state()
    delays.push(retryAt - now)
    await pass(retryAt - now)
    now = retryAt
  }
  expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000])
  expect(sockets).toHaveLength(9)
  await welcome()
  await socket().drop()
  expect(client.state().retryAt).toBe(now + 500)
  client.reconnect()
  expect(client.state().connection).toBe('connecting')
  expect(sockets).toHaveLength(10)
})

test('the pauses are spread between half and all of their length', async ({ expect }) => {
  const { client, socket } = script({ random: () => 0 })
  await socket().drop()
  expect(client.state().retryAt).toBe(250)
})

test('a hello that is refused ends it with the reason, unless the reason passes', async ({ expect }) => {
  const refused = script()
  refused.socket().onopen?.(undefined as never)
  await refused.socket().say({ type: 'error', code: 'name_too_long', field: 'name', message: 'too long' })
  expect(refused.client.state()).toMatchObject({
    connection: 'closed',
    problem: { code: 'name_too_long', field: 'name' },
  })
  const full = script()
  full.socket().onopen?.(undefined as never)
  await full.socket().say({ type: 'error', code: 'room_full', message: 'full' })
  expect(full.client.state()).toMatchObject({ connection: 'waiting', problem: { code: 'room_full' } })
  await full.pass(500)
  await full.welcome()
  expect(full.client.state().problem).toBeUndefined()
})

test('whoever is replaced does not come back by itself, but may', async ({ expect }) => {
  for (const how of ['frame', 'code'] as const) {
    const { client, socket, sockets, pass, welcome } = script()
    await welcome()
    if (how === 'frame') await socket().say({ type: 'replaced' })
    else await socket().drop(4001)
    expect(client.state()).toMatchObject({ connection: 'closed', problem: { code: 'replaced' } })
    await pass(120_000)
    expect(sockets).toHaveLength(1)
    client.reconnect()
    await welcome()
    expect(client.state()).toMatchObject({ connection: 'open' })
  }
})

test('a network that is silently gone is noticed', async ({ expect }) => {
  const { client, socket, sockets, pass, welcome } = script()
  await welcome()
  await pass(25_000)
  expect(socket().last).toEqual({ type: 'ping', id: 1 })
  await socket().say({ type: 'reply', id: 1 })
  await pass(25_000)
  expect(socket().last).toEqual({ type: 'ping', id: 2 })
  await socket().say({ type: 'error', id: 2, code: 'too_fast', message: 'slowly' })
  await pass(35_000)
  expect(client.state().connection).toBe('waiting')
  expect(sockets[0]?.closed).toBeDefined()
  await pass(500)
  expect(sockets).toHaveLength(2)
  // One that never answers the hello is given up as well.
  await pass(15_000)
  expect(client.state().connection).toBe('waiting')
})

test('pages backwards, once at a time, and a reset meanwhile spoils nothing', async ({ expect }) => {
  const { client, socket, pass, welcome } = script()
  await welcome({ entries: [said(101)], hasOlder: true })
  const both = Promise.all([client.loadOlder(), client.loadOlder()])
  expect(socket().last).toEqual({ type: 'history', id: 1, before: 101, limit: 50 })
  await socket().say({ type: 'reply', id: 1, entries: [said(99), said(100)], hasOlder: true, hasNewer: true })
  await both
  expect(texts(client.state().entries)).toEqual(['99', '100', '101'])
  const lost = client.loadOlder()
  const failure = expect(lost).rejects.toMatchObject({ code: 'disconnected' })
  await socket().drop()
  await failure
  await pass(500)
  await welcome({ entries: [said(900)], hasOlder: true })
  expect(texts(client.state().entries)).toEqual(['900'])
  const last = client.loadOlder()
  await socket().say({ type: 'reply', id: 3, entries: [], hasOlder: false, hasNewer: true })
  await last
  await client.loadOlder()
  expect(client.state().hasOlder).toBe(false)
})

test('an entry twice is taken once, a hole starts over, a frame of the future is passed over', async ({ expect }) => {
  const { client, socket, sockets, welcome } = script()
  await welcome({ entries: [said(1)] })
  await socket().say({ type: 'entry', entry: said(1), prev: 0 })
  await socket().say({ type: 'of the future' })
  await socket().say({ type: 'entry', entry: said(2), prev: 1 })
  expect(texts(client.state().entries)).toEqual(['1', '2'])
  await socket().say({ type: 'entry', entry: said(4), prev: 3 })
  expect(sockets).toHaveLength(2)
  await welcome({ reset: false, entries: [said(3), said(4)] })
  expect(texts(client.state().entries)).toEqual(['1', '2', '3', '4'])
})

test('people, their names and the call follow the events', async ({ expect }) => {
  const { client, socket, welcome } = script()
  await welcome()
  await socket().say({ type: 'here', member: { id: 'ME_b', name: 'Ben' } })
  await socket().say({ type: 'here', member: { id: 'ME_b', name: 'Benno' } })
  await socket().say({ type: 'call', people: [{ identity: 'ME_b', name: 'Benno' }] })
  expect(client.state().people).toEqual([me, { id: 'ME_b', name: 'Benno' }])
  const renamed = client.rename('Anna')
  await socket().say({ type: 'here', member: { id: me.id, name: 'Anna 2' } })
  await socket().say({ type: 'reply', id: 1, name: 'Anna 2' })
  await renamed
  expect(client.state()).toMatchObject({ me: { name: 'Anna 2' }, name: 'Anna', call: [{ identity: 'ME_b' }] })
  await socket().say({ type: 'gone', member: 'ME_b' })
  expect(client.state().people.map(({ name }) => name)).toEqual(['Anna 2'])
  const ticket = client.joinCall()
  await socket().say({ type: 'reply', id: 2, ticket: { url: 'ws://test', token: 't' } })
  expect(await ticket).toEqual({ url: 'ws://test', token: 't' })
  client.close()
  expect(socket().last).toEqual({ type: 'leave' })
  expect(client.state()).toMatchObject({ connection: 'closed', people: [] })
  await expect(client.joinCall()).rejects.toMatchObject({ code: 'disconnected' })
})

test('typing is told again after a while, and at once after a message', async ({ expect }) => {
  const { client, socket, welcome, pass } = script()
  await welcome()
  const told = () => socket().sent.filter(({ type }) => type === 'typing').length
  client.typing()
  client.typing()
  expect(told()).toBe(1)
  await pass(3_000)
  client.typing()
  expect(told()).toBe(2)
  client.send('there')
  client.typing()
  expect(told()).toBe(3)
})
