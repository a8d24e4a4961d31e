import type { Hit, Session } from '@maru/protocol'
import { onTestFinished, test } from 'vitest'
import { Member, RawClient, startRoomServer } from './room-harness.ts'

async function server(options: Parameters<typeof startRoomServer>[0] = {}) {
  const started = await startRoomServer(options)
  onTestFinished(() => started.close())
  return started
}

test('only who may does what it may: every verb by owner, author and another', async ({ expect }) => {
  const { url } = await server({ now: () => Date.now() * 1_000 })
  const owner = await new Member(url).come('hall', 'Olga')
  const author = await new Member(url).come('hall', 'Ana')
  const other = await new Member(url).come('hall', 'Ben')
  expect([owner, author, other].map(({ welcome }) => welcome.me.owner ?? false)).toEqual([true, false, false])
  const poll = { poll: { options: ['tea', 'coffee'] } }
  const rows: [string, object, { poll?: boolean }, string, string, string][] = [
    // verb, fields, kind of message; what owner, author and another hear
    ['edit', { text: 'better' }, {}, 'not_yours', 'reply', 'not_yours'],
    ['edit', { text: 'better' }, { poll: true }, 'not_yours', 'poll_fixed', 'not_yours'],
    ['delete', {}, {}, 'reply', 'reply', 'not_yours'],
    ['react', { emoji: '👍', on: true }, {}, 'reply', 'reply', 'reply'],
    ['vote', { options: [1] }, { poll: true }, 'reply', 'reply', 'reply'],
    ['vote', { options: [1] }, {}, 'not_a_poll', 'not_a_poll', 'not_a_poll'],
    ['closePoll', {}, { poll: true }, 'reply', 'reply', 'owner_only'],
    ['pin', { on: true }, {}, 'reply', 'owner_only', 'owner_only'],
  ]
  for (const [verb, fields, kind, ...expected] of rows)
    for (const [n, asker] of [owner, author, other].entries()) {
      const target = await author.write('a message', kind.poll ? poll : {})
      const answer = await asker.ask(verb, { ...fields, target })
      expect([verb, n, answer.type ?? answer]).toEqual([verb, n, expected[n]])
    }
  const me = other.welcome.me.id
  for (const [verb, fields] of [
    ['setTopic', { topic: 'tea' }],
    ['setRetention', { retention: { keep: 'days', days: 30 } }],
    ['makeOwner', { member: me }],
  ] as const) {
    expect(await other.ask(verb, fields)).toBe('owner_only')
    expect(await owner.ask(verb, fields)).toMatchObject({ type: 'reply', seq: expect.any(Number) })
    expect(await owner.ask(verb, fields)).not.toHaveProperty('seq')
  }
  // An owner from now on.
  expect(await other.ask('setTopic', { topic: '' })).toHaveProperty('seq')
  const late = await new Member(url).come('hall', 'Late')
  expect(late.welcome.room).toMatchObject({ topic: '', retention: { keep: 'days', days: 30 } })
  expect(late.welcome.people.filter(({ owner }) => owner).map(({ name }) => name)).toEqual(['Olga', 'Ben'])
})

