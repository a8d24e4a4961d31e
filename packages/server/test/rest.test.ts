import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { errors } from '@maru/protocol'
import { test } from 'vitest'
import { openApi } from '../src/rest/openapi.ts'
import { operations } from '../src/rest/operations.ts'
import { createPatience } from '../src/rest/patience.ts'
import { becomeMember } from '../src/rooms/become-member.ts'
import { operatorToken, restServer } from './rest-harness.ts'
import { RawClient } from './room-harness.ts'

const hall = '/api/rooms/hall'

test('what people do on the socket programs do by REST, and each sees what the other does', async ({ expect }) => {
  const { ask, client, enter, me } = await restServer()
  const sent = await ask('POST', `${hall}/messages`, { clientId: 'c1', text: 'hello *all*' })
  expect([sent.status, sent.json]).toEqual([201, { seq: 2, at: expect.any(Number) }])
  expect((await ask('POST', `${hall}/messages`, { clientId: 'c1', text: 'hello *all*' })).json).toEqual(sent.json)
  while ((await client.take('entry')).entry.seq !== 2);

  const { seq } = sent.json
  await ask('PATCH', `${hall}/messages/${seq}`, { text: 'hello all' })
  await ask('PUT', `${hall}/messages/${seq}/reactions/${encodeURIComponent('👍')}`)
  await ask('PUT', `${hall}/messages/${seq}/pin`)
  const answered = await ask('POST', `${hall}/messages`, { clientId: 'c2', text: 'an answer', replyTo: seq })
  expect((await ask('GET', `${hall}/messages/${seq}`)).json.message).toMatchObject({
    text: 'hello all',
    edited: expect.any(Number),
    reactions: [{ emoji: '👍', by: [{ id: me.id }] }],
    answers: { count: 1, last: answered.json.seq },
  })
  expect((await ask('GET', `${hall}/messages/${seq}/thread`)).json.entries).toHaveLength(2)
  expect((await ask('GET', `${hall}/search?query=hello`)).json.hits[0].message.seq).toBe(seq)
  expect((await ask('GET', `${hall}/messages?before=100&limit=1`)).json).toMatchObject({ hasOlder: true })
  expect((await ask('GET', hall)).json).toMatchObject({ room: { name: 'hall', pinned: [seq] }, read: 0 })
  const { cursor } = (await ask('GET', hall)).json
  await ask('DELETE', `${hall}/messages/${seq}/reactions/${encodeURIComponent('👍')}`)
  await ask('DELETE', `${hall}/messages/${seq}/pin`)
  const changes = (await ask('GET', `${hall}/changes?after=${cursor}`)).json
  expect(changes).toMatchObject({
    reset: false,
    entries: [
      { kind: 'reacted', on: false },
      { kind: 'pinned', on: false },
    ],
  })

  const poll = { options: ['yes', 'no'] }
  const asked = await ask('POST', `${hall}/messages`, { clientId: 'c3', text: 'tea?', poll })
  const ben = await enter('Ben')
  await ben.ask('PUT', `${hall}/messages/${asked.json.seq}/vote`, { options: [1] })
  await ask('PUT', `${hall}/messages/${asked.json.seq}/closed`)
  expect((await ask('GET', `${hall}/messages/${asked.json.seq}`)).json.message.poll).toMatchObject({
    votes: [[], [{ id: ben.me.id }]],
    closed: expect.any(Number),
  })
  await ask('PUT', `${hall}/topic`, { topic: 'tea' })
  await ask('PUT', `${hall}/retention`, { retention: { keep: 'days', days: 30 } })
  await ask('PUT', `${hall}/members/${ben.me.id}/owner`)
  expect((await client.take('here')).member).toBeDefined()
  expect((await ben.ask('GET', `${hall}/members`)).json.members).toContainEqual({
    id: ben.me.id,
    name: 'Ben',
    owner: true,
  })
  expect((await ask('PUT', `${hall}/read`, { seq: 3 })).json.seq).toBe(3)
  await ask('DELETE', `${hall}/messages/${seq}`)
  expect((await ask('GET', `${hall}/messages/${seq}`)).json.message).toMatchObject({ deleted: true, text: '' })

  expect((await ben.ask('PUT', '/api/rooms/attic/membership')).json).toEqual({ owner: true })
  expect((await ben.ask('GET', '/api/rooms')).json.rooms.map(({ room }: { room: string }) => room)).toEqual([
    'hall',
    'attic',
  ])
})

