import { AppError, type KnownEntry, type Member } from '@maru/protocol'
import type { Bus } from '../events/bus.ts'
import type { EntryDraft, Logged } from '../storage/entries.ts'
import type { Storage, StoredTables } from '../storage/open-storage.ts'

/** What the verbs of rooms and chat work with. */
export interface RoomContext {
  storage: Storage
  bus: Bus
}

/** Who does something, and in which room. */
export interface Actor {
  room: string
  member: Member
}

/** The number and time of the entry that was made; nothing where nothing had to change. */
export type Made = Partial<Pick<KnownEntry, 'seq' | 'at'>>

/**
 * Changes a room in one transaction and tells everybody once it is durable, in the order of the log. `job` refuses by throwing an `AppError`,
 * before it has changed anything, and gives `undefined` where nothing has to change.
 * @throws storage_unavailable
 */
export async function changeRoom(
  { storage, bus }: RoomContext,
  room: string,
  job: (tables: StoredTables, roomId: number) => Logged | undefined,
): Promise<Made> {
  const outcome = await storage.write(
    (tables) => refusable(() => job(tables, tables.rooms.ensure(room))),
    (logged) => {
      if (logged && !(logged instanceof AppError)) bus.publish({ type: 'entryAdded', room, ...logged })
    },
  )
  if (outcome instanceof AppError) throw outcome
  return outcome ? { seq: outcome.entry.seq, at: outcome.entry.at } : {}
}

/** A refusal as a value (a database out of reach is none): thrown through the transaction it would cost all others in it a transaction of their own. */
export function refusable<Result>(job: () => Result): Result | AppError {
  try {
    return job()
  } catch (error) {
    if (error instanceof AppError && error.code !== 'storage_unavailable') return error
    throw error
  }
}

/**
 * Adds an entry to a room's log, after whatever `also` does in the same transaction.
 * @throws storage_unavailable
 */
export async function appendEntry(
  context: RoomContext,
  room: string,
  draft: EntryDraft,
  also: (tables: StoredTables, roomId: number) => void = () => {},
): Promise<Made> {
  return await changeRoom(context, room, (tables, roomId) => {
    also(tables, roomId)
    return tables.entries.append(roomId, draft)
  })
}
