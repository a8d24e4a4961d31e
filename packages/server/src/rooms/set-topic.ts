import { readTopic } from '@maru/protocol'
import { type Actor, changeRoom, type Made, type RoomContext } from './append-entry.ts'
import { checkOwner } from './check-owner.ts'

/**
 * Says what the room is about; an empty topic says nothing.
 * @throws topic_too_long, owner_only, storage_unavailable
 */
export async function setTopic(context: RoomContext, { room, member }: Actor, raw: string): Promise<Made> {
  const topic = readTopic(raw)
  return await changeRoom(context, room, (tables, roomId) => {
    checkOwner(tables, roomId, member.id)
    if (tables.rooms.settings(roomId).topic === topic) return undefined
    tables.rooms.setTopic(roomId, topic)
    return tables.entries.append(roomId, { kind: 'topic', member: member.id, name: member.name, topic })
  })
}
