import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { join, temporaryFolder, until } from '../../server/test/room-harness.ts'
import { encryptedFront, server, Terminal } from './terminal.ts'

test('history, who is here, lines both ways, another nickname, and leaving', async ({ expect }) => {
  const { url, port } = await server()
  const ana = join(url, 'Ana')
  onTestFinished(() => ana.close())
  ana.send('before you came')
  await until(ana, ({ pending }) => pending.length === 0)
  const ben = new Terminal([`127.0.0.1:${port}`, '--name', 'Ben'])
  await ben.shows('Here: Ana, Ben *')
  await ben.shows('Ben has joined')
  expect(ben.output).toContain('Ana: before you came')
  ana.send('두 줄\n입니다')
  await ben.shows('Ana: 두 줄\n      입니다')
  ben.type('hello Ana')
  await until(ana, ({ entries }) => entries.some((entry) => entry.kind === 'message' && entry.text === 'hello Ana'))
  ben.type('/name Benjamin')
  await ben.shows('Ben is now Benjamin')
  ben.type('/name')
  await ben.shows('Type the new nickname')
  ben.type('x'.repeat(4001))
  await ben.shows('A message has at most 4000 characters; this one has 4001.')
  ben.type('/dance')
  await ben.shows('There is no command /dance.')
  ben.type('/older')
  await ben.shows('This is the beginning of the room.')
  ben.type('{quit}')
  expect(await ben.exited).toBe(0)
  const state = await until(ana, ({ people }) => people.length === 1)
  expect(state.people[0]?.name).toBe('Ana')
})

test('a pipe says everything and leaves', async ({ expect }) => {
  const { url, port } = await server()
  const ana = join(url, 'Ana')
  onTestFinished(() => ana.close())
  await until(ana, ({ connection }) => connection === 'open')
  const pipe = new Terminal([`http://127.0.0.1:${port}/r/hall`, '--name', 'Pipe'])
  for (const line of ['one', 'two', 'three']) pipe.type(line)
  pipe.end()
  expect(await pipe.exited).toBe(0)
  const { entries } = await until(ana, (state) => state.entries.at(-1)?.kind === 'left')
  expect(entries.flatMap((entry) => (entry.kind === 'message' ? [entry.text] : []))).toEqual(['one', 'two', 'three'])
})

test('the server going away is said, and what was typed meanwhile is sent when it is back', async ({ expect }) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  const first = await server({ file: folder.file })
  const { port } = first
  const ana = new Terminal([`127.0.0.1:${port}`, '--name', 'Ana'])
  await ana.shows('Here: Ana *')
  await first.close()
  await ana.shows('The server is gone.')
  ana.type('are you there?')
  await ana.shows('are you there? (waits for the server)')
  await server({ file: folder.file, port })
  await ana.shows('The server is back.')
  await ana.shows('Ana: are you there?')
  expect(ana.output.match(/has joined/g)).toHaveLength(1)
  ana.interrupt()
  expect(await ana.exited).toBe(0)
  expect(ana.output).toContain('You have left the room.')
})

test('an encrypted server that nobody vouches for is joined with a note', async ({ expect }) => {
  const { port } = await server()
  const ana = new Terminal([`127.0.0.1:${await encryptedFront(port)}`, '--name', 'Ana'])
  await ana.shows('Here: Ana *')
  expect(ana.output).toContain("this server's certificate is not one this computer trusts")
  ana.interrupt()
  expect(await ana.exited).toBe(0)
})

test('a wrong address, room or nickname and a server that is none each have their own words', async ({ expect }) => {
  const other = createServer((_request, response) => response.writeHead(404).end())
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  for (const [values, code, text] of [
    [[], 2, 'an address is missing'],
    [['ftp://x'], 2, '"ftp://x" is not an address'],
    [['127.0.0.1:1'], 1, 'Nobody answers at 127.0.0.1:1 (ECONNREFUSED)'],
    [[`http://127.0.0.1:${port}`], 1, 'but it is not Maru'],
    [['127.0.0.1:1', '--room', 'a/b'], 2, 'A room name has only letters'],
    [['127.0.0.1:1', '--name', 'x'.repeat(41)], 2, 'A nickname has at most 40 characters'],
    [['127.0.0.1:1', '--loud'], 2, 'There is no option --loud.'],
  ] as const) {
    const terminal = new Terminal(values)
    expect([values, await terminal.exited]).toEqual([values, code])
    expect(terminal.output).toContain(text)
    expect(terminal.output).not.toMatch(/ {4}at /)
  }
})

test('a server cannot steer the terminal, neither with a room nor with a refusal', async ({ expect }) => {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(sockets, 'listening')
  onTestFinished(() => void sockets.close())
  const me = { id: 'ME_1', name: 'Ana' }
  const welcome = {
    type: 'welcome',
    version: 1,
    me,
    room: { name: '\x1b[31mhall', topic: '', retention: { keep: 'all' }, expired: 0, pinned: [] },
    people: [me],
    call: [],
    entries: [],
  }
  const more = { hasOlder: false, reset: true, cursor: 0, read: 0, unread: { messages: 0, mentions: 0 }, reads: [] }
  const limits = { text: 4000, name: 40, file: 0 }
  sockets.on('connection', (socket) =>
    socket.on('message', (data) => {
      const { type, id } = JSON.parse(String(data))
      if (type === 'hello') socket.send(JSON.stringify({ ...welcome, ...more, limits }))
      if (type === 'rename')
        socket.send(JSON.stringify({ type: 'error', id, code: 'name_empty', message: '\x1b[2Jno\x9b1m' }))
    }),
  )
  const { port } = sockets.address() as AddressInfo
  const ana = new Terminal([`ws://127.0.0.1:${port}`, '--name', 'Ana'])
  await ana.shows('[31mhall')
  ana.type('/name Bo')
  await ana.shows('[2Jno1m')
  expect(ana.output).not.toMatch(/[^\P{Cc}\n]/u)
  ana.interrupt()
  expect(await ana.exited).toBe(0)
})
