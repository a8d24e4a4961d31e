import type { Member, Welcome } from '@maru/protocol'
import type { Storage } from '../storage/open-storage.ts'

/** What a room is now, for a member who enters it: beside its log, which tells how it came to be so. */
export function describeRoom(
  { read }: Storage,
  room: string,
  { member, people }: { member: string; people: readonly Member[] },
): Pick<Welcome, 'room' | 'read' | 'unread' | 'reads'> {
  const roomId = read.rooms.find(room) ?? 0
  const { topic, retention, expired } = read.rooms.settings(roomId)
  const mark = read.memberships.find(roomId, member)?.read ?? 0
  const reads = people.flatMap(({ id }) => {
    const seq = read.memberships.find(roomId, id)?.read ?? 0
    return seq > 0 && id !== member ? [{ member: id, seq }] : []
  })
  return {
    room: { name: room, topic, retention, expired, pinned: read.opinions.pins(roomId) },
    read: mark,
    unread: read.memberships.unread(roomId, member, mark),
    reads,
  }
}
