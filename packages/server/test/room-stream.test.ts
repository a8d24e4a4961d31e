import { type AddressInfo, connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net'
import { openEventStream } from '@maru/client'
import { onTestFinished, test } from 'vitest'
import { createTimers, join, startRoomServer, until } from './room-harness.ts'

async function server(options: Parameters<typeof startRoomServer>[0] = {}) {
  const started = await startRoomServer(options)
  onTestFinished(() => started.close())
  return started
}

test('over an event stream a room is the same room', async ({ expect }) => {
  const { url, room } = await server()
  const ana = join(url, 'Ana', { connect: (address) => openEventStream(address) })
  const ben = join(url, 'Ben')
  await until(ana, ({ people }) => people.length === 2)
  await until(ben, ({ connection }) => connection === 'open')
  ana.send('줄\n바꿈 and data: x\n\nevent: close')
  ana.send('second')
  ben.send('third')
  const last = await until(ana, (state) => state.entries.filter(({ kind }) => kind === 'message').length === 3)
  const same = await until(ben, (state) => state.entries.filter(({ kind }) => kind === 'message').length === 3)
  expect(last.entries).toEqual(same.entries)
  expect(last.pending).toEqual([])
  await ana.rename('Anna')
  await until(ben, ({ people }) => people.some(({ name }) => name === 'Anna'))
  ana.close()
  const after = await until(ben, ({ people }) => people.length === 1)
  expect(after.people[0]?.name).toBe('Ben')
  ben.close()
  while (room.connections() > 0) await new Promise(setImmediate)
})

test('a stream that is lost is taken up by its cursor, and one that is replaced says so', async ({ expect }) => {
  const { url, storage } = await server()
  const streams: AbortController[] = []
  const breaking: typeof fetch = (input, init) => {
    const stream = new AbortController()
    if (String(input).endsWith('/stream')) streams.push(stream)
    return fetch(input, { ...init, signal: AbortSignal.any([stream.signal, ...(init?.signal ? [init.signal] : [])]) })
  }
  let token: string | undefined
  const connect = (address: string) => openEventStream(address, breaking)
  const ana = join(url, 'Ana', { connect, onToken: (fresh) => (token = fresh) })
  onTestFinished(() => ana.close())
  await until(ana, ({ connection }) => connection === 'open')
  for (let n = 1; n <= 20; n += 1) {
    ana.send(`${n}`)
    if (n % 5 === 0) streams.at(-1)?.abort()
    if (n % 5 === 0) await until(ana, ({ connection }) => connection === 'open')
  }
  const state = await until(ana, ({ pending }) => pending.length === 0)
  const texts = state.entries.flatMap((line) => (line.kind === 'message' ? [line.text] : []))
  expect(texts).toEqual(Array.from({ length: 20 }, (_, n) => `${n + 1}`))
  expect(storage.read.rooms.count()).toBe(1)
  const second = join(url, 'Ana', { connect, token })
  onTestFinished(() => second.close())
  expect((await until(ana, ({ connection }) => connection === 'closed')).problem?.code).toBe('replaced')
})

/** Carries TCP to a port. What is open can be silenced: nothing passes any more, and nobody is told. */
async function gate(port: number) {
  const open = new Set<Socket>()
  const server = createTcpServer((front) => {
    const back = connectTcp(port, '127.0.0.1')
    for (const socket of [front, back]) {
      open.add(socket)
      socket.on('error', () => {}).on('close', () => open.delete(socket))
    }
    front.pipe(back).pipe(front)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  const silence = () => {
    for (const socket of open) socket.unpipe().pause()
  }
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/socket`, silence }
}

test('a stream that dies without a word is noticed by the missing answer, and taken up by its cursor', async ({
  expect,
}) => {
  const { url, port } = await server()
  const { url: through, silence } = await gate(port)
  const timers = createTimers()
  const hellos: { cursor?: number }[] = []
  const watched: typeof fetch = (input, init) => {
    if (String(input).endsWith('/stream')) hellos.push(JSON.parse(String(init?.body)))
    return fetch(input, init)
  }
  const connect = (address: string) => openEventStream(address, watched)
  const ana = join(through, 'Ana', { connect, schedule: timers.schedule, random: () => 0 })
  onTestFinished(() => ana.close())
  const ben = join(url, 'Ben')
  onTestFinished(() => ben.close())
  await until(ana, ({ people }) => people.length === 2)
  const spoke = async (text: string) => {
    ben.send(text)
    await until(ben, ({ pending }) => pending.length === 0)
  }
  await spoke('heard')
  const { cursor } = await until(ana, ({ entries }) => entries.length === 3)
  for (const round of [1, 2]) {
    silence()
    await spoke(`missed ${round}`)
    timers.run(25_000)
    expect(ana.state().connection).toBe('open')
    timers.run(10_000)
    expect(ana.state().connection).toBe('waiting')
    timers.run(250)
    await until(ana, (state) => state.connection === 'open' && state.entries.length === 3 + round)
  }
  const texts = ana.state().entries.flatMap((line) => (line.kind === 'message' ? [line.text] : []))
  expect(texts).toEqual(['heard', 'missed 1', 'missed 2'])
  expect(hellos.map((hello) => hello.cursor)).toEqual([undefined, cursor, cursor + 1])
})

test('more than one request can hold leaves in several, in order', async ({ expect }) => {
  const { url } = await server()
  let hold = Promise.withResolvers<void>()
  hold.resolve()
  const sizes: number[] = []
  const slow: typeof fetch = async (input, init) => {
    if (String(input).includes('/frames/')) {
      sizes.push(Buffer.byteLength(String(init?.body)))
      await hold.promise
    }
    return fetch(input, init)
  }
  const ana = join(url, 'Ana', { connect: (address) => openEventStream(address, slow) })
  onTestFinished(() => ana.close())
  await until(ana, ({ connection }) => connection === 'open')
  ana.send('first')
  const { entries } = await until(ana, ({ entries }) => entries.length === 2)
  const target = entries.at(-1)?.seq ?? 0
  hold = Promise.withResolvers()
  // As typed while a request hangs: 12 kB each.
  const edits = Array.from({ length: 9 }, (_, n) =>
    ana.ask<'edit'>({ type: 'edit', target, text: `${n}${'가'.repeat(3_999)}` }),
  )
  hold.resolve()
  await Promise.all(edits)
  expect(sizes.length).toBeGreaterThan(3)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(65_536)
  const [, edited] = ana.state().entries
  expect(edited?.kind === 'message' && edited.text[0]).toBe('8')
  expect(ana.state().connection).toBe('open')
})

test('only own pages and programs may begin one, and only its key speaks on it', async ({ expect }) => {
  const timers = createTimers()
  // Whose clock stands where connections are asked for signs of life.
  const { http, room } = await server({ schedule: timers.schedule, now: () => 1_800_000_000_000 })
  const hello = JSON.stringify({ type: 'hello', version: 1, room: 'hall', name: 'Ana' })
  const begin = (headers: Record<string, string> = {}, body = hello) =>
    fetch(`${http}/socket/stream`, { method: 'POST', headers, body })
  expect((await begin({ origin: 'https://evil.example' })).status).toBe(403)
  expect((await begin({}, 'x'.repeat(65_537))).status).toBe(413)
  for (const key of ['0'.repeat(32), '..', `${'0'.repeat(31)}%00`])
    expect((await fetch(`${http}/socket/frames/${key}`, { method: 'POST', body: '{}' })).status).toBe(404)
  const bad = await begin({}, '{"type":"ping","id":1}')
  expect(await bad.text()).toMatch(/hello_expected[\s\S]*event: close\ndata: 4000\n\n$/)
  const good = await begin({ origin: http })
  expect(good.headers.get('content-type')).toBe('text/event-stream')
  expect(room.connections()).toBe(1)
  // Who says nothing is given up, once what lies in the sockets has been read.
  timers.run(45_000)
  await new Promise(setImmediate)
  timers.run(45_000)
  await good.text().catch(() => {})
  while (room.connections() > 0) await new Promise(setImmediate)
})
