import { type ChildProcess, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { RoomServiceClient } from 'livekit-server-sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { candidateAddresses } from '../src/http/addresses.ts'

const main = join(import.meta.dirname, '../src/main.ts')
let folder: string
let running: Run[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'maru-start-'))
})
afterEach(async () => {
  for (const run of running) run.process.kill('SIGKILL')
  await Promise.all(running.map((run) => run.ended))
  running = []
  rmSync(folder, { recursive: true })
})

interface Run {
  process: ChildProcess
  /** Everything printed so far. */
  text(): string
  /** Waits for the greeting. */
  port: Promise<number>
  ended: Promise<{ code: number | null; signal: string | null; text: string }>
}

/** The server as a process of its own, with nothing set but what is given. */
function start(argv: string[], env: Record<string, string> = {}): Run {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [main, ...argv], { cwd: folder, env: { PATH, ...env } })
  let text = ''
  const port = new Promise<number>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        text += data
        const found = /http:\/\/[^\s/]+:(\d+)/.exec(text)
        if (found) resolve(Number(found[1]))
      })
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, text }))
  const run = { process: child, text: () => text, port, ended }
  running.push(run)
  return run
}

const open = (argv: string[] = [], env: Record<string, string> = {}) =>
  start(['--port', '0', '--data', 'data', ...argv], env)

