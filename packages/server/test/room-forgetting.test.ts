import type { RoomClient } from '@maru/client'
import { onTestFinished, test } from 'vitest'
import { forgetMember } from '../src/chat/forget-member.ts'
import { sendMessage } from '../src/chat/send-message.ts'
import { join, Member, startRoomServer, until } from './room-harness.ts'

async function server(options: Parameters<typeof startRoomServer>[0] = {}) {
  const started = await startRoomServer(options)
  onTestFinished(() => started.close())
  return started
}

test('no line keeps the name of who is forgotten: not the one that made them an owner, and nothing that was on its way', async ({
  expect,
}) => {
  const { url, storage, bus } = await server()
  const olga = await new Member(url).come('hall', 'Olga')
  const ana = await new Member(url).come('hall', 'Ana')
  const watcher = join(url, 'Watcher')
  onTestFinished(() => watcher.close())
  await until(watcher, ({ connection }) => connection === 'open')
  const { id } = ana.welcome.me
  await olga.ask('makeOwner', { member: id })
  await ana.write('said before', { clientId: 'b' })
  // On its way when they are forgotten: taken up in the next transaction.
  const context = { storage, bus }
  let late: Promise<unknown> | undefined
  bus.subscribe(({ type }) => {
    if (type !== 'memberForgotten') return
    late ??= sendMessage(
      context,
      { room: 'hall', member: { id, name: 'Ana' } },
      { clientId: 'c', text: 'said too late' },
    )
  })
  await forgetMember(context, id)
  await late
  const entries = storage.read.entries.changesAfter({ roomId: 1, reader: '', from: 0 }, 0, 100)
  expect(JSON.stringify(entries)).not.toMatch(/"Ana"|said before|too late/)
  expect(entries.find(({ kind }) => kind === 'owner')).toMatchObject({ target: { id, name: '' } })
  const last = entries.at(-1)?.seq ?? 0
  const state = await until(watcher, ({ cursor }) => cursor === last)
  expect(JSON.stringify(state.entries)).not.toMatch(/"Ana"|said before|too late/)
  expect(storage.read.presence.all().map(({ member: { name } }) => name)).not.toContain('Ana')
})

test('whoever asks to be forgotten, or ends the own session, hears the answer and then the end', async ({ expect }) => {
  const { url, storage } = await server()
  for (const [name, ask] of [
    ['Ana', (client: RoomClient) => client.ask<'forgetMe'>({ type: 'forgetMe' })],
    [
      'Ben',
      async (client: RoomClient) => {
        const { sessions } = await client.ask<'sessions'>({ type: 'sessions' })
        return client.ask<'endSession'>({ type: 'endSession', session: sessions[0]?.id ?? '' })
      },
    ],
  ] as const) {
    const client = join(url, name)
    onTestFinished(() => client.close())
    await until(client, ({ connection }) => connection === 'open')
    const { me } = client.state()
    await ask(client)
    expect([name, storage.read.sessions.of(me?.id ?? '')]).toEqual([name, []])
    expect((await until(client, ({ connection }) => connection === 'closed')).problem?.code).toBe('session_ended')
  }
})

test('more messages than one step takes are all forgotten', async ({ expect }) => {
  const { storage, bus } = await server()
  const context = { storage, bus }
  const member = { id: 'ME_a', name: 'Ana' }
  await storage.write(({ rooms, members, memberships }) => {
    members.insert(member)
    memberships.insert(rooms.ensure('hall'), { member, since: 0, read: 0 })
  })
  const texts = Array.from({ length: 650 }, (_, n) => `message ${n}`)
  await Promise.all(texts.map((text) => sendMessage(context, { room: 'hall', member }, { clientId: text, text })))
  await forgetMember(context, member.id)
  const left = storage.read.entries.messagesOf(member.id, { room: 1, after: 0, upTo: 1_000 })
  expect(left).toHaveLength(650)
  expect(left.every(({ deleted, text, name }) => deleted && text === '' && name === '')).toBe(true)
  expect(storage.read.entries.isNamed(1, member.id, 0)).toBe(false)
  expect(storage.read.members.find(member.id)).toBeUndefined()
})

test('a room and a device that are added while somebody is forgotten are forgotten too, and the device hears it', async ({
  expect,
}) => {
  const { url, storage, bus } = await server()
  const ana = await new Member(url).come('hall', 'Ana')
  const { id } = ana.welcome.me
  // Enough for some steps. The second begins when both have entered.
  const texts = Array.from({ length: 650 }, (_, n) => `message ${n}`)
  const actor = { room: 'hall', member: { id, name: 'Ana' } }
  await Promise.all(texts.map((text) => sendMessage({ storage, bus }, actor, { clientId: text, text })))
  const { code } = await ana.ask('transfer')
  const entered = Promise.withResolvers<void>()
  let steps = 0
  const inSteps = {
    ...storage,
    async write(...job: Parameters<typeof storage.write>) {
      steps += 1
      if (steps === 2) await entered.promise
      return storage.write(...job)
    },
  } as typeof storage
  const forgotten = forgetMember({ storage: inSteps, bus }, id)
  const elsewhere = await new Member(url).come('attic', 'Ana', { token: ana.welcome.token })
  const device = await new Member(url).come('hall', 'Ana', { transfer: code })
  expect([elsewhere, device].map(({ welcome }) => welcome.me.id)).toEqual([id, id])
  entered.resolve()
  await forgotten
  await Promise.all([ana, elsewhere, device].map((client) => client.gone()))
  // What was written last is stored before this.
  await storage.write(() => {})
  expect(storage.read.memberships.roomsOf(id)).toEqual([])
  expect(storage.read.sessions.of(id)).toEqual([])
  expect(storage.read.presence.all().filter(({ member }) => member.id === id)).toEqual([])
  for (const room of ['hall', 'attic']) {
    const roomId = storage.read.rooms.find(room)
    expect(roomId !== undefined && storage.read.entries.isNamed(roomId, id, 0)).toBe(false)
  }
})

test('one device too many ends the one that was seen least lately, and that hears it', async ({ expect }) => {
  let time = 1_000_000
  const { url } = await server({ now: () => (time += 1_000) })
  const first = await new Member(url).come('hall', 'Ana')
  let newest = first
  for (let n = 1; n <= 20; n += 1) {
    const { code } = await newest.ask('transfer')
    newest = await new Member(url).come('hall', 'Ana', { transfer: code })
  }
  await first.take('ended')
  expect((await first.gone()).code).toBe(4004)
  expect((await newest.ask('sessions')).sessions).toHaveLength(20)
})
