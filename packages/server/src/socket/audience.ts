import type { ServerMessage } from '@maru/protocol'
import type { ServerEvent } from '../events/bus.ts'
import { type Connection, encode } from './connection.ts'

/** Which connection hears which room: at most one of each member in each room. */
export interface Audience {
  find(room: string, member: string): Connection | undefined
  add(connection: Connection): void
  /** True where the connection was still the member's. */
  remove(connection: Connection): boolean
  deliver(event: ServerEvent): void
}

export function createAudience(): Audience {
  const rooms = new Map<string, Map<string, Connection>>()
  return {
    find: (room, member) => rooms.get(room)?.get(member),
    add(connection) {
      if (!connection.seat) return
      const { room, member } = connection.seat
      const members = rooms.get(room) ?? new Map<string, Connection>()
      rooms.set(room, members.set(member, connection))
    },
    remove(connection) {
      if (!connection.seat) return false
      const { room, member } = connection.seat
      const members = rooms.get(room)
      if (members?.get(member) !== connection) return false
      members.delete(member)
      if (members.size === 0) rooms.delete(room)
      return true
    },
    deliver(event) {
      const members = rooms.get(event.room)
      if (!members) return
      const message = messageOf(event)
      if (!message) return
      // Serialised once, however many hear it.
      const frame = encode(message)
      for (const connection of members.values()) connection.deliver(frame)
    },
  }
}

/** Undefined for what is not for the room's members. */
function messageOf(event: ServerEvent): ServerMessage | undefined {
  switch (event.type) {
    case 'entryAdded':
      return { type: 'entry', entry: event.entry }
    case 'memberHere':
      return { type: 'here', member: event.member }
    case 'memberGone':
      return { type: 'gone', member: event.member }
    case 'callChanged':
      return { type: 'call', people: event.people }
    case 'memberRenamed':
      return undefined
  }
}
