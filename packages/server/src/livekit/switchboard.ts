/** Connects signalling connections with the participants of calls: requests in, messages out. */
import { Pong } from '@livekit/protocol'
import type { WebSocket } from 'ws'
import type { ApiKeys } from '../api-keys.ts'
import type { CallMessage } from '../calls/effect.ts'
import type { LiveCalls } from '../calls/live-calls.ts'
import type { ParticipantSnapshot } from '../calls/participant.ts'
import type { Log } from '../terminal/log.ts'
import { type Connection, createConnection } from './connection.ts'
import { type Refused, readRequest } from './read-request.ts'
import { encodeReply, type SignalAsk, type SignalReply } from './signal-codec.ts'
import { type Claims, refreshToken } from './tokens.ts'
import { type ServerIdentity, writeMessage } from './write-message.ts'

export interface Switchboard {
  /** Speaks for a participant that is about to join, or to go on; a former connection of it is ended. */
  connect(sid: string, socket: WebSocket, claims: Claims): void
  /** Takes what a participant asked along with joining. */
  hear(sid: string, ask: SignalAsk): void
  deliver(to: string[], message: CallMessage): void
  refreshToken(participant: ParticipantSnapshot): void
  disconnect(sid: string): void
  beat(): void
}

export function createSwitchboard(parts: {
  calls: () => Pick<LiveCalls, 'fromClient'>
  keys: ApiKeys
  identity: ServerIdentity
  now: () => number
  log: Log
}): Switchboard {
  const { keys, identity, now, log } = parts
  const lines = new Map<string, { connection: Connection; claims: Claims }>()

  function hear(sid: string, connection: Connection, ask: SignalAsk): void {
    const reply = replyToPing(ask, now())
    const input = reply ? undefined : readRequest(ask)
    if (reply) connection.send(encodeReply(reply))
    else if (input?.type === 'refused') refuse(connection, input)
    else if (input) parts.calls().fromClient(sid, input)
  }

  function refuse(connection: Connection, { outcome, text, requestId, request }: Refused): void {
    const message = { type: 'requestAnswered', requestId, outcome, text, request } as const
    connection.send(encodeReply(writeMessage(message, identity)))
  }

  return {
    hear: (sid, ask) => {
      const line = lines.get(sid)
      if (line) hear(sid, line.connection, ask)
    },
    connect: (sid, socket, claims) => {
      const connection = createConnection(socket, {
        now,
        onRequest: (ask) => hear(sid, connection, ask),
        onAbuse: (reason) => {
          log.debug('signalling misused', { participant: sid, reason })
          parts.calls().fromClient(sid, { type: 'misbehave' })
        },
        onClose: () => {
          if (lines.get(sid)?.connection !== connection) return
          lines.delete(sid)
          log.debug('signalling broke off', { participant: sid })
          parts.calls().fromClient(sid, { type: 'loseSignal' })
        },
      })
      const former = lines.get(sid)
      lines.set(sid, { connection, claims })
      former?.connection.close()
    },
    deliver: (to, message) => {
      let frame: Uint8Array | undefined
      for (const sid of to) {
        const line = lines.get(sid)
        if (!line) continue
        frame ??= encodeReply(writeMessage(message, identity))
        line.connection.send(frame)
      }
    },
    refreshToken: (participant) => {
      const line = lines.get(participant.sid)
      if (!line) return
      const token = refreshToken(line.claims, participant, keys, now())
      line.connection.send(token.then((value) => encodeReply({ case: 'refreshToken', value })))
    },
    disconnect: (sid) => {
      const line = lines.get(sid)
      lines.delete(sid)
      line?.connection.close()
    },
    beat: () => {
      for (const { connection } of lines.values()) connection.beat()
    },
  }
}

/** Clients measure their line with either kind of ping, some with both. */
function replyToPing(ask: SignalAsk, now: number): SignalReply | undefined {
  if (ask.case === 'ping') return { case: 'pong', value: BigInt(now) }
  if (ask.case !== 'pingReq') return undefined
  const value = new Pong({ lastPingTimestamp: ask.value.timestamp, timestamp: BigInt(now) })
  return { case: 'pongResp', value }
}
