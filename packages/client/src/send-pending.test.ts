import { test } from 'vitest'
import { me, said, script, settled } from '../test/script.ts'
import type { KeptMessage, Outbox } from './outbox.ts'

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

test('while the server cannot store anything messages wait, and leave in order when it says that it can', async ({
  expect,
}) => {
  const { client, socket, pass, welcome } = script()
  await welcome()
  client.send('one')
  client.send('two')
  await socket().say({ type: 'storage', works: false })
  expect(client.state().storageWorks).toBe(false)
  await socket().say({ type: 'error', id: 1, code: 'storage_unavailable', message: 'full' })
  await pass(20_000)
  expect(socket().sent).toHaveLength(2)
  expect(client.state().pending.map(({ state }) => state)).toEqual(['sending', 'sending'])
  await socket().say({ type: 'storage', works: true })
  expect(socket().last).toMatchObject({ type: 'send', id: 2, clientId: 'c1' })
  // Said again while one is under way: nothing leaves twice.
  await socket().say({ type: 'storage', works: true })
  expect(socket().sent).toHaveLength(3)
  await socket().say({ type: 'reply', id: 2, seq: 1, at: 1 })
  expect(socket().last).toMatchObject({ type: 'send', id: 3, clientId: 'c2' })
  // A new connection begins with a disk that works.
  await socket().say({ type: 'storage', works: false })
  await socket().drop()
  await pass(500)
  await welcome()
  expect(client.state().storageWorks).toBe(true)
  expect(socket().last).toMatchObject({ type: 'send', clientId: 'c2' })
})

test('a server that calls itself disconnected is asked again', async ({ expect }) => {
  const { client, socket, pass, welcome } = script()
  await welcome()
  client.send('one')
  await socket().say({ type: 'error', id: 1, code: 'disconnected', message: 'not here' })
  await pass(1_500)
  expect(socket().last).toMatchObject({ type: 'send', id: 2, clientId: 'c1' })
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
