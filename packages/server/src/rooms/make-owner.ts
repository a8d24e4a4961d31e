import { AppError } from '@maru/protocol'
import { type Actor, changeRoom, type Made, type RoomContext } from './append-entry.ts'
import { checkOwner } from './check-owner.ts'

/**
 * Makes another member an owner too.
 * @throws owner_only, member_unknown, storage_unavailable
 */
export async function makeOwner(context: RoomContext, { room, member }: Actor, target: string): Promise<Made> {
  return await changeRoom(context, room, (tables, roomId) => {
    checkOwner(tables, roomId, member.id)
    const found = tables.memberships.find(roomId, target)
    if (!found) throw new AppError('member_unknown', undefined, { field: 'member' })
    if (found.member.owner) return undefined
    tables.memberships.makeOwner(roomId, target)
    return tables.entries.append(roomId, {
      kind: 'owner',
      member: member.id,
      name: member.name,
      target: { ...found.member, owner: true },
    })
  })
}
