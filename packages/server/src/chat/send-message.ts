import { type Entry, readText } from '@maru/protocol'
import type { RoomContext } from '../rooms/append-entry.ts'

export interface Draft {
  room: string
  member: string
  name: string
  clientId: string
  text: string
}

/**
 * Stores a message and tells the room. Answers when it is durable. What a member sends twice under one `clientId` is stored once; the second
 * answer is the first one's.
 * @throws text_empty, text_too_long, storage_unavailable
 */
export async function sendMessage({ storage, bus }: RoomContext, draft: Draft): Promise<Pick<Entry, 'seq' | 'at'>> {
  const { room, member, name, clientId } = draft
  const text = readText(draft.text)
  const { entry } = await storage.write(
    ({ entries }) => {
      const roomId = entries.ensureRoom(room)
      const stored = entries.findByClientId(roomId, member, clientId)
      if (stored) return { entry: stored, isNew: false }
      return { entry: entries.append(roomId, { kind: 'message', member, name, text, clientId }), isNew: true }
    },
    ({ entry, isNew }) => {
      if (isNew) bus.publish({ type: 'entryAdded', room, entry })
    },
  )
  return { seq: entry.seq, at: entry.at }
}