describe('a start', () => {
  it('tells where to go, serves it, and ends with Ctrl-C', async () => {
    const run = open()
    const port = await run.port
    const others = candidateAddresses(networkInterfaces()).slice(0, -1)
    expect(run.text()).toContain(`http://localhost:${port}\n`)
    for (const address of others.slice(0, 4))
      expect(run.text()).toContain(`https://${address.includes(':') ? `[${address}]` : address}:${port}\n`)
    expect(run.text()).toContain(join(folder, 'data'))
    expect(run.text()).toContain('Waiting for people. Ctrl-C ends it.')
    expect(run.text()).not.toContain('\x1b')

    const health = await fetch(`http://localhost:${port}/healthz`)
    expect([health.status, await health.json()]).toEqual([200, { ok: true, problems: [] }])
    const figures = await (await fetch(`http://localhost:${port}/metrics`)).text()
    for (const name of ['maru_participants', 'maru_rooms', 'maru_messages_total', 'process_resident_memory_bytes'])
      expect(figures).toMatch(new RegExp(`^${name} \\d`, 'm'))
    expect(figures).toMatch(/^livekit_packet_total\{direction="incoming"\} \d/m)
    expect(figures).toMatch(/^livekit_packet_total\{direction="outgoing"\} \d/m)

    run.process.kill('SIGINT')
    expect(await run.ended).toMatchObject({ code: 130, signal: null })
  })

  it('speaks TLS on the same port, for every address, with a certificate people can install', async () => {
    const port = await open(['--address', '203.0.113.7']).port
    const ca = await (await fetch(`http://localhost:${port}/ca.crt`)).text()
    const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca })
    await once(socket, 'secureConnect')
    const certificate = socket.getPeerX509Certificate() as X509Certificate
    socket.destroy()
    expect(socket.authorized).toBe(true)
    const addresses = ['203.0.113.7', '127.0.0.1', '::1', ...candidateAddresses(networkInterfaces())]
    expect(addresses.filter((address) => !certificate.checkIP(address))).toEqual([])
    expect(certificate.verify(new X509Certificate(ca).publicKey)).toBe(true)
  })

  it('keeps keys and certificates', async () => {
    const files = ['keys.json', 'tls/authority.pem', 'tls/machine.pem']
    const read = () => files.map((file) => readFileSync(join(folder, 'data', file), 'utf8'))
    const first = open()
    await first.port
    const before = read()
    first.process.kill('SIGTERM')
    expect((await first.ended).code).toBe(0)
    await open().port
    expect(read()).toEqual(before)
  })

  it('goes on telling its webhooks what waited, in order', async () => {
    const tried: { event: string; id: string }[] = []
    const taken: typeof tried = []
    let works = false
    const receiver = createHttpServer(async (request, response) => {
      const { event, id } = (await json(request)) as (typeof tried)[number]
      const answered = works ? taken : tried
      answered.push({ event, id })
      response.writeHead(works ? 200 : 503).end()
    }).listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
    try {
      const first = open(['--webhook', url])
      const service = `http://127.0.0.1:${await first.port}`
      const { apiKey, apiSecret } = JSON.parse(readFileSync(join(folder, 'data/keys.json'), 'utf8'))
      await new RoomServiceClient(service, apiKey, apiSecret).createRoom({ name: 'hall' })
      await expect.poll(() => tried.length).toBeGreaterThan(0)
      first.process.kill('SIGTERM')
      expect((await first.ended).code).toBe(0)
      works = true
      const second = open(['--webhook', url])
      await expect.poll(() => taken.length).toBe(2)
      expect(taken.map(({ event }) => event)).toEqual(['room_started', 'room_finished'])
      // However often it was tried before it ended.
      expect(new Set(tried.map(({ id }) => id))).toEqual(new Set([taken[0]?.id]))
      second.process.kill('SIGTERM')
      await second.ended
      expect(existsSync(join(folder, 'data/webhooks.json'))).toBe(false)
    } finally {
      receiver.closeAllConnections()
      receiver.close()
    }
  })

  it('speaks Korean', async () => {
    const run = open([], { LANG: 'ko_KR.UTF-8' })
    await run.port
    expect(run.text()).toContain('사람들을 기다리고 있습니다.')
  })

  it('listens on one address alone where that is wanted', async () => {
    const run = open(['--host', '127.0.0.1'])
    const port = await run.port
    expect(run.text()).toContain(`http://127.0.0.1:${port}\n`)
    expect(run.text()).not.toContain('https://')
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
    const [other] = candidateAddresses(networkInterfaces())
    if (other !== '127.0.0.1') await expect(fetch(`http://${other}:${port}/healthz`)).rejects.toThrow()
  })

  it('says goodbye to those who are connected', async () => {
    const run = open()
    const socket = new WebSocket(`ws://127.0.0.1:${await run.port}/socket`)
    await once(socket, 'open')
    const closed = once(socket, 'close')
    run.process.kill('SIGINT')
    expect((await closed)[0]).toBe(1001)
    expect((await run.ended).code).toBe(130)
  })

  it('ends although somebody does not answer', async () => {
    const run = open()
    const socket = new WebSocket(`ws://127.0.0.1:${await run.port}/socket`)
    await once(socket, 'open')
    socket.pause()
    const from = performance.now()
    run.process.kill('SIGINT')
    expect((await run.ended).code).toBe(130)
    // 0.5 s on an idle machine; whoever waits for the answer waits as long as this test may take.
    expect(performance.now() - from).toBeLessThan(20_000)
    socket.terminate()
  })

  it('ends with the npm that started it', async () => {
    const script = `const { spawn } = require('node:child_process')
      const child = spawn(process.execPath, process.argv.slice(1), { stdio: 'inherit' })
      process.stdin.resume().on('end', () => process.exit())`
    const env = { PATH: process.env.PATH ?? '', npm_lifecycle_event: 'start' }
    const argv = ['-e', script, main, '--port', '0', '--data', 'data']
    const parent = spawn(process.execPath, argv, { cwd: folder, env, stdio: ['pipe', 'pipe', 'inherit'] })
    // The server writes to the same pipe: this is the end of both.
    const ended = once(parent, 'close')
    let text = ''
    const port = await new Promise<number>((resolve) =>
      parent.stdout.on('data', (data) => {
        text += data
        const found = /localhost:(\d+)/.exec(text)
        if (found) resolve(Number(found[1]))
      }),
    )
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`)
    await once(socket, 'open')
    const closed = once(socket, 'close')
    parent.stdin.end()
    expect((await closed)[0]).toBe(1001)
    await ended
  })
})

describe('what keeps a start from happening is one clear message', () => {
  const fails = async (argv: string[], env: Record<string, string> = {}) => {
    const { code, text } = await start(argv, env).ended
    expect(code).toBe(2)
    expect(text).not.toMatch(/^\s+at /m)
    return text.trim()
  }

  it('an option that does not exist', async () => {
    const text = await fails(['--data', 'data', '--prot', '1'], { MARU_PORT: 'many' })
    expect(text.split('\n')).toEqual([
      expect.stringContaining('--prot is not an option of Maru.'),
      'MARU_PORT "many" is not a port from 0 to 65535. For example: MARU_PORT=7880',
    ])
    expect(() => readFileSync(join(folder, 'data/keys.json'))).toThrow('ENOENT')
  })

  it('a TCP port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const text = await fails(['--port', String(port), '--host', '127.0.0.1', '--data', 'data'])
    server.close()
    expect(text).toBe(
      `Port ${port} (TCP) is already in use. Is Maru running already? Otherwise take another: npm start -- --port ${port + 1}`,
    )
  })

  it('a UDP port that is taken', async () => {
    // One that is free for TCP: a UDP port of the system's choice may be one from which somebody is connected.
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address() as AddressInfo
    const socket = createSocket('udp4').bind(port, '127.0.0.1')
    await once(socket, 'listening')
    await new Promise((resolve) => free.close(resolve))
    const text = await fails(['--port', String(port), '--host', '127.0.0.1', '--data', 'data'])
    socket.close()
    expect(text).toContain(`Port ${port} (UDP) is already in use.`)
  })

  it('an address that is not of this machine', async () => {
    const text = await fails(['--port', '0', '--host', '203.0.113.1', '--data', 'data'])
    expect(text).toBe('203.0.113.1 is not an address of this machine. Leave --host out to listen on all of them.')
  })

  it.each([
    ['a file in place of the folder', 'taken', 'it is a file'],
    ['a file in the path', 'taken/data', 'a part of the path is a file'],
    ['a place without folders', '/proc/maru', 'no folder can be made there'],
  ])('data that cannot be kept: %s', async (_name, data, why) => {
    writeFileSync(join(folder, 'taken'), '')
    const text = await fails(['--port', '0', '--data', data])
    const path = data.startsWith('/') ? data : join(folder, data)
    expect(text).toContain(`The data folder ${path} cannot be used (`)
    expect(text).toContain(why)
    expect(text).toContain('Choose another: npm start -- --data FOLDER')
  })

  it('a data folder another Maru works in', async () => {
    await open().port
    expect(await fails(['--port', '0', '--data', 'data'])).toContain('Is another Maru running on this data folder?')
  })

  it.skipIf(process.platform !== 'linux')('a full disk', async () => {
    // What is written first goes where nothing fits.
    symlinkSync('/dev/full', join(folder, 'keys.json.new'))
    expect(await fails(['--port', '0', '--data', '.'])).toContain(
      `The data folder ${folder} cannot be used (the disk is full).`,
    )
  })

  it.each([
    ['keys.json', '{"apiKey":"k"}', 'does not hold an apiKey and an apiSecret of at least 32 characters'],
    ['maru.db', 'this is no database, and long enough to be told from an empty file', 'is damaged'],
  ])('a damaged %s', async (file, content, message) => {
    writeFileSync(join(folder, file), content)
    expect(await fails(['--port', '0', '--data', '.'])).toContain(message)
  })

  it('a folder for certificates that cannot be used', async () => {
    writeFileSync(join(folder, 'tls'), '')
    const text = await fails(['--port', '0', '--data', '.'])
    expect(text).toContain(`The data folder ${join(folder, 'tls')} cannot be used (it is a file).`)
  })

  it('an address that belongs to an interface, without its name', async () => {
    expect(await fails(['--port', '0', '--host', 'fe80::1', '--data', 'data'])).toContain('fe80::1')
  })

  it('but help is no failure', async () => {
    const { code, text } = await start(['--help']).ended
    expect(code).toBe(0)
    expect(text).toContain('--api-secret SECRET')
  })
})
