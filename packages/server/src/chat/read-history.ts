import { type Entry, limits } from '@maru/protocol'
import type { Storage } from '../storage/open-storage.ts'

export interface Page {
  entries: Entry[]
  /** Whether there is anything before the first of them. */
  hasOlder: boolean
}

/** The entries just before `before`, ascending. */
export function readHistory(storage: Storage, room: string, before: number, limit: number = limits.firstPage): Page {
  const roomId = storage.read.entries.findRoom(room)
  const entries = roomId === undefined ? [] : storage.read.entries.before(roomId, before, limit)
  return { entries, hasOlder: (entries[0]?.seq ?? 1) > 1 }
}

export interface News extends Page {
  /** The number of the room's newest entry. */
  cursor: number
  /** True where `entries` is the newest page and does not continue what the client holds. */
  reset: boolean
}

/** A first page of the longest messages in Korean: with more in one frame, a slow line would be given up before it has taken it. */
const MAX_NEWS_BYTES = limits.firstPage * limits.text * 3

/** What a returning client has missed since `cursor`, or the newest page where that is too much, unknown or from another log. */
export function readNews(storage: Storage, room: string, cursor: number | undefined): News {
  const roomId = storage.read.entries.findRoom(room)
  const last = roomId === undefined ? 0 : storage.read.entries.lastSeq(roomId)
  const newest = () => ({ ...readHistory(storage, room, last + 1), cursor: last, reset: true })
  if (cursor === undefined || cursor < 1 || cursor > last || last - cursor > limits.resume) return newest()
  const entries = roomId === undefined ? [] : storage.read.entries.after(roomId, cursor, limits.resume)
  if (bytesOf(entries) > MAX_NEWS_BYTES) return newest()
  return { entries, hasOlder: cursor > 1, cursor: last, reset: false }
}

function bytesOf(entries: Entry[]): number {
  return entries.reduce((sum, entry) => sum + (entry.kind === 'message' ? Buffer.byteLength(entry.text) : 0), 0)
}
