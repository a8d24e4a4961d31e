import type { RoomContext } from '../rooms/append-entry.ts'
import type { Span } from '../storage/entry-pages.ts'
import type { Storage, StoredTables } from '../storage/open-storage.ts'

/** Numbers of one step, whoever's they are: the event loop stands still while they are looked through. */
const STEP = 300

interface Place {
  roomId: number
  room: string
}

/** Of each room the number up to which nothing of the member is left. */
type Done = ReadonlyMap<number, number>

/**
 * Forgets a member: in every room only traces are left of what they wrote, and nothing of what they thought. Their tokens are worth nothing
 * any more.
 * @throws storage_unavailable
 */
export async function forgetMember({ storage, bus }: RoomContext, member: string): Promise<void> {
  const sessions = new Set<string>()
  const done = new Map<number, number>()
  let places: Place[] = storage.read.memberships.roomsOf(member)
  do {
    for (const { roomId } of places) done.set(roomId, await wipe(storage, roomId, member, done))
    const { left, ended } = await storage.write(
      (tables) => leave(tables, places, member, done),
      ({ left }) => {
        for (const each of left) bus.publish({ type: 'entryAdded', ...each })
        bus.publish({ type: 'memberForgotten', member })
      },
    )
    for (const id of ended) sessions.add(id)
    for (const { roomId, entry } of left) done.set(roomId, entry.seq)
    // From now on nothing comes from them. What was on its way is stored before this is asked, and goes as well.
    places = await storage.write(({ entries }) =>
      left.filter(({ roomId, entry }) => entries.isNamed(roomId, member, entry.seq)),
    )
  } while (places.length > 0)
  for (const id of sessions) bus.publish({ type: 'sessionEnded', session: id })
}

/** Leaves only traces in a room, in steps that nobody has to wait for. Gives the number up to which it has come. */
async function wipe(storage: Storage, roomId: number, member: string, done: Done): Promise<number> {
  const { rooms } = storage.read
  let after = firstOf(storage.read, roomId, member, done)
  for (let last = after; ; after = last) {
    last = Math.min(after + STEP, rooms.settings(roomId).lastSeq)
    if (last <= after) return after
    await storage.write((tables) => wipeSpan(tables, { room: roomId, after, upTo: last }, member))
  }
}

/** Everything of a member has a larger number. */
function firstOf({ memberships, rooms }: StoredTables, roomId: number, member: string, done: Done): number {
  return Math.max(done.get(roomId) ?? memberships.find(roomId, member)?.since ?? 0, rooms.settings(roomId).expired)
}

function wipeSpan({ entries, opinions }: StoredTables, span: Span, member: string): void {
  for (const message of entries.messagesOf(member, span)) {
    if (message.deleted) continue
    entries.wipe(span.room, message)
    opinions.removeFrom(span.room, message.seq)
  }
  entries.forget(member, span)
}

/** The end of it, in one transaction; with the rooms they entered meanwhile. */
function leave(tables: StoredTables, places: readonly Place[], member: string, done: Done) {
  const { entries, opinions, memberships, rooms, sessions } = tables
  const all = new Map([...places, ...memberships.roomsOf(member)].map((place) => [place.roomId, place]))
  opinions.removeOf(member)
  tables.files.giveUpOfMember(member)
  const left = Array.from(all.values(), ({ roomId, room }) => {
    const after = firstOf(tables, roomId, member, done)
    wipeSpan(tables, { room: roomId, after, upTo: rooms.settings(roomId).lastSeq }, member)
    memberships.remove(roomId, member)
    tables.presence.remove(roomId, member)
    return { roomId, room, ...entries.append(roomId, { kind: 'forgotten', member, name: '' }) }
  })
  const ended = sessions.of(member).map(({ id }) => id)
  for (const id of ended) sessions.end(id)
  sessions.removeTransfers(member)
  tables.members.remove(member)
  return { left, ended }
}
