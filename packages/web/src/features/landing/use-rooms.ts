import type { Message, Unread } from '@maru/protocol'
import { useEffect, useState } from 'react'
import { patientFetch } from '../../lib/patient-fetch.ts'
import { type RecentRoom, recentRooms } from '../../lib/recent-rooms.ts'
import { remembered } from '../../lib/remembered.ts'
import { saidIn } from '../../lib/said.ts'
import { nothingUnread } from '../../lib/unread.ts'
import { hiddenRooms, hideRoom } from './hidden-rooms.ts'

/** A room on the start page. `unread` is what the server says; until it answers, nothing. */
export interface ShownRoom extends RecentRoom {
  unread: Unread
}

interface Told {
  room: string
  unread: Unread
  last?: Message
}

/**
 * The rooms this browser belongs to, where something was said last first. What the browser remembers is there at once; the server
 * knows rooms of other devices too, and what was said meanwhile.
 */
export function useRooms(): { rooms: readonly ShownRoom[]; hide: (room: ShownRoom) => void } {
  const [told, setTold] = useState<readonly Told[]>()
  const [hidden, setHidden] = useState(hiddenRooms)
  useEffect(() => {
    const token = remembered('token')
    if (!token) return
    const stop = new AbortController()
    ask(token, stop.signal).then(setTold, () => undefined)
    return () => stop.abort()
  }, [])
  const rooms = shownRooms(recentRooms(), told, hidden)
  return { rooms, hide: (room) => setHidden(hideRoom(room)) }
}

/** What both know, the server's word first. A room that was taken off the list is back when something new is said there. */
export function shownRooms(
  recent: readonly RecentRoom[],
  told: readonly Told[] | undefined,
  hidden: Readonly<Record<string, number>>,
): ShownRoom[] {
  const known = new Map<string, ShownRoom>()
  for (const room of recent) known.set(room.room, { ...room, unread: nothingUnread })
  for (const { room, unread, last } of told ?? []) {
    const before = known.get(room)
    if (last)
      known.set(room, { room, unread, at: last.at, seq: last.seq, last: { name: last.name, text: saidIn(last) } })
    else if (before) known.set(room, { ...before, unread })
  }
  // A room may be called as something that every object has.
  const isHidden = ({ room, seq }: ShownRoom) => Object.hasOwn(hidden, room) && seq <= (hidden[room] ?? -1)
  return [...known.values()].filter((room) => !isHidden(room)).toSorted((a, b) => b.at - a.at)
}

async function ask(token: string, signal: AbortSignal): Promise<readonly Told[]> {
  const response = await patientFetch('/api/rooms', { headers: { authorization: `Bearer ${token}` }, signal })
  const { rooms = [] } = (await response.json()) as { rooms?: Told[] }
  return rooms
}
