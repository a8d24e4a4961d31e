import { readFileSync, writeFileSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import type { Message } from '@maru/protocol'
import { onTestFinished, test } from 'vitest'
import { join, temporaryFolder, until } from '../../server/test/room-harness.ts'
import { encryptedFront, server, Terminal, temporaryHome } from './terminal.ts'

const messages = (entries: readonly { kind: string }[]) => entries.filter(({ kind }) => kind === 'message') as Message[]

test('answers, edits, finds, sends a file by its path and saves one', async ({ expect }) => {
  const { url, port } = await server()
  const ana = join(url, 'Ana')
  onTestFinished(() => ana.close())
  ana.send('who brings tea?')
  await until(ana, ({ pending }) => pending.length === 0)
  const home = temporaryHome()
  const ben = new Terminal([`127.0.0.1:${port}`, '--name', 'Ben'], home)
  await ben.shows('#2 Ana: who brings tea?')
  await ben.shows('Here: Ana, Ben *')

  ben.type('/reply I do')
  const { entries } = await until(ana, (state) => messages(state.entries).length === 2)
  const answer = messages(entries)[1] as Message
  expect(answer).toMatchObject({ text: 'I do', replyTo: { seq: 2 } })
  await ben.shows(`#${answer.seq} Ben: > Ana: who brings tea?\n      I do`)
  ben.type('/edit I do not')
  await until(ana, (state) => messages(state.entries)[1]?.text === 'I do not')
  await ben.shows('I do not (edited)')
  ben.type('/edit #2 not mine')
  await ben.shows('Only who wrote the message may do this.')
  ben.type('/search tea')
  await ben.shows('1 found.')
  ben.type('/search nothing-like-it')
  await ben.shows('Nothing was found.')

  writeFileSync(joinPath(home, 'two words.txt'), 'a list')
  ben.type('/send "two words.txt" the list')
  const file = await until(ana, (state) => messages(state.entries).some(({ files }) => files !== undefined))
  const sent = messages(file.entries).at(-1) as Message
  expect(sent).toMatchObject({ text: 'the list', files: [{ name: 'two words.txt', type: 'text/plain', size: 6 }] })
  await ben.shows('the list [two words.txt, 1 KB]')
  ben.type(`/save #${sent.seq} copy.txt`)
  await ben.shows('two words.txt is saved as copy.txt')
  expect(readFileSync(joinPath(home, 'copy.txt'), 'utf8')).toBe('a list')
  ben.type('/save copy.txt')
  await ben.shows('copy.txt is there already.')
  ben.type('/send nowhere.txt')
  await ben.shows('The file nowhere.txt cannot be read.')
  ben.type('/save #2')
  await ben.shows('That message has no files.')
  for (const [line, shown] of [
    ['/reply', 'Type the answer'],
    ['/edit', 'Type the new text'],
    ['/search', 'Type what to look for'],
    ['/send', 'Type the path'],
  ] as const) {
    ben.type(line)
    await ben.shows(shown)
  }
  ben.type('/quit')
  expect(await ben.exited).toBe(0)
})

test('what a command lacks, or cannot be done with, is said: what, why and what to type instead', async ({
  expect,
}) => {
  const { url, port } = await server()
  const ben = new Terminal([`127.0.0.1:${port}`, '--name', 'Ben'])
  await ben.shows('Here: Ben *')
  for (const [line, shown] of [
    ['/reply yes', 'There is no message of somebody else here to answer.'],
    ['/reply', 'Type the answer'],
    ['/reply #1', 'Type the answer'],
    ['/reply #99 yes', 'Not sent: "yes". This message does not exist or was deleted.'],
    ['/edit better', 'There is no message of yours here to edit.'],
    ['/edit #99 better', 'This message does not exist or was deleted.'],
    ['/delete', 'Give the number of your message behind /delete'],
    ['/delete that', 'Give the number of your message behind /delete'],
    ['/delete #99', 'This message does not exist or was deleted.'],
    ['/me', 'Type what you do behind /me'],
    ['/msg', 'Type a name and what only they shall read'],
    ['/msg Ana hello', 'You are the only member of this room'],
    ['/search', 'Type what to look for'],
    ['/search "', 'Type a word of what you look for.'],
    ['/search bread', 'Nothing was found.'],
    ['/search before:soon', '2026-07-14'],
    ['/send', 'Type the path'],
    ['/save', 'No message here has files.'],
    ['/save #99', 'That message has no files.'],
  ] as const) {
    ben.output = ''
    ben.type(line)
    await ben.shows(shown)
  }
  const ana = join(url, 'Ana')
  onTestFinished(() => ana.close())
  ana.send('bread?')
  ana.send({ text: 'Where?', poll: { options: ['Here', 'There'] } })
  await ben.shows('Ana: Where? [1] Here [2] There')
  const [bread] = messages((await until(ana, (state) => messages(state.entries).length === 2)).entries)
  for (const [line, shown] of [
    ['/edit better', 'There is no message of yours here to edit.'],
    [`/edit #${bread?.seq} better`, 'Only who wrote the message may do this.'],
    ['/msg Anabel hello', 'Nobody in this room has that name. You can write to: Ana'],
    ['/msg @Ana', 'Type a name and what only they shall read'],
    ['/msg ana see you', 'Ben: (only for Ana) see you'],
    ['/me waves', 'Ben: * waves'],
    [`/delete #${bread?.seq}`, 'Ana: (deleted)'],
    [`/reply #${bread?.seq} yes`, 'Not sent: "yes". This message does not exist or was deleted.'],
  ] as const) {
    ben.output = ''
    ben.type(line)
    await ben.shows(shown)
  }
  // Who writes alone may be answered alone.
  const { entries } = await until(ana, (state) => messages(state.entries).some(({ text }) => text === 'see you'))
  expect(messages(entries).find(({ text }) => text === 'see you')).toMatchObject({ to: { name: 'Ana' } })
  ben.type('/quit')
  expect(await ben.exited).toBe(0)
})

test('asks, votes, pins, and says how a poll stands', async ({ expect }) => {
  const { url, port } = await server()
  const ben = new Terminal([`127.0.0.1:${port}`, '--name', 'Ben'])
  await ben.shows('Here: Ben *')
  const ana = join(url, 'Ana')
  onTestFinished(() => ana.close())
  ben.type('/poll Where? | Here | There')
  const [asked] = messages((await until(ana, (state) => messages(state.entries).length === 1)).entries)
  expect(asked).toMatchObject({ text: 'Where?', poll: { options: ['Here', 'There'] } })
  const seq = asked?.seq ?? 0
  await ana.ask<'vote'>({ type: 'vote', target: seq, options: [0] })
  ana.send('bread?')
  await ben.shows('bread?')
  for (const [line, shown] of [
    ['/vote', 'Ben: Where? [1] Here (1) [2] There'],
    ['/vote 2', 'Ben: Where? [1] Here (1) [2] There (1)'],
    [`/vote #${seq} 1`, 'Ben: Where? [1] Here (2) [2] There'],
    [`/vote #${seq} 1 2`, 'Only one option of this poll can be chosen.'],
    [`/vote #${seq} 3`, 'The poll has no such option.'],
    ['/vote Here', 'Give the number of your option behind /vote'],
    [`/vote #${seq + 99} 1`, 'This message does not exist or was deleted.'],
    ['/poll Where?', 'Type a question and at least two options'],
    ['/poll Where? | Here | here', 'The poll has the same option twice.'],
    ['/pins', 'Nothing is pinned.'],
    ['/pin', 'Give the number of a message behind /pin: /pin #12.'],
    [`/pin #${seq}`, `* Ben pinned #${seq}`],
    ['/pins', `#${seq} Ben: Where? [1] Here (2) [2] There`],
    [`/unpin #${seq}`, `* Ben took the pin off #${seq}`],
    ['/unpin', 'Give the number of a message behind /unpin: /unpin #12.'],
    ['/help', '/unpin #12'],
  ] as const) {
    ben.output = ''
    ben.type(line)
    await ben.shows(shown)
  }
  ben.type('/quit')
  expect(await ben.exited).toBe(0)
  const late = new Terminal([`127.0.0.1:${port}`, '--name', 'Cem'], temporaryHome(), { LC_ALL: 'ko_KR.UTF-8' })
  await late.shows('지금 있는 사람')
  late.type(`/pin #${seq}`)
  await late.shows('방 주인만 할 수 있습니다.')
  late.type('/vote 5')
  await late.shows('투표의 보기가 맞지 않습니다.')
})

test('what else changes in the room is told: its topic, owners, what is kept and what is pinned', async ({
  expect,
}) => {
  const { url, port } = await server()
  const ana = join(url, 'Ana')
  onTestFinished(() => ana.close())
  ana.send('bread?')
  const ben = new Terminal([`127.0.0.1:${port}`, '--name', 'Ben'])
  await ben.shows('Here: Ana, Ben *')
  const isThere = (state: ReturnType<typeof ana.state>) =>
    state.people.length === 2 && messages(state.entries).length === 1
  const { entries, people } = await until(ana, isThere)
  const target = messages(entries)[0]?.seq ?? 0
  await ana.ask<'setTopic'>({ type: 'setTopic', topic: 'Bread' })
  await ana.ask<'setTopic'>({ type: 'setTopic', topic: '' })
  await ana.ask<'pin'>({ type: 'pin', target, on: true })
  await ana.ask<'pin'>({ type: 'pin', target, on: false })
  const member = people.find(({ name }) => name === 'Ben')?.id ?? ''
  await ana.ask<'makeOwner'>({ type: 'makeOwner', member })
  await ana.ask<'setRetention'>({ type: 'setRetention', retention: { keep: 'days', days: 30 } })
  await ben.shows('Ana changed how long messages are kept')
  for (const line of [
    'Ana set the topic: Bread',
    'Ana took the topic away',
    `Ana pinned #${target}`,
    `Ana took the pin off #${target}`,
    'Ana made Ben an owner too',
  ])
    expect(ben.output).toContain(`* ${line}`)
  ben.interrupt()
  await ben.exited
})

test('files go up and come down whole over a certificate that nobody vouches for', async ({ expect }) => {
  const { port } = await server({ fileBytes: 5e6 })
  const home = temporaryHome()
  const ben = new Terminal([`127.0.0.1:${await encryptedFront(port)}`, '--name', 'Ben'], home)
  await ben.shows('Here: Ben *')
  // More than one piece.
  const content = Buffer.from(Uint32Array.from({ length: 600_000 }, (_, index) => index * 2_654_435_761).buffer)
  writeFileSync(joinPath(home, 'film.bin'), content)
  ben.type('/send film.bin the film')
  await ben.shows('the film [film.bin, 2400 KB]')
  ben.type('/save copy.bin')
  await ben.shows('film.bin is saved as copy.bin')
  expect(readFileSync(joinPath(home, 'copy.bin')).equals(content)).toBe(true)
  ben.type('/quit')
  expect(await ben.exited).toBe(0)
})

test('who comes again is the same member, and what waited when the program ended is sent then, once', async ({
  expect,
}) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  const home = temporaryHome()
  const first = await server({ file: folder.file })
  const { port } = first
  const before = new Terminal([`127.0.0.1:${port}`, '--name', 'Ana'], home)
  await before.shows('Here: Ana *')
  before.type('said while it ran')
  await before.shows('Ana: said while it ran')
  await first.close()
  await before.shows('The server is gone.')
  before.type('one')
  before.type('two')
  await before.shows('two (waits for the server)')
  before.interrupt()
  expect(await before.exited).toBe(1)
  expect(before.output).toContain('2 not sent yet: kept here')

  const second = await server({ file: folder.file, port })
  const watcher = join(second.url, 'Watcher')
  onTestFinished(() => watcher.close())
  await until(watcher, ({ connection }) => connection === 'open')
  const after = new Terminal([`127.0.0.1:${port}`, '--name', 'Ana'], home)
  await after.shows('2 from last time')
  await after.shows('Ana: two')
  const { entries } = await until(watcher, (state) => messages(state.entries).length === 3)
  expect(messages(entries).map(({ text }) => text)).toEqual(['said while it ran', 'one', 'two'])
  expect(new Set(messages(entries).map(({ member }) => member)).size).toBe(1)
  after.type('/quit')
  expect(await after.exited).toBe(0)
  // Another nickname on the same computer is somebody else.
  const ben = new Terminal([`127.0.0.1:${port}`, '--name', 'Ben'], home)
  await ben.shows('Ben has joined')
  expect(ben.output).not.toContain('from last time')
  ben.interrupt()
  await ben.exited
})

