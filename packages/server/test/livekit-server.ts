/** A whole LiveKit server for tests: real HTTP, real WebSockets, and the media engine of your choice. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import { type ApiKeys, fixedKeys } from '../src/api-keys.ts'
import { type Bus, createBus, type ServerEvent } from '../src/events/bus.ts'
import { createApp } from '../src/http/app.ts'
import { attachLiveKit, type LiveKit } from '../src/livekit/attach-livekit.ts'
import type { MediaEngine } from '../src/media/media-engine.ts'
import { type Schedule, scheduleTimer } from '../src/rooms/presence.ts'
import type { Log } from '../src/terminal/log.ts'

export const keys = { apiKey: 'test-key', apiSecret: 'a-secret-of-thirty-two-characters' }

export interface TestServer {
  /** Without a scheme: `127.0.0.1:4711`. */
  host: string
  livekit: LiveKit
  bus: Bus
  events: ServerEvent[]
  rooms: string[]
  logged: { level: string; message: string }[]
  clock: { now: number }
  /** Lets time pass on the clock; timers run at their moment. */
  pass(ms: number): void
  /** Timers that wait. */
  timers(): number
  close(): Promise<void>
}

export interface ServerOptions {
  realTime?: boolean
  remoteUnmute?: boolean
  apiKeys?: ApiKeys
  sendWebhook?: (room: string, body: string) => void
  ensureRoom?: (name: string) => void
}

export async function startTestServer(engine: MediaEngine, options: ServerOptions = {}): Promise<TestServer> {
  const { realTime = false, remoteUnmute = false, apiKeys = fixedKeys(keys), sendWebhook = () => {} } = options
  const app = createApp()
  const bus = createBus()
  const events: ServerEvent[] = []
  const rooms: string[] = []
  const logged: TestServer['logged'] = []
  const clock = { now: Date.now() }
  const timers = createTimers(clock)
  bus.subscribe((event) => events.push(event))
  const note = (level: string) => (message: string, fields?: object) =>
    void logged.push({ level, message: `${message} ${JSON.stringify(fields)}` })
  const log: Log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
  const livekit = attachLiveKit({
    app,
    bus,
    engine,
    keys: apiKeys,
    ensureRoom: options.ensureRoom ?? ((name) => void rooms.push(name)),
    remoteUnmute,
    sendWebhook,
    now: realTime ? Date.now : () => clock.now,
    schedule: realTime ? scheduleTimer : timers.schedule,
    random: randomBytes,
    version: '0.0.0',
    nodeId: 'ND_test',
    log,
  })
  app.server.listen(0, '127.0.0.1')
  await once(app.server, 'listening')
  const { port } = app.server.address() as AddressInfo
  return {
    host: `127.0.0.1:${port}`,
    livekit,
    bus,
    events,
    rooms,
    logged,
    clock,
    pass: timers.pass,
    timers: timers.count,
    close: async () => {
      await livekit.close()
      engine.shutdown()
      app.server.closeAllConnections()
      app.server.close()
    },
  }
}

function createTimers(clock: { now: number }) {
  const waiting = new Set<{ at: number; callback: () => void }>()
  const schedule: Schedule = (delayMs, callback) => {
    const timer = { at: clock.now + delayMs, callback }
    waiting.add(timer)
    return () => void waiting.delete(timer)
  }
  function pass(ms: number): void {
    const end = clock.now + ms
    for (;;) {
      const [first] = [...waiting].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (!first) break
      waiting.delete(first)
      clock.now = first.at
      first.callback()
    }
    clock.now = end
  }
  return { schedule, pass, count: () => waiting.size }
}

/** A token as an application of somebody else makes it. */
export function tokenFor(identity: string, grant: object = {}, more: object = {}): Promise<string> {
  const video = { roomJoin: true, room: 'hall', canUpdateOwnMetadata: true, ...grant }
  return signToken({ sub: identity, iss: keys.apiKey, exp: Math.floor(Date.now() / 1000) + 3600, ...more, video })
}

export function signToken(claims: object, secret = keys.apiSecret): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret))
}
