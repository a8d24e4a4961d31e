import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { MediaStreams, StreamOutput } from '../media/media-engine.ts'
import { acceptMediaStreams, type StreamLimits } from './media-streams.ts'

const generous: StreamLimits = { proofMs: 60_000, idleMs: 60_000, unproven: 8, total: 8 }
let server: Server | undefined
afterEach(() => server?.close())

interface Engine extends MediaStreams {
  received: string[]
  written: (stream: number, bytes: number) => void
  opened: number
  closed: number[]
  acknowledged: number
  refuses: boolean
  say(...outputs: StreamOutput[]): void
}

function fakeStreams(): Engine {
  let listener: (outputs: StreamOutput[]) => void = () => {}
  const engine: Engine = {
    received: [],
    opened: 0,
    closed: [],
    acknowledged: 0,
    refuses: false,
    open(remote, remotePort, local, localPort) {
      expect([remote, local]).toEqual(['127.0.0.1', '127.0.0.1'])
      expect([remotePort, localPort].every((port) => port > 0)).toBe(true)
      engine.opened += 1
      return engine.opened
    },
    receive(stream, bytes) {
      engine.received.push(`${stream} ${Buffer.from(bytes)}`)
      return !engine.refuses
    },
    written(_stream, bytes) {
      engine.acknowledged += bytes
    },
    close(stream) {
      engine.closed.push(stream)
    },
    onOutput(next) {
      listener = next
    },
    say: (...outputs) => listener(outputs),
  }
  return engine
}

/** `address` is what a client seems to come from, which decides about limits. */
async function serve(streams: MediaStreams, limits: Partial<StreamLimits> = {}) {
  const accept = acceptMediaStreams(streams, { ...generous, ...limits })
  server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, accept)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return async () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }
}

const ended = (socket: Socket) => new Promise((resolve) => socket.resume().once('close', resolve))
const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise(setImmediate)
}

it('carries bytes both ways and says when they have left', async () => {
  const engine = fakeStreams()
  const enter = await serve(engine)
  const [one, two] = [await enter(), await enter()]
  one.write('hello')
  await until(() => engine.received.length === 1)
  two.write('there')
  await until(() => engine.received.length === 2)
  expect(engine.received).toEqual(['1 hello', '2 there'])
  engine.say({ stream: 2, bytes: Buffer.from('answer'), ended: false })
  expect(String((await once(two, 'data'))[0])).toBe('answer')
  await until(() => engine.acknowledged === 6)
  one.destroy()
  await until(() => engine.closed.length === 1)
  expect(engine.closed).toEqual([1])
  engine.say({ stream: 1, bytes: Buffer.from('too late'), ended: false })
  two.destroy()
})

it('ends a connection that the engine refuses, and one that nobody needs any longer after the last bytes', async () => {
  const engine = fakeStreams()
  const enter = await serve(engine)
  const kept = await enter()
  await until(() => engine.opened === 1)
  engine.refuses = true
  const refused = await enter()
  refused.write('GET')
  await ended(refused)
  engine.say({ stream: 1, bytes: Buffer.from('bye'), ended: true })
  const words: Buffer[] = []
  kept.on('data', (bytes) => words.push(bytes))
  await ended(kept)
  expect(String(Buffer.concat(words))).toBe('bye')
  await until(() => engine.closed.length === 2)
})

it('ends a connection that is not answered in time, and one that falls silent', async () => {
  const engine = fakeStreams()
  const enter = await serve(engine, { proofMs: 20 })
  await ended(await enter())
  const patient = await serve(engine, { idleMs: 20 })
  await ended(await patient())
  await until(() => engine.closed.length === 2)
})

it('keeps a connection that was answered', async () => {
  const engine = fakeStreams()
  const { open } = engine
  engine.open = (...addresses) => {
    const stream = open(...addresses)
    // Before time can pass.
    if (stream === 1) queueMicrotask(() => engine.say({ stream, bytes: Buffer.from('answer'), ended: false }))
    return stream
  }
  const enter = await serve(engine, { proofMs: 30 })
  const [proven, other] = [await enter(), await enter()]
  await ended(other)
  await until(() => engine.closed.length === 1)
  expect(engine.closed).toEqual([2])
  proven.destroy()
})

it('takes no more than there may be', async () => {
  const engine = fakeStreams()
  const enter = await serve(engine, { total: 2 })
  const [one, two] = [await enter(), await enter()]
  await until(() => engine.opened === 2)
  await ended(await enter())
  one.destroy()
  await until(() => engine.closed.length === 1)
  const next = await enter()
  await until(() => engine.opened === 3)
  for (const socket of [two, next]) socket.destroy()
})

it('takes few unproven ones of one network, and more as they are answered', () => {
  const engine = { ...fakeStreams(), open: () => (engine.opened += 1) }
  const accept = acceptMediaStreams(engine, { ...generous, unproven: 2 })
  const come = (remoteAddress: string) => {
    const socket = new FakeSocket(remoteAddress)
    accept(socket as unknown as Socket)
    return socket
  }
  const first = come('203.0.113.5')
  expect([first, come('203.0.113.5'), come('203.0.113.5')].map((each) => each.destroyed)).toEqual([false, false, true])
  expect(come('203.0.113.6').destroyed).toBe(false)
  expect([1, 2, 3].map((last) => come(`2001:db8:1:2::${last}`).destroyed)).toEqual([false, false, true])
  engine.say({ stream: 1, bytes: Buffer.from('answer'), ended: false })
  expect(come('203.0.113.5').destroyed).toBe(false)
  expect(come('203.0.113.5').destroyed).toBe(true)
  expect(first.destroyed).toBe(false)
})

/** As much of a socket as being let in takes. */
class FakeSocket {
  readonly remotePort = 4000
  readonly localAddress = '192.0.2.1'
  readonly localPort = 7880
  readonly remoteAddress: string
  destroyed = false
  constructor(remoteAddress: string) {
    this.remoteAddress = remoteAddress
  }
  setTimeout() {}
  on() {}
  resume() {}
  write() {}
  destroy() {
    this.destroyed = true
  }
}
