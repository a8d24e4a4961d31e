/** LiveKit's protocol on this server: signalling, tokens and the room service. It translates and owns no rule about people. */

import type { ApiKeys } from '../api-keys.ts'
import { createLiveCalls, type LiveCalls } from '../calls/live-calls.ts'
import type { Random } from '../calls/sid.ts'
import type { Bus } from '../events/bus.ts'
import type { App } from '../http/app.ts'
import type { MediaEngine } from '../media/media-engine.ts'
import type { Schedule } from '../rooms/presence.ts'
import type { Log } from '../terminal/log.ts'
import { readDataPacket } from './data-packets.ts'
import { addOtherDoors } from './other-doors.ts'
import { addRoomService } from './room-service.ts'
import { addRtcRoutes } from './rtc-routes.ts'
import { createSwitchboard, type Switchboard } from './switchboard.ts'
import { mintCallToken } from './tokens.ts'
import { createWebhooks } from './webhooks.ts'

export interface LiveKitParts {
  app: Pick<App, 'route' | 'upgrade'>
  bus: Bus
  engine: MediaEngine
  keys: ApiKeys
  /** Makes the lasting room when it is missing. */
  ensureRoom(name: string): void
  /** Whether whoever holds the API key can unmute a track of somebody. */
  remoteUnmute: boolean
  /** Carries what happens in calls to the programs that are told of it, in order for each room. */
  sendWebhook(room: string, body: string): void
  now: () => number
  schedule: Schedule
  random: Random
  version: string
  nodeId: string
  log: Log
}

export interface LiveKit {
  mintCallToken(who: { identity: string; name: string; room: string }): Promise<string>
  stats(): { rooms: number; participants: number; tracks: number }
  /** Runs what time brings about; called by a timer of its own, and by tests. */
  tick(): void
  /** Sends everybody away and waits until their connections have ended. The engine is not shut down. */
  close(): Promise<void>
}

const TICK_MS = 1_000
const BEAT_TICKS = 10
const CLOSE_TIMEOUT_MS = 2_000

export function attachLiveKit(parts: LiveKitParts): LiveKit {
  const { app, bus, engine, keys, ensureRoom, remoteUnmute, now, random, log } = parts
  const identity = { nodeId: parts.nodeId, version: parts.version }
  let closing = false
  let ticks = 0
  let timer: NodeJS.Timeout | undefined
  const switchboard: Switchboard = createSwitchboard({ calls: () => calls, keys, identity, now, log })
  const calls: LiveCalls = createLiveCalls({
    engine,
    now,
    schedule: parts.schedule,
    random,
    log,
    deliver: switchboard.deliver,
    refreshToken: switchboard.refreshToken,
    disconnect: switchboard.disconnect,
    publish: bus.publish,
    happened: createWebhooks({ send: parts.sendWebhook, now, random }),
    readData: readDataPacket,
    awake() {
      if (!closing) timer ??= setInterval(tick, TICK_MS).unref()
    },
  })
  const isClosing = () => closing
  const sockets = addRtcRoutes({ app, calls, switchboard, keys, identity, ensureRoom, now, random, log, isClosing })
  addOtherDoors(app)
  addRoomService({ app, calls, keys, ensureRoom, remoteUnmute, now, random, log })

  const unsubscribe = bus.subscribe((event) => {
    if (event.type === 'memberRenamed') calls.rename(event.room, event.member, event.name)
  })

  const tick = () => {
    calls.tick()
    ticks += 1
    if (ticks % BEAT_TICKS === 0) switchboard.beat()
    if (calls.isAsleep()) sleep()
  }
  /** A server without a call is not woken every second. */
  const sleep = () => {
    clearInterval(timer)
    timer = undefined
  }

  return {
    mintCallToken: async (who) => {
      if (!calls.works()) throw new Error('the media engine has stopped')
      return await mintCallToken(who, keys, now())
    },
    stats: calls.stats,
    tick,
    close: async () => {
      closing = true
      unsubscribe()
      sleep()
      for (const { name } of calls.list([])) calls.end(name, 'serverShutdown')
      const open = [...sockets.clients]
      const ended = open.map((socket) => new Promise<void>((done) => socket.once('close', () => done())))
      const late = setTimeout(() => {
        for (const socket of open) socket.terminate()
      }, CLOSE_TIMEOUT_MS)
      await Promise.all(ended)
      clearTimeout(late)
    },
  }
}
