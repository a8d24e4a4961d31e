import type { IncomingMessage } from 'node:http'
import {
  AppError,
  type CallPerson,
  closeCodes,
  limits,
  protocolVersion,
  type RandomBytes,
  type Reply,
  type Request,
  readName,
  readRoomName,
} from '@maru/protocol'
import { identifyMember } from '../accounts/identify-member.ts'
import { readHistory, readNews } from '../chat/read-history.ts'
import { sendMessage } from '../chat/send-message.ts'
import type { RoomContext } from '../rooms/append-entry.ts'
import type { Presence } from '../rooms/presence.ts'
import type { Audience } from './audience.ts'
import { socketBase } from './check-origin.ts'
import type { Connection, Seat } from './connection.ts'

/** What answering needs; the same for all connections. */
export interface SocketContext extends RoomContext {
  presence: Presence
  audience: Audience
  random: RandomBytes
  callOf: (room: string) => CallPerson[]
  mintCallToken: (who: { identity: string; name: string; room: string }) => Promise<string>
}

type Hello = Extract<Request, { type: 'hello' }>
type Asked = Exclude<Request, { type: 'hello' | 'leave' }>

/**
 * Gives the connection its seat and greets it. From reading the log to taking the seat nothing waits, so that no entry falls between.
 * @throws AppError
 */
export async function enterRoom(context: SocketContext, connection: Connection, hello: Hello): Promise<void> {
  const room = readRoomName(hello.room)
  const { member, token } = await identifyMember(context, { token: hello.token, name: readName(hello.name) })
  if (!connection.open) return
  // A token this server does not know comes from another log: so does the cursor.
  const news = readNews(context.storage, room, token === undefined ? hello.cursor : undefined)
  const me = context.presence.enter(room, member.id, member.name)
  const before = context.audience.find(room, me.id)
  if (before) {
    context.audience.remove(before)
    before.send({ type: 'replaced' })
    before.close(closeCodes.replaced, 'replaced')
  }
  connection.seat = { room, member: me.id }
  context.audience.add(connection)
  connection.send({
    type: 'welcome',
    version: protocolVersion,
    ...(token === undefined ? {} : { token }),
    me,
    room: { name: room },
    people: context.presence.people(room),
    call: context.callOf(room),
    ...news,
    limits: { text: limits.text, name: limits.name },
  })
}

/** @throws AppError */
export async function answerRequest(
  context: SocketContext,
  seat: Seat,
  request: Asked,
  upgrade: IncomingMessage,
): Promise<Reply> {
  const { presence } = context
  const reply = { type: 'reply', id: request.id } as const
  const me = presence.find(seat.room, seat.member)
  if (!me) throw new AppError('disconnected')
  const { room } = seat
  switch (request.type) {
    case 'send': {
      const { clientId, text } = request
      return { ...reply, ...(await sendMessage(context, { room, member: me.id, name: me.name, clientId, text })) }
    }
    case 'history':
      return { ...reply, ...readHistory(context.storage, room, request.before, request.limit) }
    case 'rename':
      return { ...reply, name: presence.rename(room, me.id, readName(request.name)).name }
    case 'joinCall': {
      const token = await context.mintCallToken({ identity: me.id, name: me.name, room }).catch((cause) => {
        throw new AppError('call_unavailable', undefined, { cause })
      })
      return { ...reply, ticket: { url: socketBase(upgrade), token } }
    }
    case 'ping':
      return reply
  }
}
