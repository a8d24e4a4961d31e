import type { IncomingMessage } from 'node:http'
import { AppError, type Member, readRoomName } from '@maru/protocol'
import { findMember } from '../accounts/identify-member.ts'
import type { Actor } from '../rooms/append-entry.ts'
import type { Storage } from '../storage/open-storage.ts'

/**
 * The member whose token the request carries: `Authorization: Bearer <token>`.
 * @throws unauthorized
 */
export function memberOf(storage: Storage, request: IncomingMessage): Member {
  const [, token] = /^Bearer ([0-9a-f]{64})$/.exec(request.headers.authorization ?? '') ?? []
  const found = findMember(storage.read, token)
  if (!found) throw new AppError('unauthorized', 'Send the token of a member: "Authorization: Bearer <token>".')
  return found.member
}

/**
 * That member in a room of theirs, under the name they have there.
 * @throws unauthorized, forbidden, room_empty, room_too_long, room_bad_characters
 */
export function actorOf(storage: Storage, request: IncomingMessage, encodedRoom: string): Actor {
  const { id } = memberOf(storage, request)
  const room = readRoomName(decode(encodedRoom))
  const roomId = storage.read.rooms.find(room)
  const membership = roomId === undefined ? undefined : storage.read.memberships.find(roomId, id)
  // The same answer for a room that is not there: nobody learns which ones are.
  if (!membership) throw new AppError('forbidden', 'You are no member of this room. Enter it first.')
  return { room, member: membership.member }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new AppError('room_bad_characters', undefined, { field: 'room' })
  }
}
