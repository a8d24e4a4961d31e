import type { View } from '../storage/entries.ts'
import type { StoredTables } from '../storage/open-storage.ts'

/** What of a room a member may read: nothing that has expired, and where the room says so, nothing from before they came. */
export function viewOf({ rooms, memberships }: StoredTables, roomId: number, member: string): View {
  const { expired, retention } = rooms.settings(roomId)
  const since = retention.keep === 'joined' ? (memberships.find(roomId, member)?.since ?? Number.MAX_SAFE_INTEGER) : 0
  return { roomId, reader: member, from: Math.max(expired, since) }
}
