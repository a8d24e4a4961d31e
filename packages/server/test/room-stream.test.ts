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

test('only own pages and programs may begin one, and only its key speaks on it', async ({ expect }) => {
  const timers = createTimers()
  const { http, room } = await server({ schedule: timers.schedule })
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
  // Who says nothing is given up.
  timers.run(45_000)
  timers.run(45_000)
  await good.text().catch(() => {})
  while (room.connections() > 0) await new Promise(setImmediate)
})
