/** A room in bad weather: real clients on a real server, connections that break, a server that is killed. Tells what everybody saw of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openRoom, type RoomClient, type WebSocketLike } from '@maru/client'
import { WebSocket } from 'ws'
import type { ChatHistory, Snapshot, Told } from './chat-history.ts'
import { seeded } from './seeded.ts'
import { startServer } from './server-process.ts'

export interface Weather {
  seed: number
  clients: number
  /** Messages of each client. */
  messages: number
  /** About how long each waits between two of its messages, in ms; without a pause all are written at once. */
  pauseMs: number
  /** The chance of each acknowledgement that somebody's connection breaks. */
  drops: number
  /** How long whoever was dropped has no network, in ms. */
  outageMs: number
  /** How often the server is killed, spread over all acknowledgements. */
  kills: number
  /** By how much the clients' pauses are shortened. */
  haste: number
  /** After so long without an acknowledgement the room is given up, in ms. */
  patienceMs: number
}

export interface Outcome extends ChatHistory {
  /** What SQLite says of the file that the last kill left. */
  integrity: string
  dropped: number
  killed: number
  /** From each start after a kill until the server listened, in ms. */
  readyMs: number[]
}

/** A client whose network can be taken away, and who notes all that happens to it. */
interface Witness {
  client: RoomClient
  stretches: { told: Told[]; snapshot?: Snapshot }[]
  drop(outageMs: number): void
}

interface WitnessOptions {
  name: string
  url: string
  random: () => number
  haste: number
  createClientId: () => string
  acknowledged: (clientId: string) => void
}

function enter({ name, url, random, haste, createClientId, acknowledged }: WitnessOptions): Witness {
  let socket: WebSocket | undefined
  let offlineUntil = 0
  const client = openRoom({
    url,
    room: 'storm',
    name,
    random,
    createClientId,
    connect(address) {
      if (performance.now() < offlineUntil) throw new Error('no network')
      socket = new WebSocket(address)
      return socket as unknown as WebSocketLike
    },
    schedule(delayMs, callback) {
      const timer = setTimeout(callback, delayMs / haste)
      return () => clearTimeout(timer)
    },
  })
  let told: Told[] = []
  const stretches: Witness['stretches'] = [{ told }]
  let { entries, view, pending, cursor } = client.state()
  client.subscribe((state) => {
    // A client that had to start over holds another log, of which every line is told anew.
    const isAnew = state.view !== view
    // The first welcome is no starting over: nothing was held before it, and nothing said.
    if (isAnew && cursor > 0) {
      told = []
      const first = state.entries[0]?.seq ?? state.cursor
      stretches.push({ told, snapshot: { held: cursor, cursor: state.cursor, first, hasOlder: state.hasOlder } })
    }
    for (const entry of state.entries.slice(isAnew ? 0 : entries.length))
      if (entry.kind === 'message') told.push({ seq: entry.seq, clientId: entry.clientId })
    const left = new Set(state.pending.map(({ clientId }) => clientId))
    const done = pending.filter(({ clientId }) => !left.has(clientId))
    ;({ entries, view, pending, cursor } = state)
    for (const { clientId } of done) acknowledged(clientId)
  })
  return {
    client,
    stretches,
    drop(outageMs) {
      offlineUntil = performance.now() + outageMs
      socket?.terminate()
    },
  }
}

