import { AppError, askedSchemas, messageSchema, replySchemas } from '@maru/protocol'
import * as v from 'valibot'
import { deleteMessage } from '../chat/delete-message.ts'
import { editMessage } from '../chat/edit-message.ts'
import { pinMessage } from '../chat/pin-message.ts'
import { react } from '../chat/react.ts'
import { lookUp, readHistory, readThread } from '../chat/read-history.ts'
import { searchMessages } from '../chat/search-messages.ts'
import { sendMessage } from '../chat/send-message.ts'
import { closePoll, vote } from '../chat/vote.ts'
import type { Actor } from '../rooms/append-entry.ts'
import { operation } from './operation.ts'

const tag = 'Messages'
const one = '/api/rooms/{room}/messages/{seq}'
const reader = ({ room, member }: Actor) => ({ room, member: member.id })
const { before, after, around, at, limit } = askedSchemas.history.entries

export const messages = [
  operation({
    id: 'listMessages',
    method: 'GET',
    path: '/api/rooms/{room}/messages',
    tag,
    summary: 'A page of lines, ascending. Exactly one of `before`, `after`, `around` and `at` says where it lies.',
    who: 'room',
    needs: 'read',
    query: { before, after, around, at, limit },
    reply: replySchemas.history,
    errors: ['history_bad'],
    run: ({ storage }, { actor, query }) => readHistory(storage, reader(actor), query),
  }),
  operation({
    id: 'sendMessage',
    method: 'POST',
    path: '/api/rooms/{room}/messages',
    tag,
    summary:
      'Says something. The same `clientId` again gives the same answer and no second message: ask again after a loss. Answered when it is on the disk.',
    who: 'room',
    needs: 'write',
    body: v.omit(askedSchemas.send, ['type', 'id']),
    reply: replySchemas.send,
    status: 201,
    errors: [
      'text_empty',
      'text_too_long',
      'poll_bad',
      'message_gone',
      'member_unknown',
      'file_gone',
      'file_incomplete',
      'file_used',
      'storage_unavailable',
    ],
    run: (context, { actor, body }) => sendMessage(context, actor, body),
  }),
  operation({
    id: 'searchMessages',
    method: 'GET',
    path: '/api/rooms/{room}/search',
    tag,
    summary: 'Searches the room as people do (docs/protocol.md), the newest hits first.',
    who: 'room',
    needs: 'read',
    query: v.omit(askedSchemas.search, ['type', 'id']).entries,
    reply: replySchemas.search,
    errors: ['query_bad'],
    run: ({ storage }, { actor, query }) => searchMessages(storage, reader(actor), query),
  }),
  operation({
    id: 'getMessage',
    method: 'GET',
    path: one,
    tag,
    summary: 'A message as it is now.',
    who: 'room',
    needs: 'read',
    reply: v.object({ message: messageSchema }),
    errors: ['message_gone'],
    run({ storage }, { actor, target }) {
      const [message] = lookUp(storage, reader(actor), [target])
      if (message?.kind !== 'message') throw new AppError('message_gone', undefined, { field: 'seq' })
      return { message }
    },
  }),
  operation({
    id: 'editMessage',
    method: 'PATCH',
    path: one,
    tag,
    summary: 'Gives an own message another text.',
    who: 'room',
    needs: 'write',
    body: v.omit(askedSchemas.edit, ['type', 'id', 'target']),
    reply: replySchemas.edit,
    errors: ['text_empty', 'text_too_long', 'message_gone', 'not_yours', 'poll_fixed', 'storage_unavailable'],
    run: (context, { actor, target, body }) => editMessage(context, actor, { target, ...body }),
  }),
  operation({
    id: 'deleteMessage',
    method: 'DELETE',
    path: one,
    tag,
    summary: 'Deletes an own message; owners delete any.',
    who: 'room',
    needs: 'write',
    reply: replySchemas.delete,
    errors: ['message_gone', 'not_yours', 'storage_unavailable'],
    run: (context, { actor, target }) => deleteMessage(context, actor, target),
  }),
  operation({
    id: 'getThread',
    method: 'GET',
    path: `${one}/thread`,
    tag,
    summary: 'The message and its answers, ascending.',
    who: 'room',
    needs: 'read',
    query: v.omit(askedSchemas.thread, ['type', 'id', 'root']).entries,
    reply: replySchemas.thread,
    run: ({ storage }, { actor, target, query }) => readThread(storage, reader(actor), { root: target, ...query }),
  }),
  ...([true, false] as const).map((on) =>
    operation({
      id: on ? 'addReaction' : 'removeReaction',
      method: on ? 'PUT' : 'DELETE',
      path: `${one}/reactions/{emoji}`,
      tag,
      summary: on ? 'Puts an own reaction on the message.' : 'Takes an own reaction back.',
      who: 'room',
      needs: 'write',
      reply: replySchemas.react,
      errors: ['emoji_bad', 'message_gone', 'too_many_reactions', 'storage_unavailable'],
      run: (context, { actor, target, part }) => react(context, actor, { target, emoji: part('emoji'), on }),
    }),
  ),
  ...([true, false] as const).map((on) =>
    operation({
      id: on ? 'pinMessage' : 'unpinMessage',
      method: on ? 'PUT' : 'DELETE',
      path: `${one}/pin`,
      tag,
      summary: on ? 'Pins the message. Owners only.' : 'Takes the pin off. Owners only.',
      who: 'room',
      needs: 'manage',
      reply: replySchemas.pin,
      errors: ['message_gone', 'owner_only', 'too_many_pins', 'storage_unavailable'],
      run: (context, { actor, target }) => pinMessage(context, actor, { target, on }),
    }),
  ),
  operation({
    id: 'vote',
    method: 'PUT',
    path: `${one}/vote`,
    tag,
    summary: 'Is for just these options of the poll; for none takes the vote back.',
    who: 'room',
    needs: 'write',
    body: v.omit(askedSchemas.vote, ['type', 'id', 'target']),
    reply: replySchemas.vote,
    errors: ['message_gone', 'not_a_poll', 'poll_closed', 'poll_bad', 'storage_unavailable'],
    run: (context, { actor, target, body }) => vote(context, actor, { target, ...body }),
  }),
  operation({
    id: 'closePoll',
    method: 'PUT',
    path: `${one}/closed`,
    tag,
    summary: 'Takes no more votes. Whoever asked, and owners.',
    who: 'room',
    needs: 'write',
    reply: replySchemas.closePoll,
    errors: ['message_gone', 'not_a_poll', 'not_yours', 'storage_unavailable'],
    run: (context, { actor, target }) => closePoll(context, actor, target),
  }),
]