test('a bot may do what it was let in for, in its room, until it is ended', async ({ expect }) => {
  const { ask, askAs, bot, enter, url } = await restServer()
  const reader = await bot(['read'])
  const writer = await bot(['write'])
  const keeper = await bot(['read', 'write', 'manage'], 'Keeper')
  expect([reader.member.name, writer.member.name, keeper.member]).toMatchObject(['Bot', 'Bot 2', { owner: true }])
  const message = { clientId: 'c', text: 'built' }
  for (const [who, method, path, body, status] of [
    [reader, 'GET', '/messages?before=9', undefined, 200],
    [reader, 'POST', '/messages', message, 403],
    [reader, 'POST', '/files', { name: 'a', type: 'a/b', size: 1 }, 403],
    [writer, 'POST', '/messages', message, 201],
    [writer, 'GET', '/messages?before=9', undefined, 403],
    [writer, 'PUT', '/topic', { topic: 'x' }, 403],
    [keeper, 'PUT', '/topic', { topic: 'x' }, 200],
    [keeper, 'GET', '/bots', undefined, 200],
    // A bot that could make bots could never be ended.
    [keeper, 'POST', '/bots', { name: 'Child', rights: ['read'] }, 403],
    [keeper, 'DELETE', `/bots/${reader.member.id}`, undefined, 403],
  ] as const)
    expect([path, (await who.ask(method, hall + path, body)).status]).toEqual([path, status])
  expect((await keeper.ask('PUT', '/api/rooms/attic/membership')).json.code).toBe('right_missing')

  // The same token on the room socket, under the same rights.
  const socket = new RawClient(url)
  const { me } = await socket.enter('hall', 'Bot', { token: reader.token })
  expect(me.id).toBe(reader.member.id)
  for (const [request, code] of [
    [{ type: 'send', clientId: 'c', text: 'x' }, 'right_missing'],
    [{ type: 'transfer' }, 'right_missing'],
    [{ type: 'forgetMe' }, 'right_missing'],
    [{ type: 'joinCall' }, 'right_missing'],
  ] as const) {
    await socket.say({ id: 1, ...request })
    expect([request.type, (await socket.take('error')).code]).toEqual([request.type, code])
  }
  await socket.say({ id: 2, type: 'members' })
  expect(await socket.take('reply')).toMatchObject({ id: 2 })
  for (const [room, token, code] of [
    ['attic', reader.token, 'forbidden'],
    ['hall', writer.token, 'right_missing'],
  ] as const) {
    const other = new RawClient(url)
    await other.say({ type: 'hello', version: 1, room, name: 'Bot', token })
    expect((await other.take('error')).code).toBe(code)
  }

  expect((await ask('GET', `${hall}/bots`)).json.bots).toHaveLength(3)
  expect((await ask('DELETE', `${hall}/bots/${reader.member.id}`)).status).toBe(200)
  expect((await socket.gone()).code).toBe(4004)
  expect((await reader.ask('GET', '/api/rooms')).json.code).toBe('unauthorized')
  expect((await ask('DELETE', `${hall}/bots/${reader.member.id}`)).json.code).toBe('bot_unknown')

  const ben = await enter('Ben')
  expect((await ben.ask('POST', `${hall}/bots`, { name: 'B', rights: ['read'] })).json.code).toBe('owner_only')
  const operator = askAs(await operatorToken({ roomAdmin: true, room: 'hall' }))
  expect((await operator('POST', `${hall}/bots`, { name: 'B', rights: ['read'] })).status).toBe(201)
  expect((await askAs(await operatorToken({ roomAdmin: true, room: 'attic' }))('GET', `${hall}/bots`)).status).toBe(403)
  const forged = { apiKey: 'test', apiSecret: 'another secret that is long enough too' }
  expect((await askAs(await operatorToken({ roomCreate: true }, forged))('GET', `${hall}/bots`)).status).toBe(401)
  expect((await askAs(await operatorToken({ roomCreate: true }))('GET', '/api/rooms/none/bots')).json.code).toBe(
    'not_found',
  )
})

