import type { ServerMessage } from '@maru/protocol'
import type { ServerEvent } from '../events/bus.ts'
import { type Connection, encode } from './connection.ts'

/** Which connection hears which room: at most one of each session in each room. */
export interface Audience {
  find(room: string, member: string, session: string): Connection | undefined
  add(connection: Connection): void
  /** `last`: the member has no other connection in the room. `stranger`: it was not in the room. */
  remove(connection: Connection): 'last' | 'other' | 'stranger'
  /** Every connection of a session, in whatever room. */
  ofSession(session: string): Connection[]
  deliver(event: ServerEvent): void
}

export function createAudience(): Audience {
  const rooms = new Map<string, Map<string, Connection[]>>()

  /** Those who hear an event: everybody in the room or only some of its members. */
  function listeners(room: string, only: readonly string[] | undefined): Connection[] {
    const members = rooms.get(room)
    if (!members) return []
    if (!only) return [...members.values()].flat()
    return [...new Set(only)].flatMap((member) => members.get(member) ?? [])
  }

  return {
    find: (room, member, session) =>
      rooms
        .get(room)
        ?.get(member)
        ?.find(({ seat }) => seat?.session === session),
    add(connection) {
      if (!connection.seat) return
      const { room, member } = connection.seat
      const members = rooms.get(room) ?? new Map<string, Connection[]>()
      rooms.set(room, members.set(member, [...(members.get(member) ?? []), connection]))
    },
    remove(connection) {
      if (!connection.seat) return 'stranger'
      const { room, member } = connection.seat
      const members = rooms.get(room)
      const own = members?.get(member)
      if (!members || !own?.includes(connection)) return 'stranger'
      const others = own.filter((other) => other !== connection)
      if (others.length > 0) {
        members.set(member, others)
        return 'other'
      }
      members.delete(member)
      if (members.size === 0) rooms.delete(room)
      return 'last'
    },
    ofSession: (session) =>
      [...rooms.values()].flatMap((members) =>
        [...members.values()].flat().filter(({ seat }) => seat?.session === session),
      ),
    deliver(event) {
      if (!('room' in event)) return
      if (event.type === 'memberRead') return deliverRead(event)
      const message = messageOf(event)
      if (!message || !rooms.has(event.room)) return
      // Serialised once, however many hear it.
      const frame = encode(message)
      for (const connection of listeners(event.room, audienceOf(event))) connection.deliver(frame)
    },
  }

  /** How much is unread concerns nobody else. */
  function deliverRead({ room, member, seq, unread }: Extract<ServerEvent, { type: 'memberRead' }>): void {
    const forOthers = encode({ type: 'read', member, seq })
    const forSelf = encode({ type: 'read', member, seq, unread })
    for (const connection of listeners(room, undefined))
      connection.deliver(connection.seat?.member === member ? forSelf : forOthers)
  }
}

/** The only members that are told; undefined for all. */
function audienceOf(event: ServerEvent): readonly string[] | undefined {
  if (event.type === 'entryAdded') return event.only
  if (event.type === 'memberTyping') return event.to === undefined ? undefined : [event.to]
  return undefined
}

/** Undefined for what is not for the room's members. */
function messageOf(event: Extract<ServerEvent, { room: string }>): ServerMessage | undefined {
  switch (event.type) {
    case 'entryAdded':
      return { type: 'entry', entry: event.entry, prev: event.prev }
    case 'memberHere':
      return { type: 'here', member: event.member }
    case 'memberGone':
      return { type: 'gone', member: event.member }
    case 'callChanged':
      return { type: 'call', people: event.people }
    case 'memberTyping':
      return { type: 'typing', member: event.member, ...(event.to !== undefined && { to: event.to }) }
    case 'memberRenamed':
    case 'memberRead':
      return undefined
  }
}