test('every bad request of a verb says what, in which field', async ({ expect }) => {
  const { url } = await server({ now: () => Date.now() * 1_000 })
  const ana = await new Member(url).come('hall', 'Ana')
  const target = await ana.write('a message')
  const poll = await ana.write('tea?', { poll: { options: ['yes', 'no'] } })
  const closed = await ana.write('coffee?', { poll: { options: ['yes', 'no'] } })
  await ana.ask('closePoll', { target: closed })
  const gone = await ana.write('soon gone')
  await ana.ask('delete', { target: gone })
  const many = Array.from({ length: 21 }, (_, n) => String.fromCodePoint(0x1f600 + n))
  for (const emoji of many.slice(0, 20)) await ana.ask('react', { target, emoji, on: true })
  const cases: [string, object, string][] = [
    ['send', { clientId: '', text: 'x' }, 'bad_frame'],
    ['send', { clientId: 'c', text: 'x', replyTo: gone }, 'message_gone'],
    ['send', { clientId: 'c', text: 'x', replyTo: 999 }, 'message_gone'],
    ['send', { clientId: 'c', text: 'x', to: 'ME_nobody' }, 'member_unknown'],
    ['send', { clientId: 'c', text: 'x', to: ana.welcome.me.id }, 'member_unknown'],
    ['send', { clientId: 'c', text: 'x', poll: { options: ['one'] } }, 'bad_frame'],
    ['send', { clientId: 'c', text: 'x', poll: { options: ['one', ' '] } }, 'poll_bad'],
    ['send', { clientId: 'c', text: 'x', poll: { options: ['one', 'ONE'] } }, 'poll_bad'],
    ['send', { clientId: 'c', text: 'x', poll: { options: ['one', 'x'.repeat(201)] } }, 'poll_bad'],
    ['send', { clientId: 'c', text: '', files: [] }, 'text_empty'],
    ['edit', { target, text: ' ' }, 'text_empty'],
    ['edit', { target, text: 'x'.repeat(4_001) }, 'text_too_long'],
    ['edit', { target: gone, text: 'x' }, 'message_gone'],
    ['edit', { target: 1, text: 'x' }, 'message_gone'],
    ['delete', { target: gone }, 'message_gone'],
    ['delete', { target: 0 }, 'bad_frame'],
    ['react', { target, emoji: 'x', on: true }, 'emoji_bad'],
    ['react', { target, emoji: '👍👍', on: true }, 'emoji_bad'],
    ['react', { target, emoji: '', on: true }, 'emoji_bad'],
    ['react', { target, emoji: '<b>', on: true }, 'emoji_bad'],
    ['react', { target, emoji: many[20], on: true }, 'too_many_reactions'],
    ['vote', { target: poll, options: [2] }, 'poll_bad'],
    ['vote', { target: poll, options: [0, 1] }, 'poll_bad'],
    ['vote', { target: poll, options: [-1] }, 'bad_frame'],
    ['vote', { target: closed, options: [0] }, 'poll_closed'],
    ['closePoll', { target: closed }, 'poll_closed'],
    ['pin', { target: gone, on: true }, 'message_gone'],
    ['history', {}, 'history_bad'],
    ['history', { before: 1, after: 1 }, 'history_bad'],
    ['history', { before: 1, limit: 101 }, 'bad_frame'],
    ['lookUp', { targets: Array.from({ length: 101 }, (_, n) => n + 1) }, 'bad_frame'],
    ['search', { query: '  ' }, 'query_bad'],
    ['search', { query: '"" * !' }, 'query_bad'],
    ['search', { query: 'has:money' }, 'query_bad'],
    ['search', { query: 'kettle g*' }, 'query_bad'],
    ['search', { query: 'Ä*' }, 'query_bad'],
    ['search', { query: 'before:yesterday' }, 'query_bad'],
    ['search', { query: 'from:' }, 'query_bad'],
    ['search', { query: 'from:nobody' }, 'query_bad'],
    ['search', { query: 'from:ana from:nobody kettle' }, 'query_bad'],
    ['search', { query: 'x'.repeat(201) }, 'bad_frame'],
    ['setTopic', { topic: 'x'.repeat(251) }, 'topic_too_long'],
    ['setRetention', { retention: { keep: 'days', days: 0 } }, 'bad_frame'],
    ['setRetention', { retention: { keep: 'some' } }, 'bad_frame'],
    ['makeOwner', { member: 'ME_nobody' }, 'member_unknown'],
    ['endSession', { session: 'SE_nobody' }, 'session_unknown'],
    ['markRead', { seq: -1 }, 'bad_frame'],
  ]
  // Each on a connection of its own: after some frames that cannot be read a connection is closed.
  for (const [verb, fields, code] of cases) {
    const asker = await new Member(url).come('hall', 'Ana', { token: ana.welcome.token })
    expect([verb, fields, await asker.ask(verb, fields)]).toEqual([verb, fields, code])
    asker.socket.terminate()
  }
})

