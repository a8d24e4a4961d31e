import type { Unread } from '@maru/protocol'
import type { Actor, RoomContext } from '../rooms/append-entry.ts'

/**
 * Remembers how far a member has read, never back and never further than there is, and tells those who are here.
 * @throws storage_unavailable
 */
export async function markRead(
  { storage, bus }: RoomContext,
  { room, member }: Actor,
  wished: number,
): Promise<{ seq: number; unread: Unread }> {
  const roomId = storage.read.rooms.find(room)
  if (roomId === undefined) return { seq: 0, unread: { messages: 0, mentions: 0 } }
  const seq = Math.min(wished, storage.read.rooms.settings(roomId).lastSeq)
  const before = storage.read.memberships.find(roomId, member.id)?.read ?? 0
  if (seq > before)
    await storage.write(
      ({ memberships }) => memberships.markRead(roomId, member.id, seq),
      () => {
        const unread = storage.read.memberships.unread(roomId, member.id, seq)
        bus.publish({ type: 'memberRead', room, member: member.id, seq, unread })
      },
    )
  const read = Math.max(seq, before)
  return { seq: read, unread: storage.read.memberships.unread(roomId, member.id, read) }
}
