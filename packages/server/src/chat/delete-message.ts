import { AppError } from '@maru/protocol'
import { type Actor, changeRoom, type Made, type RoomContext } from '../rooms/append-entry.ts'
import { findMessage, otherReader } from './find-message.ts'

/**
 * Leaves only a trace of a message. Who wrote it may, and an owner of the room.
 * @throws message_gone, not_yours, storage_unavailable
 */
export async function deleteMessage(context: RoomContext, { room, member }: Actor, target: number): Promise<Made> {
  return await changeRoom(context, room, (tables, roomId) => {
    const message = findMessage(tables, roomId, member.id, target)
    const isOwner = tables.memberships.find(roomId, member.id)?.member.owner === true
    if (message.member !== member.id && !isOwner) throw new AppError('not_yours')
    tables.entries.wipe(roomId, message)
    tables.opinions.removeFrom(roomId, target)
    tables.files.giveUpOf(roomId, target)
    return tables.entries.append(
      roomId,
      { kind: 'deleted', member: member.id, name: member.name, target },
      otherReader(message, member.id),
    )
  })
}
