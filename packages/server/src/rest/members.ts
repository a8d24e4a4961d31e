import { askedSchemas, replySchemas } from '@maru/protocol'
import * as v from 'valibot'
import { markRead } from '../chat/mark-read.ts'
import { listMembers } from '../rooms/list-members.ts'
import { makeOwner } from '../rooms/make-owner.ts'
import { operation } from './operation.ts'

const tag = 'Members'

export const members = [
  operation({
    id: 'listMembers',
    method: 'GET',
    path: '/api/rooms/{room}/members',
    tag,
    summary:
      'Everybody who belongs to the room, here or not, bots among them; of very many the first, and with `next` what to ask for as `after`.',
    who: 'room',
    needs: 'read',
    reply: replySchemas.members,
    query: { after: askedSchemas.members.entries.after },
    run: ({ storage }, { actor, query }) => listMembers(storage, actor.room, query.after),
  }),
  operation({
    id: 'makeOwner',
    method: 'PUT',
    path: '/api/rooms/{room}/members/{member}/owner',
    tag,
    summary: 'Makes a member an owner too. Owners only.',
    who: 'room',
    needs: 'manage',
    reply: replySchemas.makeOwner,
    errors: ['owner_only', 'member_unknown', 'storage_unavailable'],
    run: (context, { actor, part }) => makeOwner(context, actor, part('member')),
  }),
  operation({
    id: 'markRead',
    method: 'PUT',
    path: '/api/rooms/{room}/read',
    tag,
    summary: 'Everything up to this number has been read.',
    who: 'room',
    needs: 'read',
    body: v.omit(askedSchemas.markRead, ['type', 'id']),
    reply: replySchemas.markRead,
    errors: ['storage_unavailable'],
    run: (context, { actor, body }) => markRead(context, actor, body.seq),
  }),
]
