import type { IncomingMessage } from 'node:http'
import { AppError, type Member, readRoomName } from '@maru/protocol'
import { findMember } from '../accounts/identify-member.ts'
import { checkRight, type Needed } from '../accounts/rights.ts'
import type { Actor } from '../rooms/append-entry.ts'
import type { Storage } from '../storage/open-storage.ts'

/**
 * The member whose token the request carries: `Authorization: Bearer <token>`. `needed`: the right it takes, where the member is a bot.
 * @throws unauthorized, right_missing
 */
export function memberOf(storage: Storage, request: IncomingMessage, needed: Needed): Member {
  const found = askerOf(storage, request)
  if (!found) throw new AppError('unauthorized', 'Send the token of a member: "Authorization: Bearer <token>".')
  checkRight(found.bot, needed)
  return found.member
}

/** The session of who asks, where the request carries a token that is worth something. */
export function sessionOf(storage: Storage, request: IncomingMessage): string | undefined {
  return askerOf(storage, request)?.session
}

function askerOf(storage: Storage, { headers }: IncomingMessage): ReturnType<typeof findMember> {
  const [, token] = /^Bearer ([0-9a-f]{64})$/.exec(headers.authorization ?? '') ?? []
  return findMember(storage.read, token)
}

/**
 * That member in a room of theirs, under the name they have there.
 * @throws unauthorized, right_missing, forbidden, room_empty, room_too_long, room_bad_characters
 */
export function actorOf(storage: Storage, request: IncomingMessage, rawRoom: string, needed: Needed): Actor {
  const { id } = memberOf(storage, request, needed)
  const room = readRoomName(rawRoom)
  const roomId = storage.read.rooms.find(room)
  const membership = roomId === undefined ? undefined : storage.read.memberships.find(roomId, id)
  // The same answer for a room that is not there: nobody learns which ones are.
  if (!membership) throw new AppError('forbidden', 'You are no member of this room. Enter it first.')
  return { room, member: membership.member }
}

/**
 * A part of a path as it was meant.
 * @throws room_bad_characters, bad_frame
 */
export function decodePart(part: string, field: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    const code = field === 'room' ? 'room_bad_characters' : 'bad_frame'
    throw new AppError(code, `"${field}" in the path is not percent-encoded UTF-8.`, { field })
  }
}
