import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { openRoom, type RoomClient, type RoomOptions, type RoomState, type WebSocketLike } from '@maru/client'
import { readServerMessage, type ServerMessage, type Welcome } from '@maru/protocol'
import { WebSocket } from 'ws'
import { fixedKeys } from '../src/api-keys.ts'
import { keepHouse } from '../src/chat/keep-house.ts'
import { keepIndex } from '../src/chat/keep-index.ts'
import { createBus } from '../src/events/bus.ts'
import { deliverHooks } from '../src/hooks/deliver-hooks.ts'
import { post } from '../src/hooks/post.ts'
import { createApp } from '../src/http/app.ts'
import { addFileRoutes } from '../src/http/file-routes.ts'
import { addUploadRoutes } from '../src/http/upload-routes.ts'
import { attachRest } from '../src/rest/attach-rest.ts'
import { type Schedule, scheduleTimer } from '../src/rooms/presence.ts'
import { attachRoomSocket, type RoomSocketOptions } from '../src/socket/attach-socket.ts'
import { backUp, backupName } from '../src/storage/back-up.ts'
import { openBlobs } from '../src/storage/blobs.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import { watchStorage } from '../src/storage/watch-storage.ts'
import { createLog } from '../src/terminal/log.ts'
import { databaseOf, emptyDatabase } from './databases.ts'

/** Ends what would be waited for in vain, before the test's own limit does and with what there is instead. */
const PATIENCE_MS = 60_000

/** Timers that run when the test says so: `run` takes all that were set to just this time. */
export function createTimers(): { schedule: Schedule; run(delayMs: number): void } {
  const waiting = new Set<{ delayMs: number; callback: () => void }>()
  return {
    schedule(delayMs, callback) {
      const timer = { delayMs, callback }
      waiting.add(timer)
      return () => void waiting.delete(timer)
    },
    run(delayMs) {
      for (const timer of [...waiting].filter((each) => each.delayMs === delayMs)) {
        waiting.delete(timer)
        timer.callback()
      }
    },
  }
}

/** Whoever signs with them runs the server. */
export const testKeys = { apiKey: 'test', apiSecret: 'a secret of a test, long enough for it' }

/** The room half of the server, whole, on a port of its own. */
export async function startRoomServer(
  options: {
    file?: string
    /** One that is there already. */
    database?: string
    port?: number
    totalBytes?: number
    http?: Parameters<typeof createApp>[0]
  } & Partial<RoomSocketOptions> = {},
) {
  const { file, database: given, port = 0, totalBytes = 1e9, http, ...rest } = options
  const { now = Date.now, schedule = scheduleTimer, fileBytes = 1e6 } = rest
  const folder = temporaryFolder()
  const database = given ?? (file === undefined ? await emptyDatabase() : await databaseOf(file))
  const bus = createBus()
  const watch = watchStorage({ schedule, changed: (works) => bus.publish({ type: 'storageChanged', works }) })
  const storage = openStorage({ database, now, failed: watch.failed })
  const blobs = openBlobs(path.join(folder.path, 'files'), { failed: watch.failed, spare: 0 })
  watch.probeWith(storage.probe, blobs.probe)
  const app = createApp(http)
  const backUpHere = async () => {
    const into = path.join(folder.path, 'backups', backupName(now()))
    return { folder: into, ...(await backUp({ storage, blobs, data: folder.path }, into)) }
  }
  const room = attachRoomSocket({
    app,
    storage,
    bus,
    storageWorks: watch.works,
    log: createLog({ level: 'error' }),
    mintCallToken: async ({ identity, name, room }) => `token of ${identity}, ${name}, ${room}`,
    ...rest,
  })
  addUploadRoutes(app, { storage, bus, blobs, random: randomBytes, fileBytes, totalBytes })
  addFileRoutes(app, { storage, blobs })
  attachRest({ app, storage, bus, keys: fixedKeys(testKeys), random: randomBytes, now, backUp: backUpHere })
  const fail = (error: unknown) => {
    if (watch.works()) throw error
  }
  const stopIndexing = keepIndex({ storage, bus, schedule, failed: fail })
  const stopHooks = deliverHooks({ storage, bus, schedule, now, post, failed: fail })
  const stopHouseKeeping = keepHouse({ storage, bus, blobs, schedule, now, failed: fail })
  await new Promise<void>((resolve) => app.server.listen(port, '127.0.0.1', resolve))
  const address = app.server.address() as AddressInfo
  return {
    database,
    bus,
    storage,
    room,
    port: address.port,
    url: `ws://127.0.0.1:${address.port}/socket`,
    http: `http://127.0.0.1:${address.port}`,
    files: path.join(folder.path, 'files'),
    async close() {
      watch.stop()
      stopIndexing()
      await Promise.all([room.close(), stopHouseKeeping(), stopHooks()])
      app.server.closeAllConnections()
      await new Promise((resolve) => app.server.close(resolve))
      storage.close()
      folder.remove()
    },
  }
}

