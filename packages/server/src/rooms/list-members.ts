import { limits, type ReplyTo } from '@maru/protocol'
import type { Storage } from '../storage/open-storage.ts'

/** Members of a room by name, here or not: in a room of very many the first of them, and the id behind which the next ones are. */
export function listMembers({ read }: Storage, room: string, after = ''): ReplyTo<'members'> {
  const roomId = read.rooms.find(room)
  const found = roomId === undefined ? [] : read.memberships.page(roomId, after, limits.members + 1)
  const members = found.slice(0, limits.members)
  const next = found.length > members.length ? members.at(-1)?.id : undefined
  return {
    members: members.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name))),
    ...(next !== undefined && { next }),
  }
}
