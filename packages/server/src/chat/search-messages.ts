import { setImmediate } from 'node:timers/promises'
import { type Hit, limits, nameKey } from '@maru/protocol'
import { viewOf } from '../rooms/view-of.ts'
import type { Storage } from '../storage/open-storage.ts'
import { bringUp } from './keep-index.ts'
import { markWords } from './mark-words.ts'
import { badQuery, readQuery, shortened } from './read-query.ts'

/** Hits of one answer: each holds a whole message. */
const HITS = 20
/** Members of one name whose messages `from:` finds. */
const SAME_NAME = 20

/**
 * Messages that a member may read, the newest first.
 * @throws query_bad
 */
export async function searchMessages(
  storage: Storage,
  { room, member }: { room: string; member: string },
  {
    query: raw,
    before = Number.MAX_SAFE_INTEGER,
    limit = HITS,
  }: { query: string; before?: number | undefined; limit?: number | undefined },
): Promise<{ hits: Hit[]; hasOlder: boolean }> {
  const query = readQuery(raw)
  // A disk that cannot be written to is no reason to find nothing.
  await bringUp(storage).catch(() => {})
  const { read } = storage
  const roomId = read.rooms.find(room)
  if (roomId === undefined) return { hits: [], hasOlder: false }
  const view = viewOf(read, roomId, member)
  const from = query.from.length === 0 ? undefined : query.from.flatMap((name) => membersCalled(read, roomId, name))
  const count = Math.min(limit, limits.page)
  const timeOf = (at: number) => read.entries.seqAt(roomId, at) ?? Number.MAX_SAFE_INTEGER
  const span = {
    from: Math.max(view.from, query.after === undefined ? 0 : timeOf(query.after) - 1),
    before: Math.min(before, query.before === undefined ? Number.MAX_SAFE_INTEGER : timeOf(query.before)),
  }
  const found: number[] = []
  for (const seqs of read.search.find({ ...query, from }, { roomId, reader: member, ...span, limit: count + 1 })) {
    found.push(...seqs)
    if (found.length > count) break
    await setImmediate()
  }
  const hits = read.entries
    .lookUp(view, found.slice(0, count))
    .flatMap((message): Hit[] =>
      message.kind === 'message' && !message.deleted ? [{ message, marks: markWords(message.text, query.terms) }] : [],
    )
  return { hits, hasOlder: found.length > count }
}

/** @throws query_bad where nobody of the room has this name */
function membersCalled(read: Storage['read'], roomId: number, name: string): string[] {
  const found = read.memberships.withKey(roomId, nameKey(name.replace(/^@/, '')), SAME_NAME)
  if (found.length === 0)
    throw badQuery(
      `Nobody of this room is called "${shortened(name)}". Write the name as the room shows it, and a name of several words in quotes: from:"Ana Lee".`,
      'from',
    )
  return found
}