test('who did not hear the first answer is the same member when they come again', async ({ expect }) => {
  const { url, storage } = await server()
  const newToken = '5'.repeat(64)
  const lost = await new Member(url).come('hall', 'Ana', { newToken })
  expect(lost.welcome).toMatchObject({ token: newToken, me: { owner: true } })
  lost.socket.terminate()
  // An old token that this server does not know changes nothing.
  const ana = await new Member(url).come('hall', 'Ana', { token: '4'.repeat(64), newToken })
  expect(ana.welcome).toMatchObject({ token: newToken, me: lost.welcome.me })
  const { code } = await ana.ask('transfer')
  const laptop = { transfer: code, newToken: '6'.repeat(64) }
  const unheard = await new Member(url).come('hall', 'Ana', laptop)
  unheard.socket.terminate()
  const heard = await new Member(url).come('hall', 'Ana', laptop)
  expect(heard.welcome).toMatchObject({ token: laptop.newToken, me: ana.welcome.me })
  expect((await heard.ask('sessions')).sessions).toHaveLength(2)

  const twice = { newToken: '7'.repeat(64) }
  const [one, other] = [new RawClient(url), new RawClient(url)]
  await Promise.all(
    [one, other].map((each) => each.say({ type: 'hello', version: 1, room: 'hall', name: 'Ben', ...twice })),
  )
  const ids = (await Promise.all([one, other].map((each) => each.take('welcome')))).map(({ me }) => me.id)
  expect(ids[0]).toBe(ids[1])
  const names = storage.read.memberships.page(storage.read.rooms.find('hall') ?? 0, '', 9).map(({ name }) => name)
  expect(names.toSorted()).toEqual(['Ana', 'Ben'])
})

test('a member is known on a second device by a code, sees both and ends one', async ({ expect }) => {
  let time = 1_000_000
  const { url } = await server({ now: () => time })
  const phone = await new Member(url).come('hall', 'Ana', { device: 'Phone\u0007' })
  const { code, expiresAt } = await phone.ask('transfer')
  expect(expiresAt).toBe(time + 300_000)
  const laptop = await new Member(url).come('hall', 'Ana', { transfer: code, device: 'Laptop' })
  expect(laptop.welcome.me).toEqual(phone.welcome.me)
  expect(laptop.welcome.token).not.toBe(phone.welcome.token)
  expect(laptop.welcome.people).toHaveLength(1)
  // Once only, and not when it is old.
  const thief = new RawClient(url)
  await thief.say({ type: 'hello', version: 1, room: 'hall', name: 'Eve', transfer: code })
  expect(await thief.take('error')).toMatchObject({ code: 'transfer_bad', field: 'transfer' })
  const late = (await phone.ask('transfer')).code
  time += 300_001
  const slow = new RawClient(url)
  await slow.say({ type: 'hello', version: 1, room: 'hall', name: 'Ana', transfer: late })
  expect((await slow.take('error')).code).toBe('transfer_bad')
  // Both hear, both speak as the same member.
  await laptop.write('from the laptop')
  while ((await phone.take('entry')).entry.kind !== 'message');
  const { sessions } = (await laptop.ask('sessions')) as { sessions: Session[] }
  expect(sessions.map(({ device, current }) => [device, current]).toSorted()).toEqual([
    ['Laptop', true],
    ['Phone', false],
  ])
  const other = sessions.find(({ current }) => !current)
  expect(await laptop.ask('endSession', { session: other?.id })).toMatchObject({ type: 'reply' })
  await phone.take('ended')
  expect((await phone.gone()).code).toBe(4004)
  const again = await new Member(url).come('hall', 'Ana', { token: phone.welcome.token })
  expect(again.welcome.me.id).not.toBe(phone.welcome.me.id)
})

