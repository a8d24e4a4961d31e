import type { ServerMessage } from '@maru/protocol'
import type { ServerEvent } from '../events/bus.ts'
import type { Schedule } from '../rooms/presence.ts'
import type { Logged } from '../storage/entries.ts'
import type { Connection } from './connection.ts'
import { borrowFrames, createFrames, encode } from './frames.ts'
import { isMuch, MAX_PAUSE_MS, pauseMs } from './pause.ts'

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

interface AudienceRoom {
  members: Map<string, Connection[]>
  listeners: Set<Connection>
  /** Frames that most have not been sent, in order. */
  waiting: string[]
  /** How long they are. */
  characters: number
  /** How many of these some have been sent. */
  ahead: Map<Connection, number>
  /** They will leave: at the end of this turn, or of the pause. */
  scheduled: boolean
  /** When the pause ends, in milliseconds of `now`. No timer tells so: most end while nothing waits. */
  pausedUntil: number
  takeBacklog(connection: Connection): readonly string[]
}

/** `now` in milliseconds. */
export function createAudience(schedule: Schedule, now: () => number): Audience {
  const rooms = new Map<string, AudienceRoom>()

  function flush(room: AudienceRoom): void {
    room.scheduled = false
    const { waiting, ahead } = room
    if (waiting.length === 0) return
    room.waiting = []
    room.ahead = new Map()
    const all = createFrames(waiting)
    // Steps of a loop would each be an object, and they are most of what a message leaves for the garbage collection.
    room.listeners.forEach((connection) => {
      const from = ahead.size === 0 ? 0 : (ahead.get(connection) ?? 0)
      if (from === 0) connection.deliver(all)
      else if (from < waiting.length) connection.deliver(borrowFrames(waiting.slice(from)))
    })
    room.characters = 0
    room.pausedUntil = now() + pauseMs(room.listeners.size)
  }

  /** What everybody hears, serialised once. */
  function tellAll(room: AudienceRoom, text: string): void {
    room.waiting.push(text)
    room.characters += text.length
    const tooMuch = isMuch(room.characters)
    if (room.scheduled && !tooMuch) return
    room.scheduled = true
    const leftMs = room.pausedUntil - now()
    // A clock that was set back must hold nobody up.
    if (leftMs > 0 && leftMs <= MAX_PAUSE_MS && !tooMuch) schedule(leftMs, () => flush(room))
    // What is stored together is told together.
    else queueMicrotask(() => flush(room))
  }

  /** What everybody hears but some who have been told already. */
  function tellAllBut(told: readonly Connection[], room: AudienceRoom, text: string): void {
    tellAll(room, text)
    for (const connection of told) room.ahead.set(connection, room.waiting.length)
  }

  /** How much is unread concerns nobody else. */
  function tellRead({ member, seq, unread }: Extract<ServerEvent, { type: 'memberRead' }>, room: AudienceRoom): void {
    const own = room.members.get(member) ?? []
    for (const connection of own) connection.send({ type: 'read', member, seq, unread })
    tellAllBut(own, room, encode({ type: 'read', member, seq }))
  }

  return {
    find: (room, member, session) =>
      rooms
        .get(room)
        ?.members.get(member)
        ?.find(({ seat }) => seat?.session === session),
    add(connection) {
      if (!connection.seat) return
      const { member } = connection.seat
      const room = rooms.get(connection.seat.room) ?? emptyRoom()
      rooms.set(connection.seat.room, room)
      room.members.set(member, [...(room.members.get(member) ?? []), connection])
      room.listeners.add(connection)
      // What waits is in its welcome.
      if (room.waiting.length > 0) room.ahead.set(connection, room.waiting.length)
      connection.backlog = room
    },
    remove(connection) {
      if (!connection.seat) return 'stranger'
      const { member } = connection.seat
      const room = rooms.get(connection.seat.room)
      const own = room?.members.get(member)
      if (!room || !own?.includes(connection)) return 'stranger'
      const before = room.takeBacklog(connection)
      if (before.length > 0) connection.deliver(borrowFrames(before))
      connection.backlog = undefined
      room.ahead.delete(connection)
      room.listeners.delete(connection)
      const others = own.filter((other) => other !== connection)
      if (others.length > 0) {
        room.members.set(member, others)
        return 'other'
      }
      room.members.delete(member)
      if (room.members.size === 0) rooms.delete(connection.seat.room)
      return 'last'
    },
    ofSession: (session) =>
      [...rooms.values()].flatMap(({ members }) =>
        [...members.values()].flat().filter(({ seat }) => seat?.session === session),
      ),
    deliver(event) {
      if (!('room' in event)) return
      const room = rooms.get(event.room)
      if (!room) return
      if (event.type === 'memberRead') return tellRead(event, room)
      const message = messageOf(event)
      if (!message) return
      const only = audienceOf(event)
      const hidden = event.type === 'entryAdded' ? event.hidden : undefined
      const isHidden = new Set(hidden?.from)
      const others = hidden && { type: 'entry' as const, entry: hidden.entry, prev: (event as Logged).prev }
      if (only) {
        for (const member of new Set(only))
          for (const connection of room.members.get(member) ?? [])
            connection.send(others && isHidden.has(member) ? others : message)
        return
      }
      const apart = [...isHidden].flatMap((member) => room.members.get(member) ?? [])
      if (others) for (const connection of apart) connection.send(others)
      tellAllBut(apart, room, encode(message))
    },
  }
}

const emptyRoom = (): AudienceRoom => ({
  members: new Map(),
  listeners: new Set(),
  waiting: [],
  characters: 0,
  ahead: new Map(),
  scheduled: false,
  pausedUntil: 0,
  takeBacklog(connection) {
    const from = this.ahead.get(connection) ?? 0
    if (from === this.waiting.length) return []
    this.ahead.set(connection, this.waiting.length)
    return this.waiting.slice(from)
  },
})

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
