import type { Entry, Request, ServerMessage } from '@maru/protocol'
import { onTestFinished, test } from 'vitest'
import type { WebSocketLike } from './connector.ts'
import { openRoom, type RoomOptions } from './open-room.ts'
import type { KeptMessage, Outbox } from './outbox.ts'

type Frame = ServerMessage | { type: 'of the future' }

/** A server that says what the test says, and timers that run when it says so. */
function script(options: Partial<RoomOptions> = {}) {
  const sockets: ScriptedSocket[] = []
  const timers = new Set<{ at: number; callback: () => void }>()
  let time = 0
  const tokens: string[] = []
  let ids = 0
  const client = openRoom({
    url: 'ws://test/socket',
    room: 'hall',
    name: 'Ana',
    connect: () => {
      const socket = new ScriptedSocket()
      sockets.push(socket)
      return socket
    },
    now: () => time,
    random: () => 1,
    schedule: (delayMs, callback) => {
      const timer = { at: time + delayMs, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    onToken: (token) => tokens.push(token),
    createClientId: () => {
      ids += 1
      return `c${ids}`
    },
    ...options,
  })
  onTestFinished(() => client.close())
  const socket = () => sockets.at(-1) as ScriptedSocket
  return {
    client,
    sockets,
    socket,
    tokens,
    /** Lets time pass, running what falls due in its order. */
    async pass(ms: number) {
      const end = time + ms
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)
        if (!next) break
        timers.delete(next)
        time = next.at
        next.callback()
        await settled()
      }
      time = end
    },
    async welcome(more: Partial<Extract<ServerMessage, { type: 'welcome' }>> = {}) {
      socket().onopen?.(undefined as never)
      await socket().say(welcome(more))
    },
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

class ScriptedSocket implements WebSocketLike {
  readonly sent: Request[] = []
  closed: number | undefined
  onopen: WebSocketLike['onopen'] = null
  onmessage: WebSocketLike['onmessage'] = null
  onclose: WebSocketLike['onclose'] = null
  onerror: WebSocketLike['onerror'] = null

  send(data: string): void {
    this.sent.push(JSON.parse(data))
  }

  close(code = 1005): void {
    this.closed = code
  }

  async say(frame: Frame): Promise<void> {
    this.onmessage?.({ data: JSON.stringify(frame) })
    await settled()
  }

  async drop(code = 1006): Promise<void> {
    this.onclose?.({ code, reason: '' })
    await settled()
  }

  get last(): Request | undefined {
    return this.sent.at(-1)
  }
}

const me = { id: 'ME_a', name: 'Ana' }

function welcome(more: Partial<Extract<ServerMessage, { type: 'welcome' }>> = {}): ServerMessage {
  return {
    type: 'welcome',
    version: 1,
    me,
    room: { name: 'hall', topic: '', retention: { keep: 'all' }, expired: 0, pinned: [] },
    people: [me],
    call: [],
    entries: [],
    hasOlder: false,
    reset: true,
    cursor: more.entries?.at(-1)?.seq ?? 0,
    read: 0,
    unread: { messages: 0, mentions: 0 },
    reads: [],
    limits: { text: 4000, name: 40, file: 1 },
    ...more,
  }
}

function said(seq: number, text = `${seq}`, clientId = `other ${seq}`, member = 'ME_b'): Entry {
  return { seq, at: seq, kind: 'message', member, name: 'Ben', text, clientId }
}

const texts = (entries: readonly Entry[]) => entries.flatMap((entry) => (entry.kind === 'message' ? [entry.text] : []))

test('says hello, keeps a new token, and says it again with the cursor after a loss', async ({ expect }) => {
  const { client, socket, sockets, tokens, pass, welcome } = script()
  expect(client.state().connection).toBe('connecting')
  await welcome({ token: 'f'.repeat(64), entries: [said(4), said(5)] })
  expect(sockets[0]?.sent).toEqual([{ type: 'hello', version: 1, room: 'hall', name: 'Ana' }])
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

test('sends in order, one at a time, and the same again under the same id after a loss', async ({ expect }) => {
  const { client, socket, pass, welcome } = script()
  await welcome()
  client.send(' one ')
  client.send('two')
  expect(socket().sent.slice(1)).toEqual([{ type: 'send', id: 1, clientId: 'c1', text: ' one' }])
  expect(client.state().pending.map(({ text, state }) => [text, state])).toEqual([
    [' one', 'sending'],
    ['two', 'sending'],
  ])
  await socket().drop()
  client.send('three')
  await pass(500)
  await welcome()
  expect(socket().last).toMatchObject({ type: 'send', clientId: 'c1' })
  await socket().say({ type: 'entry', entry: said(1, ' one', 'c1', me.id), prev: 0 })
  expect(client.state().pending.map(({ clientId }) => clientId)).toEqual(['c2', 'c3'])
  await socket().say({ type: 'reply', id: 2, seq: 1, at: 1 })
  expect(socket().last).toMatchObject({ type: 'send', clientId: 'c2', text: 'two' })
  // Lost after it was stored: the entry in the welcome is the answer.
  await socket().drop()
  await pass(500)
  await welcome({ reset: false, entries: [said(2, 'two', 'c2', me.id)] })
  expect(socket().last).toMatchObject({ type: 'send', clientId: 'c3', text: 'three' })
  // Stored long ago, out of the page: only the reply tells.
  await socket().say({ type: 'reply', id: 4, seq: 3, at: 1 })
  expect(client.state().pending).toEqual([])
})

test('another member with the same id of a message is no answer', async ({ expect }) => {
  const { client, socket, welcome } = script()
  await welcome()
  client.send('mine')
  await socket().say({ type: 'entry', entry: said(1, 'theirs', 'c1'), prev: 0 })
  expect(client.state().pending).toHaveLength(1)
})

test('haste and a full disk pass, anything else fails and can be retried or discarded', async ({ expect }) => {
  const { client, socket, pass, welcome } = script()
  await welcome()
  client.send('one')
  client.send('two')
  await socket().say({ type: 'error', id: 1, code: 'too_fast', message: 'slowly' })
  expect(client.state().pending[0]?.state).toBe('sending')
  await pass(1_500)
  expect(socket().last).toMatchObject({ id: 2, clientId: 'c1' })
  await socket().say({ type: 'error', id: 2, code: 'text_too_long', field: 'text', message: 'too long' })
  expect(client.state().pending[0]).toEqual({
    clientId: 'c1',
    text: 'one',
    state: 'failed',
    problem: { code: 'text_too_long', field: 'text', message: 'too long' },
  })
  expect(socket().last).toMatchObject({ id: 3, clientId: 'c2' })
  await socket().say({ type: 'reply', id: 3, seq: 1, at: 1 })
  client.retry('c1')
  expect(socket().last).toMatchObject({ id: 4, clientId: 'c1' })
  await socket().say({ type: 'error', id: 4, code: 'text_too_long', message: 'too long' })
  client.discard('c1')
  expect(client.state().pending).toEqual([])
  expect(() => client.send(' ')).toThrow('Type a message first.')
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

/** An outbox that keeps as long as the test. */
function keeping(kept: KeptMessage[] = []): Outbox & { kept: KeptMessage[] } {
  return {
    kept,
    load: async () => structuredClone(kept),
    async put(message) {
      const at = kept.findIndex(({ clientId }) => clientId === message.clientId)
      if (at < 0) kept.push(structuredClone(message))
      else kept[at] = structuredClone(message)
    },
    async remove(clientId) {
      const at = kept.findIndex((message) => message.clientId === clientId)
      if (at >= 0) kept.splice(at, 1)
    },
  }
}

test('what could not be sent waits in the outbox, through a reload, in order and with what was refused', async ({
  expect,
}) => {
  const outbox = keeping()
  const before = script({ outbox })
  await settled()
  before.client.send('one')
  before.client.send({ text: 'two', replyTo: 7 })
  await before.welcome()
  await before.socket().say({ type: 'error', id: 1, code: 'text_too_long', message: 'too long' })
  expect(outbox.kept).toEqual([
    { clientId: 'c1', text: 'one', problem: { code: 'text_too_long', message: 'too long' } },
    { clientId: 'c2', text: 'two', replyTo: 7 },
  ])
  // The page goes away without a word.
  let ids = 100
  const after = script({ outbox: keeping(structuredClone(outbox.kept)), createClientId: () => `c${ids++}` })
  after.client.send('typed at once')
  await after.welcome()
  expect(after.client.state().pending.map(({ text, state }) => [text, state])).toEqual([
    ['one', 'failed'],
    ['two', 'sending'],
    ['typed at once', 'sending'],
  ])
  expect(after.socket().last).toEqual({ type: 'send', id: 1, clientId: 'c2', text: 'two', replyTo: 7 })
  await after.socket().say({ type: 'entry', entry: said(1, 'two', 'c2', me.id), prev: 0 })
  await after.socket().say({ type: 'reply', id: 1, seq: 1, at: 1 })
  expect(after.socket().last).toMatchObject({ clientId: 'c100', text: 'typed at once' })
})

test('an outbox that cannot be read or written keeps nobody from writing', async ({ expect }) => {
  const problems: unknown[] = []
  const broken = () => Promise.reject(new Error('no storage here'))
  const { client, socket, welcome } = script({
    outbox: { load: broken, put: broken, remove: broken },
    onOutboxProblem: (error) => problems.push(error),
  })
  await welcome()
  client.send('hello')
  expect(socket().last).toMatchObject({ text: 'hello' })
  await socket().say({ type: 'reply', id: 1, seq: 1, at: 1 })
  expect(client.state().pending).toEqual([])
  expect(problems).toHaveLength(3)
})
