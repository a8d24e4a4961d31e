import type { Member } from '@maru/protocol'
import type { Membership } from '../storage/memberships.ts'
import type { Storage } from '../storage/open-storage.ts'

/**
 * The membership of somebody who enters, made at the first time. The first in a room is its owner. What was said before somebody came is
 * not unread.
 * @throws storage_unavailable
 */
export async function becomeMember(storage: Storage, room: string, { id, name }: Member): Promise<Membership> {
  const { read } = storage
  const roomId = read.rooms.find(room)
  const known = roomId === undefined ? undefined : read.memberships.find(roomId, id)
  if (roomId !== undefined && known && (known.member.owner || read.memberships.hasOwner(roomId))) return known
  return await storage.write(({ rooms, memberships }) => {
    const roomId = rooms.ensure(room)
    const isFirst = !memberships.hasOwner(roomId)
    const before = memberships.find(roomId, id)
    if (before) {
      if (isFirst) memberships.makeOwner(roomId, id)
      return isFirst ? { ...before, member: { ...before.member, owner: true } } : before
    }
    const { lastSeq } = rooms.settings(roomId)
    const membership = { member: { id, name, ...(isFirst && { owner: true }) }, since: lastSeq, read: lastSeq }
    memberships.insert(roomId, membership)
    return membership
  })
}
