import { AppError, type Entry, type KnownEntry, limits, type Message, type Page } from '@maru/protocol'
import { viewOf } from '../rooms/view-of.ts'
import type { View } from '../storage/entries.ts'
import type { Storage } from '../storage/open-storage.ts'

/** Where a page lies: before or after a number, around it, or around a time. Just one is given. */
export interface PagePlace {
  before?: number | undefined
  after?: number | undefined
  around?: number | undefined
  at?: number | undefined
  limit?: number | undefined
}

interface Reader {
  room: string
  member: string
}

const nothing: Page = { entries: [], hasOlder: false, hasNewer: false }

/**
 * A page of a room's lines, ascending.
 * @throws history_bad
 */
export function readHistory(storage: Storage, reader: Reader, place: PagePlace): Page {
  const { before, after, around, at, limit = limits.firstPage } = place
  if ([before, after, around, at].filter((each) => each !== undefined).length !== 1) throw new AppError('history_bad')
  const view = viewFor(storage, reader)
  if (!view) return nothing
  const { entries } = storage.read
  if (before !== undefined) return pageBefore(storage, view, before, limit)
  if (after !== undefined) {
    const found = entries.after(view, after, limit + 1)
    return {
      entries: found.slice(0, limit),
      hasOlder: entries.hasBefore(view, found[0]?.seq ?? after),
      hasNewer: found.length > limit,
    }
  }
  const middle = around ?? entries.seqAt(view.roomId, at ?? 0) ?? Number.MAX_SAFE_INTEGER
  const half = Math.ceil(limit / 2)
  const older = pageBefore(storage, view, middle, half)
  const newer = entries.after(view, middle - 1, limit - half + 1)
  return {
    entries: [...older.entries, ...newer.slice(0, limit - half)],
    hasOlder: older.hasOlder,
    hasNewer: newer.length > limit - half,
  }
}

function pageBefore({ read }: Storage, view: View, before: number, limit: number): Page {
  const found = read.entries.before(view, before, limit + 1)
  const entries = found.slice(-limit)
  return {
    entries,
    hasOlder: found.length > limit,
    hasNewer: read.entries.hasAfter(view, before - 1),
  }
}

/** A message and its answers, the newest page of them or the one before a number. */
export function readThread(
  storage: Storage,
  reader: Reader,
  {
    root,
    before = Number.MAX_SAFE_INTEGER,
    limit = limits.page,
  }: { root: number; before?: number | undefined; limit?: number | undefined },
): Page {
  const view = viewFor(storage, reader)
  if (!view) return nothing
  const found = storage.read.entries.thread(view, root, before, limit + 1)
  return { entries: found.slice(-limit), hasOlder: found.length > limit, hasNewer: false }
}

/** The lines of these numbers, those that are there. */
export function lookUp(storage: Storage, reader: Reader, targets: readonly number[]): Entry[] {
  const view = viewFor(storage, reader)
  return view ? storage.read.entries.lookUp(view, targets) : []
}

/** The newest message a member may read. */
export function lastMessage(storage: Storage, reader: Reader): Message | undefined {
  const view = viewFor(storage, reader)
  return view && storage.read.entries.lastMessage(view)
}

export interface News {
  /** With `reset` the newest lines, else every entry that was missed. */
  entries: KnownEntry[]
  hasOlder: boolean
  /** The number of the room's newest entry. */
  cursor: number
  /** True where `entries` is the newest page and does not continue what the client holds. */
  reset: boolean
}

/** A first page of the longest messages in Korean: with more in one frame, a slow line would be given up before it has taken it. */
const MAX_NEWS_BYTES = limits.firstPage * limits.text * 3

/** What a returning client has missed since `cursor`, or the newest page where that is too much, unknown or from another log. */
export function readNews(storage: Storage, reader: Reader, cursor: number | undefined): News {
  const view = viewFor(storage, reader)
  if (!view) return { entries: [], hasOlder: false, cursor: 0, reset: true }
  const last = storage.read.rooms.settings(view.roomId).lastSeq
  const newest = (): News => {
    const { entries, hasOlder } = pageBefore(storage, view, last + 1, limits.firstPage)
    return { entries: entries as KnownEntry[], hasOlder, cursor: last, reset: true }
  }
  if (cursor === undefined || cursor < 1 || cursor > last || last - cursor > limits.resume) return newest()
  const entries = storage.read.entries.changesAfter(view, cursor, limits.resume)
  if (bytesOf(entries) > MAX_NEWS_BYTES) return newest()
  return { entries, hasOlder: false, cursor: last, reset: false }
}

function bytesOf(entries: readonly KnownEntry[]): number {
  return entries.reduce((sum, entry) => sum + ('text' in entry ? Buffer.byteLength(entry.text) : 0), 0)
}

function viewFor({ read }: Storage, { room, member }: Reader): View | undefined {
  const roomId = read.rooms.find(room)
  return roomId === undefined ? undefined : viewOf(read, roomId, member)
}
