/** LiveKit's protocol on this server: signalling, tokens and the room service. It owns no rule about people. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { MediaEngine } from '../media/media-engine.ts'
import { type ApiKeys, mintCallToken } from './tokens.ts'

export interface LiveKitParts {
  app: {
    route(
      method: 'GET' | 'POST' | 'OPTIONS',
      path: string | RegExp,
      handler: (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>,
    ): void
    upgrade(
      path: string | RegExp,
      handler: (request: IncomingMessage, socket: Duplex, head: Buffer, url: URL) => void | Promise<void>,
    ): void
  }
  bus: {
    publish(event: { type: 'callChanged'; room: string; people: { identity: string; name: string }[] }): void
  }
  engine: MediaEngine
  keys: ApiKeys
  /** Makes the lasting room when it is missing; throws when the name cannot be one. */
  ensureRoom(name: string): void
  now: () => number
  random: (size: number) => Uint8Array
  version: string
  nodeId: string
  log: Log
}

export interface Log {
  debug(message: string, fields?: object): void
  info(message: string, fields?: object): void
  warn(message: string, fields?: object): void
  error(message: string, fields?: object): void
}

export interface LiveKit {
  mintCallToken(who: { identity: string; name: string; room: string }): Promise<string>
  stats(): { rooms: number; participants: number; tracks: number }
  close(): Promise<void>
}

export function attachLiveKit(parts: LiveKitParts): LiveKit {
  return {
    mintCallToken: (who) => mintCallToken(who, parts.keys, parts.now()),
    stats: () => ({ rooms: 0, participants: 0, tracks: 0 }),
    close: async () => {},
  }
}
