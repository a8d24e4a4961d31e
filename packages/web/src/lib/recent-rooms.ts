import { remember, remembered } from './remembered.ts'

/** A room this browser was in, as the start page shows it. */
export interface RecentRoom {
  room: string
  /** When something last happened there, in ms since the epoch. */
  at: number
  /** The last number read. */
  seq: number
  /** The last message, cut. */
  last?: { name: string; text: string }
}

const KEPT = 6
const CUT = 80

export function readRecentRooms(text: string | undefined): RecentRoom[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(list) ? list.filter(isRecentRoom).slice(0, KEPT) : []
  } catch {
    return []
  }
}

/** The list with one room put first or brought up to date. */
export function withRoom(list: readonly RecentRoom[], visited: RecentRoom): RecentRoom[] {
  const cut = visited.last && { ...visited.last, text: visited.last.text.replace(/\s+/g, ' ').slice(0, CUT) }
  const entry: RecentRoom = { room: visited.room, at: visited.at, seq: visited.seq, ...(cut && { last: cut }) }
  return [entry, ...list.filter((other) => other.room !== visited.room)].slice(0, KEPT)
}

function isRecentRoom(value: unknown): value is RecentRoom {
  const room = value as Partial<RecentRoom> | null
  return (
    typeof room?.room === 'string' &&
    typeof room.at === 'number' &&
    typeof room.seq === 'number' &&
    (room.last === undefined || (typeof room.last.name === 'string' && typeof room.last.text === 'string'))
  )
}

export function recentRooms(): RecentRoom[] {
  return readRecentRooms(remembered('rooms'))
}

export function rememberRoom(visited: RecentRoom): void {
  remember('rooms', JSON.stringify(withRoom(recentRooms(), visited)))
}

export function forgetRoom(room: string): RecentRoom[] {
  const rest = recentRooms().filter((other) => other.room !== room)
  remember('rooms', rest.length > 0 ? JSON.stringify(rest) : undefined)
  return rest
}
