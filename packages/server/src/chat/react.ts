import { AppError, limits, readEmoji } from '@maru/protocol'
import { type Actor, changeRoom, type Made, type RoomContext } from '../rooms/append-entry.ts'
import { findMessage, otherReader } from './find-message.ts'

/**
 * Sets or takes back a reaction of one's own.
 * @throws emoji_bad, message_gone, too_many_reactions, storage_unavailable
 */
export async function react(
  context: RoomContext,
  { room, member }: Actor,
  { target, emoji: raw, on }: { target: number; emoji: string; on: boolean },
): Promise<Made> {
  const emoji = readEmoji(raw)
  return await changeRoom(context, room, (tables, roomId) => {
    const { opinions, entries } = tables
    const message = findMessage(tables, roomId, member.id, target)
    const there = opinions.reactions(roomId, target, target).get(target) ?? []
    if (on && there.length >= limits.reactions && !there.some((reaction) => reaction.emoji === emoji))
      throw new AppError('too_many_reactions')
    const changed = on
      ? opinions.react(roomId, target, emoji, member)
      : opinions.unreact(roomId, target, emoji, member.id)
    if (!changed) return undefined
    const change = { kind: 'reacted', member: member.id, name: member.name, target, emoji, on } as const
    return entries.append(roomId, change, otherReader(message, member.id))
  })
}
