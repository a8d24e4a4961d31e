import type { RoomContext } from '../rooms/append-entry.ts'

/**
 * Forgets a member: in every room only traces are left of what they wrote, and nothing of what they thought. Their tokens are worth nothing
 * any more.
 * @throws storage_unavailable
 */
export async function forgetMember({ storage, bus }: RoomContext, member: string): Promise<void> {
  const sessions = storage.read.sessions.of(member)
  await storage.write(
    (tables) => {
      const { entries, opinions, memberships } = tables
      opinions.removeOf(member)
      tables.files.giveUpOfMember(member)
      const rooms = memberships.roomsOf(member).map(({ roomId, room }) => {
        for (const message of entries.messagesOf(roomId, member)) {
          entries.wipe(roomId, message)
          opinions.removeFrom(roomId, message.seq)
        }
        entries.forget(roomId, member)
        memberships.remove(roomId, member)
        tables.presence.remove(roomId, member)
        return { room, ...entries.append(roomId, { kind: 'forgotten', member, name: '' }) }
      })
      for (const { id } of tables.sessions.of(member)) tables.sessions.end(id)
      tables.sessions.removeTransfers(member)
      tables.members.remove(member)
      return rooms
    },
    (rooms) => {
      for (const each of rooms) bus.publish({ type: 'entryAdded', ...each })
      bus.publish({ type: 'memberForgotten', member })
      for (const { id } of sessions) bus.publish({ type: 'sessionEnded', session: id })
    },
  )
}