test('only what is really left out is said to be: not after changes and what others say in private', async ({
  expect,
}) => {
  const { url, port, storage, bus } = await server()
  const ana = join(url, 'Ana')
  onTestFinished(() => ana.close())
  ana.send('with a mistake')
  const said = await until(ana, (state) => messages(state.entries).length === 1)
  const ben = new Terminal([`127.0.0.1:${port}`, '--name', 'Ben'])
  await ben.shows('Ben has joined')
  const seq = messages(said.entries)[0]?.seq ?? 0
  await ana.ask<'edit'>({ type: 'edit', target: seq, text: 'without' })
  ana.send('and one more')
  await ben.shows('Ana: and one more')
  expect(ben.output).not.toContain('not shown')

  // Nobody hears of these, as if the connection had been away.
  const say = (text: string) =>
    storage.write(({ rooms, entries }) =>
      entries.append(rooms.ensure('hall'), { kind: 'message', member: 'ME_c', name: 'Cem', clientId: text, text }),
    )
  await Promise.all(Array.from({ length: 600 }, (_, n) => say(`missed ${n}`)))
  bus.publish({ type: 'entryAdded', room: 'hall', ...(await say('the last')) })
  await ben.shows('-- some messages are not shown; /older brings them --')
  await ben.shows('Cem: the last')
})

test('a file is sent from the own folder', async ({ expect }) => {
  const { url, port } = await server()
  const ana = join(url, 'Ana')
  onTestFinished(() => ana.close())
  const home = temporaryHome()
  writeFileSync(joinPath(home, 'a b.txt'), 'a list')
  const ben = new Terminal([`127.0.0.1:${port}`, '--name', 'Ben'], home, { HOME: home, USERPROFILE: home })
  await ben.shows('Here: ')
  ben.type('/send ~/a\\ b.txt the list')
  const { entries } = await until(ana, (state) => messages(state.entries).length === 1)
  expect(messages(entries)[0]).toMatchObject({ text: 'the list', files: [{ name: 'a b.txt', size: 6 }] })
  ben.type('/send ~ my folder')
  await ben.shows(`The file ${home} cannot be read. Is the path right?`)
})
