import { AppError, limits } from '@maru/protocol'
import { type Actor, changeRoom, type Made, type RoomContext } from '../rooms/append-entry.ts'
import { checkOwner } from '../rooms/check-owner.ts'
import { findMessage } from './find-message.ts'

/**
 * Pins a message that everybody can read, or takes the pin off.
 * @throws owner_only, message_gone, too_many_pins, storage_unavailable
 */
export async function pinMessage(
  context: RoomContext,
  { room, member }: Actor,
  { target, on }: { target: number; on: boolean },
): Promise<Made> {
  return await changeRoom(context, room, (tables, roomId) => {
    checkOwner(tables, roomId, member.id)
    if (findMessage(tables, roomId, member.id, target).to !== null)
      throw new AppError('message_gone', 'A private message cannot be pinned.', { field: 'target' })
    const { opinions, entries } = tables
    const pins = opinions.pins(roomId)
    if (on && !pins.includes(target) && pins.length >= limits.pins) throw new AppError('too_many_pins')
    const changed = on ? opinions.pin(roomId, target) : opinions.unpin(roomId, target)
    if (!changed) return undefined
    return entries.append(roomId, { kind: 'pinned', member: member.id, name: member.name, target, on })
  })
}
