import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { AppError } from '@maru/protocol'
import { afterEach, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { makeAuthority, makeLeaf } from '../tls/authority.ts'
import { readBody, sendJson } from './answer.ts'
import { type App, createApp } from './app.ts'
import { openPort, type Port } from './listen.ts'

const now = new Date()
const authority = await makeAuthority({ hostname: 'hall', now })
const leaf = await makeLeaf(authority, { names: { dns: ['localhost'], ip: ['127.0.0.1'] }, now })
const ca = authority.certificate
let port: Port | undefined

afterEach(() => port?.close())

async function serve(prepare: (app: App) => void = () => {}, options: Partial<Parameters<typeof openPort>[0]> = {}) {
  const app = createApp({ checkMs: 5 })
  prepare(app)
  port = await openPort({ port: 0, host: '127.0.0.1', ...options })
  port.setCertificate({ key: leaf.key, cert: leaf.certificate })
  port.serve(app)
  return { number: port.number, app, port }
}

async function ask(scheme: 'http' | 'https', number: number, path: string, options: object = {}, body = '') {
  const all = { host: '127.0.0.1', port: number, path, ca, agent: false, ...options }
  const request = scheme === 'https' ? httpsRequest(all) : httpRequest(all)
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

async function open(number: number): Promise<Socket> {
  const socket = connect(number, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** However it ends. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.resume().once('close', () => resolve()))
}

it('speaks HTTP and TLS on one port', async () => {
  const { number } = await serve((app) =>
    app.route('GET', '/who', (request, response) => sendJson(response, 200, 'encrypted' in request.socket)),
  )
  expect((await ask('http', number, '/who')).body).toBe('false')
  expect((await ask('https', number, '/who')).body).toBe('true')
})

it('opens WebSockets of both kinds', async () => {
  const sockets = new WebSocketServer({ noServer: true })
  const { number } = await serve((app) =>
    app.upgrade('/socket', (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (opened) =>
        opened.on('message', (data) => opened.send(String(data))),
      ),
    ),
  )
  for (const scheme of ['ws', 'wss']) {
    const socket = new WebSocket(`${scheme}://127.0.0.1:${number}//socket`, { ca })
    await once(socket, 'open')
    socket.send('hello')
    expect(String((await once(socket, 'message'))[0])).toBe('hello')
    socket.terminate()
  }
})

it('takes a new certificate without a restart', async () => {
  const { number, port } = await serve()
  const other = await makeAuthority({ hostname: 'hall', now })
  const next = await makeLeaf(other, { names: { dns: ['localhost'], ip: ['127.0.0.1'] }, now })
  expect((await ask('https', number, '/')).status).toBe(404)
  port.setCertificate({ key: next.key, cert: next.certificate })
  await expect(ask('https', number, '/')).rejects.toThrow(/certificate/i)
  expect((await ask('https', number, '/', { ca: other.certificate })).status).toBe(404)
})

it('lives on when TLS does not take its certificate', async () => {
  const { number, port } = await serve()
  port.setCertificate({ key: leaf.key.slice(0, 60), cert: leaf.certificate })
  await expect(ask('https', number, '/')).rejects.toThrow()
  expect((await ask('http', number, '/')).status).toBe(404)
})

it('lets go of an upgrade it refused, also of a client that keeps its side open', async () => {
  const { number, app } = await serve()
  const socket = connect({ port: number, host: '127.0.0.1', allowHalfOpen: true })
  const server = once(app.server, 'connection')
  socket.write('GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
  const [ours] = (await server) as [Socket]
  const gone = once(ours, 'close')
  expect(await text(socket)).toMatch(/^HTTP\/1.1 404/)
  await gone
  socket.destroy()
})

it('serves whoever came before it was ready', async () => {
  port = await openPort({ port: 0, host: '127.0.0.1' })
  const early = await open(port.number)
  early.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  port.serve(createApp())
  expect(await text(early)).toMatch(/^HTTP\/1.1 404/)
})

it('answers a client that has ended its side', async () => {
  const { number } = await serve()
  const socket = connect({ port: number, host: '127.0.0.1', allowHalfOpen: true })
  socket.end('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  expect(await text(socket)).toMatch(/^HTTP\/1.1 404/)
})

it('ends connections that say nothing', async () => {
  const { number } = await serve(undefined, { firstByteTimeoutMs: 20 })
  await closed(await open(number))
})

it.each(['GET / HTTP/1.1\r\nx: ', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab'])(
  'ends connections that do not finish what they say: %j',
  async (beginning) => {
    const { number } = await serve((app) => {
      app.route('POST', '/', async (request, response) => {
        await readBody(request, response, 100)
      })
      app.server.headersTimeout = 10
      app.server.requestTimeout = 20
    })
    const socket = await open(number)
    socket.write(beginning)
    await closed(socket)
  },
)

it('outlives junk', async () => {
  const { number } = await serve()
  for (const junk of ['\x16\x03\x01\x02\x00junk'.repeat(50), '\x16', '\0\0\0\0', 'GET\r\n\r\n', 'G']) {
    const socket = await open(number)
    socket.end(Buffer.from(junk, 'latin1'))
    await closed(socket)
  }
  expect((await ask('http', number, '/')).status).toBe(404)
})

it('hands over media whole, however it arrives, and nothing else', async () => {
  const taken: Buffer[][] = []
  const app = createApp({ checkMs: 5 })
  port = await openPort({ port: 0, host: '127.0.0.1' })
  port.setCertificate({ key: leaf.key, cert: leaf.certificate })
  port.serve(app, (socket) => {
    const pieces: Buffer[] = []
    taken.push(pieces)
    socket.on('data', (bytes) => pieces.push(bytes)).on('end', () => socket.end())
    socket.resume()
  })
  // The head of a STUN message in its frame; RFC 4571 and RFC 8489.
  const media = Buffer.from(`0064000100502112a442${'07'.repeat(98)}`, 'hex')
  for (const cut of [1, 2, 3, 10, 99]) {
    const socket = await open(port.number)
    socket.setNoDelay()
    for (let at = 0; at < media.length; at += cut) {
      await new Promise((sent) => socket.write(media.subarray(at, at + cut), sent))
    }
    socket.end()
    await closed(socket)
  }
  expect(taken.map((pieces) => Buffer.concat(pieces))).toEqual(Array(5).fill(media))
  expect((await ask('http', port.number, '/')).status).toBe(404)
  expect((await ask('https', port.number, '/')).status).toBe(404)
  expect(taken).toHaveLength(5)
})

it('ends everything when it closes', async () => {
  const { number, port } = await serve()
  const sockets = await Promise.all([open(number), open(number)])
  await Promise.all([port.close(), ...sockets.map(closed)])
})

it('takes so many connections of a network and no more, until one of them ends', async () => {
  const { number } = await serve(() => {}, { maxOfNetwork: 2, networkOf: () => 'theirs' })
  const [first, second] = await Promise.all([open(number), open(number)])
  await closed(await open(number))
  expect([first.destroyed, second.destroyed]).toEqual([false, false])
  first.destroy()
  const status = async (): Promise<number | undefined> =>
    (await ask('http', number, '/').catch(() => undefined))?.status ?? (await status())
  expect(await status()).toBe(404)
})

it('finds the route of a path and method', async () => {
  const { number } = await serve((app) => {
    app.route('GET', '/a', (_request, response) => sendJson(response, 200, 'get'))
    app.route('POST', '/a', (_request, response) => sendJson(response, 200, 'post'))
    app.route('*', /^\/a$/, (request, response) => sendJson(response, 200, request.method))
    app.fallback((_request, response, url) => sendJson(response, 200, `file ${url.pathname}`))
  })
  const answers = [
    await ask('http', number, '/a?x=1'),
    await ask('http', number, '//a'),
    await ask('http', number, '/a', { method: 'POST' }),
    await ask('http', number, '/a', { method: 'HEAD' }),
    await ask('http', number, '/a', { method: 'OPTIONS' }),
    await ask('http', number, '/b'),
    await ask('http', number, '/b', { method: 'DELETE' }),
  ]
  expect(answers.map(({ status, body }) => `${status} ${body}`)).toEqual([
    '200 "get"',
    '200 "get"',
    '200 "post"',
    '200 ',
    '200 "OPTIONS"',
    '200 "file /b"',
    '404 {"code":"not_found","message":"There is nothing at this address."}',
  ])
})

it('tells what is meant for people and hides everything else', async () => {
  const { number } = await serve((app) => {
    app.route('GET', '/full', () => {
      throw new AppError('room_full')
    })
    app.route('GET', '/bug', async () => {
      throw new Error('password is hunter2')
    })
    app.route('POST', '/body', async (request, response) => {
      const body = await readBody(request, response, 5)
      if (body) sendJson(response, 200, body.length)
    })
  })
  expect(await ask('http', number, '/full')).toMatchObject({ status: 503, body: expect.stringContaining('room_full') })
  const bug = await ask('http', number, '/bug')
  expect(bug).toMatchObject({ status: 500, body: expect.stringContaining('internal') })
  expect(bug.body).not.toContain('hunter2')
  expect((await ask('http', number, '/body', { method: 'POST' }, '12345')).body).toBe('5')
  expect((await ask('http', number, '/body', { method: 'POST' }, '1'.repeat(100_000))).status).toBe(413)
  expect((await ask('http', number, '/', { headers: { x: 'y'.repeat(20_000) } })).status).toBe(431)
})

it('refuses upgrades nobody waits for', async () => {
  const { number } = await serve()
  const socket = new WebSocket(`ws://127.0.0.1:${number}/nowhere`)
  expect(String(await once(socket, 'error'))).toContain('404')
})

it('refuses connections above the most that it may have, says so, and takes others when some have ended', async () => {
  let refused = 0
  const told = new Promise<void>((resolve) => {
    const full = () => {
      refused += 1
      resolve()
    }
    void serve((app) => app.route('GET', '/who', (_, response) => sendJson(response, 200, 'here')), {
      maxConnections: 2,
      full,
    }).then(async ({ number }) => {
      const [first] = [await open(number), await open(number)]
      await closed(await open(number))
      first.destroy()
    })
  })
  await told
  expect(refused).toBe(1)
  const asked = () => ask('http', port?.number ?? 0, '/who').catch(() => undefined)
  let answer = await asked()
  while (!answer) answer = await asked()
  expect(answer.body).toBe('"here"')
})
