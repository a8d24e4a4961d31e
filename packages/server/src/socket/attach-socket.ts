/**
 * The room socket: checks what comes in, asks the domain, delivers what the bus tells. One connection, one room, one member.
 * Decides nothing about rooms or messages.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type CallPerson, closeCodes, limits, type RandomBytes } from '@maru/protocol'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Bus } from '../events/bus.ts'
import { type App, refuseUpgrade } from '../http/app.ts'
import { createPresence, type Schedule, scheduleTimer } from '../rooms/presence.ts'
import type { Storage } from '../storage/open-storage.ts'
import type { Log } from '../terminal/log.ts'
import { addressOf, createAddressLimits } from './address-limits.ts'
import { createAllowances } from './allowances.ts'
import type { SocketContext } from './answer-request.ts'
import { createAudience } from './audience.ts'
import { type Caller, callerOf } from './caller.ts'
import { type Carrier, WebSocketCarrier } from './carrier.ts'
import { isOwnOrigin } from './check-origin.ts'
import { type Connection, createConnection } from './connection.ts'
import { addEventStream, type Taken } from './event-stream.ts'
import { createFrameReader } from './frame-reader.ts'

export interface RoomSocketOptions {
  app: Pick<App, 'upgrade' | 'route'>
  storage: Storage
  bus: Bus
  mintCallToken: SocketContext['mintCallToken']
  fileBytes?: number
  storageWorks: () => boolean
  log: Log
  now?: () => number
  random?: RandomBytes
  schedule?: Schedule
  graceMs?: number
  restartGraceMs?: number
}

export interface RoomSocketStats {
  connections: number
  /** Seats over all rooms. */
  people: number
  /** Messages stored since the start. */
  messages: number
}

export interface RoomSocket {
  connections(): number
  stats(): RoomSocketStats
  /** Says goodbye to everybody; nobody's left line is written. */
  close(): Promise<void>
}

export function attachRoomSocket(options: RoomSocketOptions): RoomSocket {
  const { app, storage, bus, log, now = Date.now, schedule = scheduleTimer } = options
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameBytes,
    perMessageDeflate: false,
    clientTracking: false,
  })
  const audience = createAudience(schedule, now)
  const calls = new Map<string, CallPerson[]>()
  const connections = new Set<Connection>()
  const presence = createPresence({
    ...options,
    schedule,
    failed: (error) => log.warn('a line of the room log was not stored', { error }),
  })
  const context: SocketContext = {
    storage,
    bus,
    presence,
    audience,
    random: options.random ?? randomBytes,
    now,
    callOf: (room) => calls.get(room) ?? [],
    mintCallToken: options.mintCallToken,
    storageWorks: options.storageWorks,
    addresses: createAddressLimits(now),
    allowances: createAllowances(now),
    fileBytes: options.fileBytes ?? limits.fileBytes,
  }
  let messages = 0
  let closing = false
  let lastOneGone = () => {}

  const unsubscribe = bus.subscribe((event) => {
    if (event.type === 'callChanged') {
      if (event.people.length > 0) calls.set(event.room, event.people)
      else calls.delete(event.room)
    }
    if (event.type === 'entryAdded' && event.entry.kind === 'message') messages += 1
    if (event.type === 'entryAdded' && event.entry.kind === 'owner') presence.promote(event.room, event.entry.target.id)
    if (event.type === 'memberRead') presence.markRead(event.room, event.member, event.seq)
    if (event.type === 'memberForgotten') presence.forget(event.member)
    if (event.type === 'storageChanged')
      for (const connection of connections)
        if (connection.seat) connection.send({ type: 'storage', works: event.works })
    if (event.type === 'sessionEnded')
      // Whoever has asked for it hears the answer before.
      for (const connection of audience.ofSession(event.session))
        setImmediate(() => {
          connection.send({ type: 'ended' })
          connection.close(closeCodes.ended, 'ended')
        })
    audience.deliver(event)
  })

  /** A new connection: how to give it what its client says, and how to tell that its carrier has ended. */
  function take(carrier: Carrier, caller: Caller): Taken {
    const connection = createConnection(carrier, schedule, now)
    connections.add(connection)
    context.addresses.add(caller.address)
    return {
      connection,
      reader: createFrameReader(context, connection, caller, { log, schedule }),
      gone() {
        connection.gone()
        context.addresses.remove(caller.address)
        connections.delete(connection)
        if (audience.remove(connection) === 'last' && connection.seat)
          presence.leave(connection.seat.room, connection.seat.member, 'later')
        if (connections.size === 0) lastOneGone()
      },
    }
  }

  /** Nothing made here may know the request: it would stay as long as the connection. */
  function begin(ws: WebSocket, request: IncomingMessage): void {
    const { connection, reader, gone } = take(new WebSocketCarrier(ws, request.socket), callerOf(request))
    ws.on('pong', () => connection.heard())
    ws.on('message', (data, isBinary) => reader.read(isBinary ? '' : String(data)))
    ws.on('close', gone)
    ws.on('error', failed)
  }

  /** Only a frame too large or broken comes here; ws closes the connection itself. */
  const failed = (error: Error) => log.debug('room socket failed', { error: error.message })

  app.upgrade('/socket', (request, socket, head) => {
    if (closing) return refuseUpgrade(socket, 503, 'Service Unavailable')
    if (!isOwnOrigin(request))
      return refuseUpgrade(socket, 403, 'Forbidden', 'This page may not open the room socket.\n')
    if (context.addresses.isFull(addressOf(request)))
      return refuseUpgrade(socket, 429, 'Too Many Requests', 'Too many connections from your address.\n')
    server.handleUpgrade(request, socket, head, begin)
  })
  addEventStream(app, { take, random: context.random, isClosing: () => closing, isFull: context.addresses.isFull })

  return {
    connections: () => connections.size,
    stats: () => ({ connections: connections.size, people: presence.countPeople(), messages }),
    async close() {
      closing = true
      presence.close()
      unsubscribe()
      const gone = new Promise<void>((resolve) => {
        lastOneGone = resolve
      })
      for (const connection of connections) connection.close(closeCodes.goingAway, 'the server ends')
      if (connections.size > 0) await gone
      server.close()
    },
  }
}