test('who wishes to be forgotten leaves traces without a name, and the token is worth nothing', async ({ expect }) => {
  const { url, storage, http } = await server({ now: () => Date.now() * 1_000 })
  const ana = await new Member(url).come('hall', 'Ana')
  const ben = await new Member(url).come('hall', 'Ben')
  const mine = await ana.write('my secret', { to: ben.welcome.me.id })
  const public_ = await ana.write('hello @Ben')
  const his = await ben.write('answer', { replyTo: public_ })
  await ana.ask('react', { target: his, emoji: '👍', on: true })
  expect(await ana.ask('forgetMe')).toMatchObject({ type: 'reply' })
  await ana.take('ended')
  expect((await ana.gone()).code).toBe(4004)
  const fresh = await new Member(url).come('hall', 'Ben', { token: ben.welcome.token })
  const entries = fresh.welcome.entries.filter((entry) => entry.kind === 'message')
  expect(entries.map(({ seq, name, text, deleted = false }) => [seq, name, text, deleted])).toEqual([
    [mine, '', '', true],
    [public_, '', '', true],
    [his, 'Ben', 'answer', false],
  ])
  expect(entries[2]).not.toHaveProperty('reactions')
  expect(JSON.stringify(fresh.welcome)).not.toContain('Ana')
  expect((await fresh.ask('search', { query: 'hello' })).hits).toEqual([])
  const answer = await fetch(`${http}/api/rooms`, { headers: { authorization: `Bearer ${ana.welcome.token}` } })
  expect(answer.status).toBe(401)
  // The room is not without an owner for long.
  expect(fresh.welcome.me.owner).toBe(true)
  expect(storage.read.members.find(ana.welcome.me.id)).toBeUndefined()
})

test('what is searched for is found, newest first and marked, and nothing else', async ({ expect }) => {
  const { url, storage } = await server({ now: () => Date.now() * 1_000 })
  const ana = await new Member(url).come('hall', 'Ana')
  const ben = await new Member(url).come('hall', 'Ben')
  const cy = await new Member(url).come('hall', 'Cy')
  const texts = [
    'The quick brown fox',
    'a Quick-witted café owner, quickly',
    '음성 통화와 화상 통화가 됩니다',
    '회의는 내일 오후에 합니다',
    '日本語のテストです',
    'fox brown quick',
    'emoji 👨‍👩‍👧 deployment',
    'In der Straße ﬁnden: STRAẞENFEST',
    'ΟΔΟΣ, οδός',
  ]
  for (const text of texts) await ana.write(text)
  await ana.write('only for Ben: quick', { to: ben.welcome.me.id })
  const later = await ben.write('from Ben: quick')
  const found = async (who: Member, query: string) => {
    const { hits } = (await who.ask('search', { query })) as { hits: Hit[] }
    return hits.map(({ message, marks }) =>
      message.text.length > 0 ? marks.map(([start, end]) => message.text.slice(start, end)).join('|') : '',
    )
  }
  const cases: [string, string[]][] = [
    ['quick', ['quick', 'quick', 'Quick', 'quick']],
    ['QUICK fox', ['fox|quick', 'quick|fox']],
    ['"quick brown"', ['quick brown']],
    ['quick*', ['quick', 'quick', 'Quick|quick', 'quick']],
    ['cafe', ['café']],
    ['통화', ['통화|통화']],
    ['음성통화', []],
    ['화상', ['화상']],
    ['내일 회의', ['회의|내일']],
    ['통', ['통|통']],
    ['テスト', ['テスト']],
    ['本語', ['本語']],
    ['deploy*', ['deploy']],
    ['deploy', []],
    ['from:ben quick', ['quick']],
    ['strasse', ['Straße']],
    ['STRASSE', ['Straße']],
    ['straße', ['Straße']],
    ['stras*', ['Straß|STRAẞ']],
    ['strassenfest finden', ['ﬁnden|STRAẞENFEST']],
    ['"straße ﬁnden"', ['Straße ﬁnden']],
    ['fin', []],
    ['οδος', ['ΟΔΟΣ|οδός']],
    ['ΟΔΌΣ', ['ΟΔΟΣ|οδός']],
    ['has:file', []],
    ['before:2020-01-01 quick', []],
    ['after:2020-01-01 brown', ['brown', 'brown']],
    ['quick" OR NEAR(*', []],
    ["'; drop table entry; --", []],
    ['body : scope', []],
    ['room1', []],
  ]
  for (const [query, expected] of cases) expect([query, await found(cy, query)]).toEqual([query, expected])
  expect(await found(ben, 'quick')).toHaveLength(5)
  // Edited and deleted, it is found as it is now.
  await ben.ask('edit', { target: later, text: 'slow instead' })
  expect(await found(cy, 'from:ben quick')).toEqual([])
  expect(await found(cy, 'slow')).toEqual(['slow'])
  await ben.ask('delete', { target: later })
  expect(await found(cy, 'slow')).toEqual([])
  const page = await cy.ask('search', { query: 'quick', limit: 1 })
  expect([page.hits.length, page.hasOlder]).toEqual([1, true])
  const next = await cy.ask('search', { query: 'quick', limit: 5, before: page.hits[0].message.seq })
  expect(next.hits).toHaveLength(2)
  // Another room's words are another room's.
  const attic = await new Member(url).come('attic', 'Ana')
  expect(await found(attic, 'quick')).toEqual([])
  expect(storage.read.rooms.count()).toBe(2)
})