const message = { clientId: 'c', text: 'x' }
const bad: [string, string, string, unknown, number, string, string | undefined][] = [
  ['a room with a slash', 'GET', '/api/rooms/a%2Fb/messages?before=1', undefined, 400, 'room_bad_characters', 'room'],
  ['a room too long', 'GET', `/api/rooms/${'x'.repeat(65)}`, undefined, 400, 'room_too_long', 'room'],
  ['a room badly encoded', 'GET', '/api/rooms/%ff', undefined, 400, 'room_bad_characters', 'room'],
  ['a room of others', 'GET', '/api/rooms/attic', undefined, 403, 'forbidden', undefined],
  ['no such method', 'POST', `${hall}`, {}, 405, 'method_not_allowed', undefined],
  ['nothing there', 'GET', `${hall}/wishes`, undefined, 404, 'not_found', undefined],
  ['changes after nothing', 'GET', `${hall}/changes`, undefined, 400, 'bad_frame', 'after'],
  ['changes after a word', 'GET', `${hall}/changes?after=x`, undefined, 400, 'bad_frame', 'after'],
  ['a topic too long', 'PUT', `${hall}/topic`, { topic: 'x'.repeat(251) }, 400, 'topic_too_long', 'topic'],
  ['no topic', 'PUT', `${hall}/topic`, {}, 400, 'bad_frame', 'topic'],
  [
    'a retention of its own',
    'PUT',
    `${hall}/retention`,
    { retention: { keep: 'some' } },
    400,
    'bad_frame',
    'retention.keep',
  ],
  [
    'an entry to a room of dots',
    'PUT',
    '/api/rooms/%2e%2e%2e/membership',
    undefined,
    400,
    'room_bad_characters',
    'room',
  ],
  ['a page of nowhere', 'GET', `${hall}/messages`, undefined, 400, 'history_bad', undefined],
  ['a page of two places', 'GET', `${hall}/messages?before=1&after=2`, undefined, 400, 'history_bad', undefined],
  ['a page before a word', 'GET', `${hall}/messages?before=x`, undefined, 400, 'bad_frame', 'before'],
  ['a page before less than nothing', 'GET', `${hall}/messages?before=-1`, undefined, 400, 'bad_frame', 'before'],
  ['a page too large', 'GET', `${hall}/messages?before=1&limit=101`, undefined, 400, 'bad_frame', 'limit'],
  ['a page too far', 'GET', `${hall}/messages?before=9999999999999999`, undefined, 400, 'bad_frame', 'before'],
  ['no JSON', 'POST', `${hall}/messages`, 'hello', 400, 'bad_frame', undefined],
  ['a list', 'POST', `${hall}/messages`, [message], 400, 'bad_frame', undefined],
  ['no body', 'POST', `${hall}/messages`, undefined, 400, 'bad_frame', undefined],
  [
    'a body too large',
    'POST',
    `${hall}/messages`,
    { ...message, text: 'x'.repeat(70_000) },
    413,
    'too_large',
    undefined,
  ],
  ['no id of its own', 'POST', `${hall}/messages`, { text: 'x' }, 400, 'bad_frame', 'clientId'],
  ['no text', 'POST', `${hall}/messages`, { clientId: 'c' }, 400, 'bad_frame', 'text'],
  ['an empty text', 'POST', `${hall}/messages`, { ...message, text: ' ' }, 400, 'text_empty', 'text'],
  ['a text too long', 'POST', `${hall}/messages`, { ...message, text: 'x'.repeat(4001) }, 400, 'text_too_long', 'text'],
  ['to nobody', 'POST', `${hall}/messages`, { ...message, to: 'ME_none' }, 404, 'member_unknown', 'to'],
  ['an answer to nothing', 'POST', `${hall}/messages`, { ...message, replyTo: 99 }, 404, 'message_gone', 'target'],
  ['a file not there', 'POST', `${hall}/messages`, { ...message, files: ['FI_none'] }, 404, 'file_gone', 'files'],
  [
    'a poll of one',
    'POST',
    `${hall}/messages`,
    { ...message, poll: { options: ['a'] } },
    400,
    'bad_frame',
    'poll.options',
  ],
  [
    'a poll of the same',
    'POST',
    `${hall}/messages`,
    { ...message, poll: { options: ['a', 'a'] } },
    400,
    'poll_bad',
    'poll',
  ],
  ['an empty search', 'GET', `${hall}/search?query=`, undefined, 400, 'query_bad', 'query'],
  ['a search for nobody', 'GET', `${hall}/search?query=tea+from:nobody`, undefined, 400, 'query_bad', 'from'],
  ['a search until no day', 'GET', `${hall}/search?query=before:2026-02-31`, undefined, 400, 'query_bad', 'before'],
  ['no search', 'GET', `${hall}/search`, undefined, 400, 'bad_frame', 'query'],
  ['a number that is none', 'GET', `${hall}/messages/x`, undefined, 400, 'bad_frame', 'seq'],
  ['number nought', 'GET', `${hall}/messages/0`, undefined, 400, 'bad_frame', 'seq'],
  ['no such message', 'GET', `${hall}/messages/99`, undefined, 404, 'message_gone', 'seq'],
  ['a line that is no message', 'GET', `${hall}/messages/1`, undefined, 404, 'message_gone', 'seq'],
  ['an edit of nothing', 'PATCH', `${hall}/messages/99`, { text: 'x' }, 404, 'message_gone', 'target'],
  ['an edit without a text', 'PATCH', `${hall}/messages/2`, {}, 400, 'bad_frame', 'text'],
  ['a deletion of nothing', 'DELETE', `${hall}/messages/99`, undefined, 404, 'message_gone', 'target'],
  ['a reaction of words', 'PUT', `${hall}/messages/2/reactions/wow`, undefined, 400, 'emoji_bad', 'emoji'],
  ['a reaction badly encoded', 'PUT', `${hall}/messages/2/reactions/%ff`, undefined, 400, 'bad_frame', 'emoji'],
  [
    'a reaction to nothing',
    'PUT',
    `${hall}/messages/99/reactions/%F0%9F%91%8D`,
    undefined,
    404,
    'message_gone',
    'target',
  ],
  ['a pin on nothing', 'PUT', `${hall}/messages/99/pin`, undefined, 404, 'message_gone', 'target'],
  ['a vote on no poll', 'PUT', `${hall}/messages/2/vote`, { options: [0] }, 409, 'not_a_poll', 'target'],
  ['a vote for no option', 'PUT', `${hall}/messages/3/vote`, { options: [7] }, 400, 'poll_bad', 'options'],
  ['a vote for words', 'PUT', `${hall}/messages/3/vote`, { options: ['a'] }, 400, 'bad_frame', 'options.0'],
  ['the end of no poll', 'PUT', `${hall}/messages/2/closed`, undefined, 409, 'not_a_poll', 'target'],
  ['an owner from elsewhere', 'PUT', `${hall}/members/ME_none/owner`, undefined, 404, 'member_unknown', 'member'],
  ['a read mark of words', 'PUT', `${hall}/read`, { seq: 'x' }, 400, 'bad_frame', 'seq'],
  ['a bot without a name', 'POST', `${hall}/bots`, { name: ' ', rights: ['read'] }, 400, 'name_empty', 'name'],
  ['a bot without rights', 'POST', `${hall}/bots`, { name: 'B', rights: [] }, 400, 'bad_frame', 'rights'],
  ['a bot with any right', 'POST', `${hall}/bots`, { name: 'B', rights: ['all'] }, 400, 'bad_frame', 'rights.0'],
  ['a hook of no kind', 'POST', `${hall}/hooks`, { url: 'ftp://example.org' }, 400, 'hook_bad', 'url'],
  ['a hook with a password', 'POST', `${hall}/hooks`, { url: 'https://a:b@example.org' }, 400, 'hook_bad', 'url'],
  ['a hook to this machine', 'POST', `${hall}/hooks`, { url: 'http://127.0.0.1/' }, 400, 'hook_bad', 'url'],
  ['a hook without an address', 'POST', `${hall}/hooks`, {}, 400, 'bad_frame', 'url'],
  ['the end of no hook', 'DELETE', `${hall}/hooks/HK_none`, undefined, 404, 'hook_unknown', undefined],
  ['the end of no bot', 'DELETE', `${hall}/bots/ME_none`, undefined, 404, 'bot_unknown', undefined],
]

