import { setImmediate } from 'node:timers/promises'
import { askedSchemas, count, entrySchema, messageSchema, replySchemas, roomSchema, unreadSchema } from '@maru/protocol'
import * as v from 'valibot'
import { lastMessage, readNews } from '../chat/read-history.ts'
import { becomeMember } from '../rooms/become-member.ts'
import { describeRoom } from '../rooms/describe-room.ts'
import { setRetention } from '../rooms/set-retention.ts'
import { setTopic } from '../rooms/set-topic.ts'
import { operation } from './operation.ts'

const tag = 'Rooms'
/** Most rooms that are listed: each is looked into. */
const LISTED = 200
/** Rooms looked into before others have their turn. */
const AT_ONCE = 10
const { setTopic: topic, setRetention: retention } = askedSchemas

export const rooms = [
  operation({
    id: 'listRooms',
    method: 'GET',
    path: '/api/rooms',
    tag,
    summary: `The rooms of the member, the latest message first; of very many the ${LISTED} where something happened last.`,
    who: 'member',
    needs: 'read',
    reply: v.object({
      rooms: v.array(
        v.object({ room: v.string(), topic: v.string(), unread: unreadSchema, last: v.optional(messageSchema) }),
      ),
    }),
    weight: 10,
    async run({ storage }, { member }) {
      const { memberships, rooms } = storage.read
      const list = []
      for (const { roomId, room } of memberships.latestRoomsOf(member.id, LISTED)) {
        if (list.length % AT_ONCE === AT_ONCE - 1) await setImmediate()
        const { topic, lastSeq } = rooms.settings(roomId)
        const read = memberships.find(roomId, member.id)?.read ?? 0
        const last = lastMessage(storage, { room, member: member.id })
        const unread = read < lastSeq ? memberships.unread(roomId, member.id, read) : { messages: 0, mentions: 0 }
        list.push({ room, topic, unread, ...(last && { last }) })
      }
      return { rooms: list.toSorted((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0)) }
    },
  }),
  operation({
    id: 'getRoom',
    method: 'GET',
    path: '/api/rooms/{room}',
    tag,
    summary: 'What a room is now. `cursor` is the number of its newest entry.',
    who: 'room',
    needs: 'read',
    reply: v.object({ room: roomSchema, read: count, unread: unreadSchema, cursor: count }),
    run({ storage }, { actor: { room, member } }) {
      const roomId = storage.read.rooms.find(room) ?? 0
      return { ...describeRoom(storage, room, member.id), cursor: storage.read.rooms.settings(roomId).lastSeq }
    },
  }),
  operation({
    id: 'getChanges',
    method: 'GET',
    path: '/api/rooms/{room}/changes',
    tag,
    summary:
      'Every entry after a number, as the room socket gives it to who was away; with `reset` the newest lines instead, where that was too much.',
    who: 'room',
    needs: 'read',
    query: { after: count },
    reply: v.object({ entries: v.array(entrySchema), hasOlder: v.boolean(), cursor: count, reset: v.boolean() }),
    run: ({ storage }, { actor: { room, member }, query }) =>
      readNews(storage, { room, member: member.id }, query.after),
  }),
  operation({
    id: 'enterRoom',
    method: 'PUT',
    path: '/api/rooms/{room}/membership',
    tag,
    summary: 'Becomes a member of a room, which is made where it is missing. The first in a room is its owner.',
    who: 'member',
    needs: 'own',
    reply: v.object({ owner: v.boolean() }),
    errors: ['room_empty', 'room_too_long', 'room_bad_characters', 'storage_unavailable'],
    run: async ({ storage }, { member, authority: { room } }) => {
      const membership = await becomeMember(storage, room, member)
      return { owner: membership.member.owner === true }
    },
  }),
  operation({
    id: 'setTopic',
    method: 'PUT',
    path: '/api/rooms/{room}/topic',
    tag,
    summary: 'Says what the room is about. Owners only.',
    who: 'room',
    needs: 'manage',
    body: v.omit(topic, ['type', 'id']),
    reply: replySchemas.setTopic,
    errors: ['topic_too_long', 'owner_only', 'storage_unavailable'],
    run: (context, { actor, body }) => setTopic(context, actor, body.topic),
  }),
  operation({
    id: 'setRetention',
    method: 'PUT',
    path: '/api/rooms/{room}/retention',
    tag,
    summary: 'Says how long the room keeps what is said. Owners only.',
    who: 'room',
    needs: 'manage',
    body: v.omit(retention, ['type', 'id']),
    reply: replySchemas.setRetention,
    errors: ['owner_only', 'storage_unavailable'],
    run: (context, { actor, body }) => setRetention(context, actor, body.retention),
  }),
]
