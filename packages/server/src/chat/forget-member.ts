import type { RoomContext } from '../rooms/append-entry.ts'
import type { Storage, StoredTables } from '../storage/open-storage.ts'

/** Messages of one step: the event loop stands still while they go. */
const STEP = 300

interface Place {
  roomId: number
  room: string
}

/**
 * Forgets a member: in every room only traces are left of what they wrote, and nothing of what they thought. Their tokens are worth nothing
 * any more.
 * @throws storage_unavailable
 */
export async function forgetMember({ storage, bus }: RoomContext, member: string): Promise<void> {
  const sessions = storage.read.sessions.of(member)
  let places: Place[] = storage.read.memberships.roomsOf(member)
  do {
    for (const { roomId } of places) await wipe(storage, roomId, member)
    await storage.write(
      (tables) => leave(tables, places, member),
      (left) => {
        for (const each of left) bus.publish({ type: 'entryAdded', ...each })
        bus.publish({ type: 'memberForgotten', member })
      },
    )
    // From now on nothing comes from them. What was on its way is stored before this is asked, and goes as well.
    places = await storage.write(({ entries }) => places.filter(({ roomId }) => entries.isNamed(roomId, member)))
  } while (places.length > 0)
  for (const { id } of sessions) bus.publish({ type: 'sessionEnded', session: id })
}

/** Leaves only traces of what they wrote in a room, in steps that nobody has to wait for. */
async function wipe(storage: Storage, roomId: number, member: string): Promise<void> {
  let last: number | undefined = 0
  while (last !== undefined) last = await storage.write((tables) => wipeStep(tables, roomId, member, last as number))
}

/** The number of the last one; nothing where there are no more. */
function wipeStep(
  { entries, opinions }: StoredTables,
  roomId: number,
  member: string,
  after: number,
): number | undefined {
  const messages = entries.messagesOf(roomId, member, after, STEP)
  for (const message of messages) {
    entries.wipe(roomId, message)
    opinions.removeFrom(roomId, message.seq)
  }
  return messages.length < STEP ? undefined : messages.at(-1)?.seq
}

function leave(tables: StoredTables, places: readonly Place[], member: string) {
  const { entries, opinions, memberships, sessions } = tables
  opinions.removeOf(member)
  tables.files.giveUpOfMember(member)
  const left = places.map(({ roomId, room }) => {
    wipeStep(tables, roomId, member, 0)
    entries.forget(roomId, member)
    memberships.remove(roomId, member)
    tables.presence.remove(roomId, member)
    return { room, ...entries.append(roomId, { kind: 'forgotten', member, name: '' }) }
  })
  for (const { id } of sessions.of(member)) sessions.end(id)
  sessions.removeTransfers(member)
  tables.members.remove(member)
  return left
}
