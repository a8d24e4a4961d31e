import type { Retention } from '@maru/protocol'
import { type Actor, changeRoom, type Made, type RoomContext } from './append-entry.ts'
import { checkOwner } from './check-owner.ts'

/**
 * Says what the room keeps. What it no longer keeps goes with the next sweep.
 * @throws owner_only, storage_unavailable
 */
export async function setRetention(context: RoomContext, { room, member }: Actor, retention: Retention): Promise<Made> {
  return await changeRoom(context, room, (tables, roomId) => {
    checkOwner(tables, roomId, member.id)
    if (JSON.stringify(tables.rooms.settings(roomId).retention) === JSON.stringify(retention)) return undefined
    tables.rooms.setRetention(roomId, retention)
    return tables.entries.append(roomId, { kind: 'retention', member: member.id, name: member.name, retention })
  })
}
