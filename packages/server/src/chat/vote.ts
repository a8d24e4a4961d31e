import { AppError } from '@maru/protocol'
import { type Actor, changeRoom, type Made, type RoomContext } from '../rooms/append-entry.ts'
import { checkOwner } from '../rooms/check-owner.ts'
import type { MessageData, StoredMessage } from '../storage/entry-rows.ts'
import { findMessage, otherReader } from './find-message.ts'

/**
 * Says what a member is for; the choice before is forgotten, and an empty one takes the vote back.
 * @throws message_gone, not_a_poll, poll_closed, poll_bad, storage_unavailable
 */
export async function vote(
  context: RoomContext,
  { room, member }: Actor,
  { target, options: raw }: { target: number; options: number[] },
): Promise<Made> {
  const options = [...new Set(raw)].toSorted((a, b) => a - b)
  return await changeRoom(context, room, (tables, roomId) => {
    const message = findMessage(tables, roomId, member.id, target)
    const poll = openPoll(message)
    if (options.some((option) => option >= poll.options.length))
      throw new AppError('poll_bad', 'The poll has no such option.', { field: 'options' })
    if (options.length > 1 && !poll.multiple)
      throw new AppError('poll_bad', 'Only one option of this poll can be chosen.', { field: 'options' })
    const before = tables.opinions.votes(roomId, target, target).find((each) => each.member.id === member.id)
    if (String(before?.options ?? []) === String(options)) return undefined
    tables.opinions.vote(roomId, { seq: target, member, options })
    const change = { kind: 'voted', member: member.id, name: member.name, target, options } as const
    return tables.entries.append(roomId, change, otherReader(message, member.id))
  })
}

/**
 * Takes no more votes. Who asked may, and an owner of the room.
 * @throws message_gone, not_a_poll, poll_closed, owner_only, storage_unavailable
 */
export async function closePoll(context: RoomContext, { room, member }: Actor, target: number): Promise<Made> {
  return await changeRoom(context, room, (tables, roomId) => {
    const message = findMessage(tables, roomId, member.id, target)
    const poll = openPoll(message)
    if (message.member !== member.id) checkOwner(tables, roomId, member.id)
    const change = { kind: 'pollClosed', member: member.id, name: member.name, target } as const
    const logged = tables.entries.append(roomId, change, otherReader(message, member.id))
    tables.entries.setData(roomId, target, { ...message.data, poll: { ...poll, closed: logged.entry.at } })
    return logged
  })
}

function openPoll({ data: { poll } }: StoredMessage): NonNullable<MessageData['poll']> {
  if (!poll) throw new AppError('not_a_poll', undefined, { field: 'target' })
  if (poll.closed !== undefined) throw new AppError('poll_closed')
  return poll
}
