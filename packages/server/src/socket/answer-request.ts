import {
  AppError,
  type Asked,
  type CallPerson,
  closeCodes,
  limits,
  protocolVersion,
  type RandomBytes,
  type Request,
  readName,
  readRoomName,
  type ServerMessage,
} from '@maru/protocol'
import { identifyMember } from '../accounts/identify-member.ts'
import { checkRight, neededFor } from '../accounts/rights.ts'
import { forgetMember } from '../chat/forget-member.ts'
import { readNews } from '../chat/read-history.ts'
import type { RoomContext } from '../rooms/append-entry.ts'
import { becomeMember } from '../rooms/become-member.ts'
import { describeRoom } from '../rooms/describe-room.ts'
import type { Presence } from '../rooms/presence.ts'
import type { AddressLimits } from './address-limits.ts'
import type { Allowances } from './allowances.ts'
import { answer } from './answers.ts'
import type { Audience } from './audience.ts'
import type { Caller } from './caller.ts'
import type { Connection, Seat } from './connection.ts'

/** What answering needs; the same for all connections. */
export interface SocketContext extends RoomContext {
  presence: Presence
  audience: Audience
  random: RandomBytes
  now: () => number
  callOf: (room: string) => CallPerson[]
  mintCallToken: (who: { identity: string; name: string; room: string }) => Promise<string>
  storageWorks: () => boolean
  addresses: AddressLimits
  allowances: Allowances
  /** The largest file that may be sent, in bytes. */
  fileBytes: number
}

type Hello = Extract<Request, { type: 'hello' }>

/**
 * Gives the connection its seat and greets it. From reading the log to taking the seat nothing waits, so that no entry falls between.
 * @throws AppError
 */
export async function enterRoom(
  context: SocketContext,
  connection: Connection,
  hello: Hello,
  caller: Caller,
): Promise<void> {
  const { storage } = context
  const room = readRoomName(hello.room)
  const allowance = context.allowances.of(room, hello.token)
  if (!allowance.take()) throw new AppError('too_fast')
  const { member, session, token, bot } = await identifyMember(context, {
    token: hello.token,
    newToken: hello.newToken,
    transfer: hello.transfer,
    name: readName(hello.name),
    device: readDevice(hello.device),
    isWelcome: () => context.addresses.takeNewcomer(caller.address),
  })
  checkRight(bot, 'read')
  if (bot && context.storage.read.rooms.find(room) !== bot.roomId)
    throw new AppError('forbidden', 'This bot belongs to another room.', { field: 'room' })
  const { member: known, read } = await becomeMember(context.storage, room, member)
  if (!storage.read.members.find(member.id)) {
    // Forgotten on another device while this one entered.
    await forgetMember(context, member.id)
    throw new AppError('session_ended')
  }
  if (!connection.open) return
  // A token this server does not know comes from another log: so does the cursor.
  const news = readNews(context.storage, { room, member: member.id }, token === undefined ? hello.cursor : undefined)
  const me = context.presence.enter(room, { ...known, name: member.name }, read)
  const before = context.audience.find(room, me.id, session)
  if (before) {
    context.audience.remove(before)
    before.send({ type: 'replaced' })
    before.close(closeCodes.replaced, 'replaced')
  }
  connection.seat = { room, member: me.id, session, allowance, ...(bot && { bot }) }
  context.audience.add(connection)
  const people = context.presence.people(room)
  connection.send({
    type: 'welcome',
    version: protocolVersion,
    ...(token === undefined ? {} : { token }),
    me,
    people,
    call: context.callOf(room),
    ...news,
    ...describeRoom(context.storage, room, me.id),
    reads: context.presence.reads(room).filter(({ member }) => member !== me.id),
    limits: { text: limits.text, name: limits.name, file: context.fileBytes },
  })
  if (!context.storageWorks()) connection.send({ type: 'storage', works: false })
}

/** @throws AppError */
export async function answerRequest(
  context: SocketContext,
  seat: Seat,
  request: Asked,
  caller: Caller,
): Promise<ServerMessage> {
  const { room, session } = seat
  const member = context.presence.find(room, seat.member)
  if (!member) throw new AppError('disconnected')
  checkRight(seat.bot, neededFor[request.type])
  return { type: 'reply', id: request.id, ...(await answer(context, { room, member, session, caller }, request)) }
}

/** What a client says about its device is shown to its member only, but by terminals too. */
function readDevice(raw = ''): string {
  return Array.from(raw.toWellFormed().replace(/[\p{Cc}\p{Cf}]/gu, ''))
    .slice(0, 100)
    .join('')
}