test('every bad request says what is wrong, with the status of its code', async ({ expect }) => {
  let now = Date.now()
  const { ask, say } = await restServer({ now: () => now })
  await say('a message')
  await say('a poll', { poll: { options: ['a', 'b'] } })
  const answers: unknown[] = []
  for (const [what, method, path, body] of bad) {
    now += 1_000
    const { status, json } = await ask(method, path, body)
    answers.push([what, status, json.code, json.field, json.message.length > 10])
  }
  expect(answers).toEqual(bad.map(([what, , , , status, code, field]) => [what, status, code, field, true]))
  for (const [, , , , status, code] of bad) expect(errors[code as keyof typeof errors].status).toBe(status)
})

test('nobody gets in without a token, and haste is answered with a pause', async ({ expect }) => {
  const { askAs, token } = await restServer({ now: () => 1_000_000 })
  const path = (template: string) => template.replace('{room}', 'hall').replaceAll(/\{\w+\}/g, '2')
  for (const bearer of [undefined, 'x', '0'.repeat(64), `${token}0`, 'a.b.c'])
    for (const each of operations.filter(({ run }) => run)) {
      const { status, json } = await askAs(bearer)(each.method, path(each.path), each.body && {})
      expect([bearer, each.id, [401, 429].includes(status), json.code]).toEqual([bearer, each.id, true, json.code])
    }
  const hasty = askAs(token)
  let last = await hasty('GET', '/api/rooms')
  for (let n = 0; n < 100 && last.status === 200; n += 1) last = await hasty('GET', '/api/rooms')
  expect([last.status, last.json.code]).toEqual([429, 'too_fast'])
})