export async function chatInStorm(weather: Weather): Promise<Outcome> {
  const { seed, pauseMs, drops, outageMs, kills, haste, patienceMs } = weather
  const random = seeded(seed)
  const folder = mkdtempSync(join(tmpdir(), 'maru-storm-'))
  const data = join(folder, 'data')
  let server = await startServer(data, 0)
  const { port } = server
  const names = Array.from({ length: weather.clients }, (_, n) => `Member ${n}`)
  const total = names.length * weather.messages
  // One in each equal part of all acknowledgements, anywhere in it.
  const killAt = Array.from({ length: kills }, (_, n) => Math.floor(((n + random()) * total) / kills))
  const acknowledged = new Set<string>()
  const readyMs: number[] = []
  let dropped = 0
  let restarting = Promise.resolve()
  const changed = waitForChange(patienceMs)
  const witnesses: Witness[] = []
  const timers = new Set<NodeJS.Timeout>()

  async function restart(): Promise<void> {
    await server.kill()
    server = await startServer(data, port)
    readyMs.push(server.readyMs)
  }

  function note(clientId: string): void {
    acknowledged.add(clientId)
    if (acknowledged.size > (killAt[0] ?? total)) {
      killAt.shift()
      restarting = restarting.then(restart)
    }
    if (random() >= drops) return
    const connected = witnesses.filter(({ client }) => client.state().connection === 'open')
    const unlucky = connected[Math.floor(random() * connected.length)]
    if (!unlucky) return
    dropped += 1
    unlucky.drop(outageMs)
  }

  function write(client: RoomClient, left: number): void {
    if (left === 0) return
    client.send(`${left} to go`)
    if (pauseMs === 0) write(client, left - 1)
    else timers.add(setTimeout(write, pauseMs * (0.5 + random()), client, left - 1))
  }

  const url = `ws://127.0.0.1:${port}/socket`
  const written: Record<string, string[]> = {}
  try {
    for (const name of names) {
      const own: string[] = []
      written[name] = own
      const createClientId = () => {
        own.push(`${name}, message ${own.length}`)
        return own.at(-1) ?? ''
      }
      const witness = enter({ name, url, random, haste, createClientId, acknowledged: note })
      witness.client.subscribe(changed.tell)
      witnesses.push(witness)
    }
    const states = () => witnesses.map(({ client }) => client.state())
    const inStep = () => {
      const last = Math.max(...states().map(({ cursor }) => cursor))
      return last > 0 && states().every(({ connection, cursor }) => connection === 'open' && cursor === last)
    }
    // A welcome lost before its token was read makes another member, and who has heard nothing yet cannot say from where to go on: nothing breaks before.
    await changed.until(inStep)
    for (const { client } of witnesses) write(client, weather.messages)
    await changed.until(() => acknowledged.size === total)
    await restarting
    // What one has is under way to the others.
    await changed.until(inStep)
    await server.kill()
    const { integrity, stored } = readFile(join(data, 'maru.db'))
    return {
      written,
      acknowledged,
      stored,
      witnesses: Object.fromEntries(witnesses.map(({ stretches }, n) => [names[n] ?? '', stretches])),
      integrity,
      dropped,
      killed: readyMs.length,
      readyMs,
    }
  } finally {
    for (const timer of timers) clearTimeout(timer)
    for (const { client } of witnesses) client.close()
    changed.stop()
    await restarting.catch(() => {})
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Straight from the file, past all that Maru does when it opens one. */
function readFile(file: string): { integrity: string; stored: Told[] } {
  const db = new DatabaseSync(file)
  const integrity = String(db.prepare('pragma integrity_check').get()?.integrity_check)
  const rows = db.prepare("select seq, client_id from entry where kind = 'message' order by id").all()
  db.close()
  return { integrity, stored: rows.map((row) => ({ seq: Number(row.seq), clientId: String(row.client_id) })) }
}

/** Waits as long as something still changes. */
function waitForChange(patienceMs: number) {
  let told = () => {}
  let timer: NodeJS.Timeout | undefined
  return {
    tell: () => told(),
    stop: () => clearTimeout(timer),
    until: (condition: () => boolean) =>
      new Promise<void>((resolve, reject) => {
        const settle = (done: () => void) => {
          clearTimeout(timer)
          told = () => {}
          done()
        }
        const wait = () => {
          clearTimeout(timer)
          timer = setTimeout(
            () => settle(() => reject(new Error(`nothing changes, and not yet ${condition}`))),
            patienceMs,
          )
        }
        told = () => (condition() ? settle(resolve) : wait())
        told()
      }),
  }
}