/** A folder that is gone after the test; give `remove` to `onTestFinished`. */
export function temporaryFolder(): { path: string; file: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'maru-test-'))
  return {
    path: folder,
    file: path.join(folder, 'maru.db'),
    // A process that was killed a moment ago may still make a file in it.
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }),
  }
}

/** A connection that says just what a test wants said. */
export class RawClient {
  readonly received: ServerMessage[] = []
  readonly socket: WebSocket
  closed: { code: number; reason: string } | undefined
  private listeners = new Set<() => void>()

  constructor(url: string, options: { headers?: Record<string, string> } = {}) {
    this.socket = new WebSocket(url, options)
    this.socket.on('message', (data) => {
      const message = readServerMessage(String(data))
      if (!message) throw new Error(`not of this protocol: ${String(data)}`)
      this.received.push(message)
      this.changed()
    })
    this.socket.on('error', () => {})
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) }
      this.changed()
    })
  }

  private changed(): void {
    for (const listener of this.listeners) listener()
  }

  async say(frame: object | string): Promise<void> {
    if (this.socket.readyState === WebSocket.CONNECTING)
      await new Promise((resolve, reject) => this.socket.once('open', resolve).once('error', reject))
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** Waits for the first frame of a kind that was not taken yet. */
  async take<Type extends ServerMessage['type']>(type: Type): Promise<Extract<ServerMessage, { type: Type }>> {
    const find = () => this.received.findIndex((message) => message.type === type)
    await this.until(() => find() >= 0, `a frame ${type}`)
    return this.received.splice(find(), 1)[0] as Extract<ServerMessage, { type: Type }>
  }

  async gone(): Promise<{ code: number; reason: string }> {
    await this.until(() => this.closed !== undefined, 'the close')
    return this.closed as { code: number; reason: string }
  }

  async enter(room: string, name: string, more: object = {}) {
    await this.say({ type: 'hello', version: 1, room, name, ...more })
    return await this.take('welcome')
  }

  private until(condition: () => boolean, what: string): Promise<void> {
    return waitFor(
      condition,
      (listener) => {
        this.listeners.add(listener)
        return () => this.listeners.delete(listener)
      },
      () => `${what}; received ${JSON.stringify(this.received)}, closed ${JSON.stringify(this.closed)}`,
    )
  }
}

/** Somebody who asks and waits for the answer. */
export class Member extends RawClient {
  private asked = 0
  welcome = {} as Welcome

  async come(room: string, name: string, more: object = {}): Promise<this> {
    this.welcome = await this.enter(room, name, more)
    return this
  }

  /** The reply, or the code of the error. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever comes.
  async ask(type: string, fields: object = {}): Promise<any> {
    this.asked += 1
    const id = this.asked
    await this.say({ type, id, ...fields })
    for (;;) {
      const at = this.received.findIndex((message) => 'id' in message && message.id === id)
      const [found] = at < 0 ? [] : this.received.splice(at, 1)
      if (found) return found.type === 'error' ? found.code : found
      await new Promise(setImmediate)
    }
  }

  async write(text: string, more: object = {}): Promise<number> {
    return (await this.ask('send', { clientId: `${text} ${this.asked}`, text, ...more })).seq
  }
}

function waitFor(
  condition: () => boolean,
  listen: (listener: () => void) => () => void,
  explain: () => string,
): Promise<void> {
  if (condition()) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stop()
      reject(new Error(`waited in vain for ${explain()}`))
    }, PATIENCE_MS)
    const stop = listen(() => {
      if (!condition()) return
      clearTimeout(timer)
      stop()
      resolve()
    })
  })
}

/** Waits until a client's state is as wanted. */
export async function until(client: RoomClient, condition: (state: RoomState) => boolean): Promise<RoomState> {
  await waitFor(
    () => condition(client.state()),
    (listener) => client.subscribe(listener),
    () => `${condition}; state ${JSON.stringify(client.state())}`,
  )
  return client.state()
}

/** A real client on a real socket, quick to come back. */
export function join(url: string, name: string, more: Partial<RoomOptions> = {}): RoomClient {
  return openRoom({
    url,
    room: 'hall',
    name,
    connect: (address) => new WebSocket(address) as unknown as WebSocketLike,
    random: () => 0,
    ...more,
  })
}
