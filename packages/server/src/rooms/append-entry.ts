import type { Entry } from '@maru/protocol'
import type { Bus } from '../events/bus.ts'
import type { EntryDraft } from '../storage/entries.ts'
import type { Storage, StoredTables } from '../storage/open-storage.ts'

/** What the verbs of rooms and chat work with. */
export interface RoomContext {
  storage: Storage
  bus: Bus
}

/**
 * Adds an entry to a room's log and tells everybody once it is durable, in the order of the log. `job` may first look whether it is wanted
 * and give what is there instead.
 * @throws storage_unavailable
 */
export async function appendEntry(
  { storage, bus }: RoomContext,
  room: string,
  draft: EntryDraft,
  also: (tables: StoredTables, roomId: number) => void = () => {},
): Promise<Entry> {
  return await storage.write(
    (tables) => {
      const roomId = tables.entries.ensureRoom(room)
      also(tables, roomId)
      return tables.entries.append(roomId, draft)
    },
    (entry) => bus.publish({ type: 'entryAdded', room, entry }),
  )
}
