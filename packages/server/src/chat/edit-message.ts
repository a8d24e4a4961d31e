import { AppError, readText } from '@maru/protocol'
import { type Actor, changeRoom, type Made, type RoomContext } from '../rooms/append-entry.ts'
import { findCalls } from './find-calls.ts'
import { findMessage, otherReader } from './find-message.ts'
import { hideEarlier } from './hide-earlier.ts'

/**
 * Gives an own message another text. The old one is not kept.
 * @throws text_empty, text_too_long, message_gone, not_yours, poll_fixed, storage_unavailable
 */
export async function editMessage(
  context: RoomContext,
  { room, member }: Actor,
  { target, text: raw }: { target: number; text: string },
): Promise<Made> {
  const text = readText(raw, { mayBeEmpty: true })
  return await changeRoom(context, room, (tables, roomId) => {
    const message = findMessage(tables, roomId, member.id, target)
    if (message.member !== member.id) throw new AppError('not_yours')
    if (message.data.poll) throw new AppError('poll_fixed')
    // Only files speak for themselves.
    readText(text, { mayBeEmpty: message.data.files !== undefined })
    if (message.text === text) return undefined
    const other = otherReader(message, member.id)
    const calls = findCalls(tables, roomId, text, other === undefined ? undefined : { id: other, name: nameOf(other) })
    const { mentions: _mentions, everyone: _everyone, ...data } = message.data
    const change = { kind: 'edited', member: member.id, name: member.name, target, text, ...calls } as const
    const logged = tables.entries.append(roomId, change, other)
    tables.entries.setText(roomId, message, { text, data: { ...data, ...calls }, at: logged.entry.at })
    return hideEarlier(tables, roomId, logged, target)

    function nameOf(id: string): string {
      return tables.memberships.find(roomId, id)?.member.name ?? ''
    }
  })
}