test('unread messages are counted from the read mark on, mentions apart, in every room', async ({ expect }) => {
  const { url, http } = await server({ now: () => Date.now() * 1_000 })
  const ana = await new Member(url).come('hall', 'Ana')
  const ben = await new Member(url).come('hall', 'Ben')
  ana.socket.terminate()
  await ana.gone()
  await ben.write('one')
  const second = await ben.write('two @Ana and @ana')
  await ben.write('@everyone three')
  await ben.write('not code: `@Ana`, nor a mail: ben@Ana')
  const back = await new Member(url).come('hall', 'Ana', { token: ana.welcome.token })
  expect(back.welcome.unread).toEqual({ messages: 4, mentions: 2 })
  expect((await back.ask('markRead', { seq: second })).unread).toEqual({ messages: 2, mentions: 1 })
  expect(await ben.take('read')).toEqual({ type: 'read', member: ana.welcome.me.id, seq: second })
  expect((await back.ask('markRead', { seq: 1 })).seq).toBe(second)
  const listed = async () => {
    const asked = await fetch(`${http}/api/rooms`, { headers: { authorization: `Bearer ${ana.welcome.token}` } })
    return (await asked.json()).rooms
  }
  const last = { text: expect.stringContaining('mail') }
  expect(await listed()).toMatchObject([{ room: 'hall', unread: { messages: 2, mentions: 1 }, last }])
  expect((await back.ask('markRead', { seq: 1e9 })).unread).toEqual({ messages: 0, mentions: 0 })
  expect(await listed()).toMatchObject([{ room: 'hall', unread: { messages: 0, mentions: 0 }, last }])
})

test('a room keeps what its owner says, and each sees what it keeps for them', async ({ expect }) => {
  let time = 1_000_000_000
  const { url, storage } = await server({ now: () => time })
  const owner = await new Member(url).come('hall', 'Olga')
  await owner.write('before Ben came')
  const ben = await new Member(url).come('hall', 'Ben')
  await owner.ask('setRetention', { retention: { keep: 'joined' } })
  await owner.write('after Ben came')
  const said = async (who: Member) =>
    (await who.ask('history', { before: 1_000 })).entries.flatMap(({ text = '' }) => (text ? [text] : []))
  expect(await said(ben)).toEqual(['after Ben came'])
  expect(await said(owner)).toEqual(['before Ben came', 'after Ben came'])
  expect((await ben.ask('search', { query: 'before' })).hits).toEqual([])
  expect(await ben.ask('react', { target: 2, emoji: '👍', on: true })).toBe('message_gone')
  time += 2 * 86_400_000
  await owner.write('today')
  await owner.ask('setRetention', { retention: { keep: 'days', days: 1 } })
  // So much time that nobody asks in haste.
  while ((await said(owner)).length > 1) time += 1_000
  expect(await said(owner)).toEqual(['today'])
  expect((await owner.ask('search', { query: 'before' })).hits).toEqual([])
  const fresh = await new Member(url).come('hall', 'Cy')
  expect(fresh.welcome.room.expired).toBeGreaterThan(3)
  expect(storage.read.entries.changesAfter({ roomId: 1, reader: '', from: 0 }, 0, 100)[0]?.at).toBeGreaterThan(
    time - 86_400_000,
  )
})
