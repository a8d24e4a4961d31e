import { botDraftSchema, botSchema } from '@maru/protocol'
import * as v from 'valibot'
import { endBot, listBots, makeBot } from '../rooms/bots.ts'
import { nothing, operation } from './operation.ts'

const tag = 'Bots'

export const bots = [
  operation({
    id: 'listBots',
    method: 'GET',
    path: '/api/rooms/{room}/bots',
    tag,
    summary: 'The bots of the room.',
    who: 'owner',
    needs: 'manage',
    reply: v.object({ bots: v.array(botSchema) }),
    errors: ['owner_only'],
    run: (context, { authority }) => ({ bots: listBots(context, authority) }),
  }),
  operation({
    id: 'makeBot',
    method: 'POST',
    path: '/api/rooms/{room}/bots',
    tag,
    summary:
      'Lets a bot into the room. `token` is told this once; it works for REST and for the room socket, in this room and for these rights. With `manage` the bot is an owner.',
    who: 'owner',
    needs: 'own',
    body: botDraftSchema,
    reply: v.object({ bot: botSchema, token: v.string() }),
    status: 201,
    errors: ['name_empty', 'name_too_long', 'owner_only', 'too_many_bots', 'storage_unavailable'],
    run: (context, { authority, body }) => makeBot(context, authority, body),
  }),
  operation({
    id: 'endBot',
    method: 'DELETE',
    path: '/api/rooms/{room}/bots/{member}',
    tag,
    summary: 'Ends a bot: its token is worth nothing any more. What it wrote stays.',
    who: 'owner',
    needs: 'own',
    reply: nothing,
    errors: ['owner_only', 'bot_unknown', 'storage_unavailable'],
    run: async (context, { authority, part }) => {
      await endBot(context, authority, part('member'))
      return {}
    },
  }),
]
