import type { Welcome } from '@maru/protocol'
import type { Storage } from '../storage/open-storage.ts'

/** What a room is now, for a member who enters it: beside its log, which tells how it came to be so. */
export function describeRoom(
  { read }: Storage,
  room: string,
  member: string,
): Pick<Welcome, 'room' | 'read' | 'unread'> {
  const roomId = read.rooms.find(room) ?? 0
  const { topic, retention, expired } = read.rooms.settings(roomId)
  const mark = read.memberships.find(roomId, member)?.read ?? 0
  return {
    room: { name: room, topic, retention, expired, pinned: read.opinions.pins(roomId) },
    read: mark,
    unread: read.memberships.unread(roomId, member, mark),
  }
}
