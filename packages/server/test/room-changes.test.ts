import type { Message } from '@maru/protocol'
import { onTestFinished, test } from 'vitest'
import { join, RawClient, startRoomServer, until } from './room-harness.ts'

async function server(options: Parameters<typeof startRoomServer>[0] = {}) {
  const started = await startRoomServer(options)
  onTestFinished(() => started.close())
  return started
}

async function pair(url: string) {
  const ana = join(url, 'Ana')
  onTestFinished(() => ana.close())
  await until(ana, ({ connection }) => connection === 'open')
  const ben = join(url, 'Ben')
  onTestFinished(() => ben.close())
  await until(ben, ({ connection }) => connection === 'open')
  return { ana, ben }
}

const messages = (entries: readonly { kind: string }[]) =>
  entries.filter((entry): entry is Message => entry.kind === 'message')

test('what is edited, deleted and reacted to is so for everybody, and the old text is nowhere', async ({ expect }) => {
  const { url, storage } = await server()
  const { ana, ben } = await pair(url)
  ana.send('first secret')
  ana.send('second secret')
  const { entries } = await until(ben, (state) => messages(state.entries).length === 2)
  const [first, second] = messages(entries).map(({ seq }) => seq) as [number, number]
  await ana.ask<'edit'>({ type: 'edit', target: first, text: 'a better one' })
  await ben.ask<'react'>({ type: 'react', target: first, emoji: '👍🏽', on: true })
  await ana.ask<'react'>({ type: 'react', target: first, emoji: '👍🏽', on: true })
  // Again is no change.
  expect(await ana.ask<'react'>({ type: 'react', target: first, emoji: '👍🏽', on: true })).toEqual({})
  ben.send({ text: 'answer', replyTo: second })
  await until(ben, (state) => messages(state.entries).length === 3)
  await ana.ask<'delete'>({ type: 'delete', target: second })
  const after = await until(ben, (state) => messages(state.entries)[1]?.deleted === true)
  const [edited, gone, answer] = messages(after.entries)
  expect(edited).toMatchObject({
    text: 'a better one',
    edited: expect.any(Number),
    reactions: [{ emoji: '👍🏽', by: [{ name: 'Ben' }, { name: 'Ana' }] }],
  })
  expect(gone).toMatchObject({ text: '', deleted: true, answers: { count: 1 } })
  expect(answer).toMatchObject({ replyTo: { seq: second, text: '', deleted: true }, root: second })
  const fresh = join(url, 'Cy')
  onTestFinished(() => fresh.close())
  const state = await until(fresh, ({ connection }) => connection === 'open')
  expect(messages(state.entries)).toEqual(messages(after.entries))
  expect(JSON.stringify(storage.read.entries.changesAfter({ roomId: 1, reader: '', from: 0 }, 0, 100))).not.toContain(
    'secret',
  )
})

test('a private message is read by two, and nobody else has a hole in the log', async ({ expect }) => {
  const { url } = await server()
  const { ana, ben } = await pair(url)
  const cy = new RawClient(url)
  const { cursor } = await cy.enter('hall', 'Cy')
  const { people } = await until(ana, (state) => state.people.length === 3)
  const to = people.find(({ name }) => name === 'Ben')
  if (!to) throw new Error('Ben is not here')
  ana.send({ text: 'just for you', to })
  const { entries } = await until(ben, (state) => messages(state.entries).length === 1)
  const secret = messages(entries)[0]?.seq ?? 0
  ben.send({ text: 'just for me', replyTo: secret })
  await ben.ask<'react'>({ type: 'react', target: secret, emoji: '❤️', on: true })
  await until(ana, (state) => messages(state.entries)[0]?.reactions !== undefined)
  ben.send('for all')
  await cy.take('entry')
  expect(await cy.take('entry')).toMatchObject({ entry: { kind: 'message', text: 'for all' }, prev: cursor + 1 })
  await cy.say({ type: 'history', id: 1, before: 1_000 })
  expect(JSON.stringify(await cy.take('reply'))).not.toContain('just')
  for (const request of [
    { type: 'react', emoji: '❤️', on: true },
    { type: 'edit', text: 'mine now' },
    { type: 'delete' },
    { type: 'send', clientId: 'c', text: 'so?', replyTo: secret, target: undefined },
  ]) {
    await cy.say({ id: 2, target: secret, ...request })
    expect(await cy.take('error')).toMatchObject({ code: 'message_gone' })
  }
  expect(messages(ana.state().entries).map(({ text }) => text)).toEqual(['just for you', 'just for me', 'for all'])
})