test('of very many rooms the latest are listed, and whoever asks for much asks less often', async ({ expect }) => {
  const { ask, storage, me } = await restServer({ now: () => 1_000_000 })
  await Promise.all(Array.from({ length: 250 }, (_, index) => becomeMember(storage, `room-${index}`, me)))
  await ask('POST', '/api/rooms/room-7/messages', { clientId: '1', text: 'here' })
  const { rooms } = (await ask('GET', '/api/rooms')).json
  expect(rooms).toHaveLength(200)
  expect(rooms[0]).toMatchObject({ room: 'room-7', last: { text: 'here' } })
  const statuses: number[] = []
  for (let n = 0; n < 6; n += 1) statuses.push((await ask('GET', '/api/rooms')).status)
  expect(statuses).toEqual([200, 200, 200, 200, 429, 429])
  expect((await ask('GET', hall)).status).toBe(200)
})

test('haste without a token is counted for a network, not for each of its many addresses', ({ expect }) => {
  const isPatient = createPatience(
    () => undefined,
    () => 0,
  )
  const from = (remoteAddress: string) => ({ socket: { remoteAddress } }) as IncomingMessage
  const taken = Array.from({ length: 100 }, (_, index) => isPatient(from(`2001:db8:1:2::${index}`), 1))
  expect(taken.filter(Boolean)).toHaveLength(60)
  expect(isPatient(from('2001:db8:1:3::1'), 1)).toBe(true)
})

test('the OpenAPI document is what docs/ holds, names every operation once, and is served', async ({ expect }) => {
  const { askAs } = await restServer()
  const { json } = await askAs(undefined)('GET', '/api/openapi.json')
  // `npm test -- rest -u` writes it anew.
  await expect(`${JSON.stringify(json, undefined, 2)}\n`).toMatchFileSnapshot(
    join(import.meta.dirname, '../../../docs/openapi.json'),
  )
  expect(json).toEqual(JSON.parse(JSON.stringify(openApi())))
  const ids = operations.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  const references = [...JSON.stringify(json).matchAll(/"\$ref":"([^"]+)"/g)].map(([, name]) => name)
  const known = Object.keys(json.components.schemas).map((name) => `#/components/schemas/${name}`)
  expect(references.filter((name) => !known.includes(name ?? ''))).toEqual([])
})

test('in a room of thousands members are told page by page, each once', async ({ expect }) => {
  const { ask, client, storage, me } = await restServer()
  await storage.write(({ memberships, rooms }) => {
    const roomId = rooms.ensure('hall')
    for (let n = 0; n < 2_500; n += 1)
      memberships.insert(roomId, { member: { id: `ME_${n}`, name: `Guest ${n}` }, since: 0, read: 0 })
  })
  const told: string[] = []
  const sizes: number[] = []
  for (let query = ''; ; ) {
    const { members, next } = (await ask('GET', `/api/rooms/hall/members${query}`)).json
    const names = members.map(({ name }: { name: string }) => name)
    expect(names).toEqual(names.toSorted())
    told.push(...members.map(({ id }: { id: string }) => id))
    sizes.push(members.length)
    if (next === undefined) break
    query = `?after=${next}`
  }
  expect(sizes).toEqual([1_000, 1_000, 501])
  expect(new Set(told).size).toBe(2_501)
  expect(told).toContain(me.id)
  await client.say({ id: 1, type: 'members', after: 'ME_2498' })
  const { members } = (await client.take('reply')) as unknown as { members: { id: string }[] }
  expect(members.every(({ id }) => id > 'ME_2498')).toBe(true)
})
