import { hookDraftSchema, hookSchema } from '@maru/protocol'
import * as v from 'valibot'
import { listHooks, makeHook, removeHook } from '../rooms/hooks.ts'
import { nothing, operation } from './operation.ts'

const tag = 'Webhooks'

export const hooks = [
  operation({
    id: 'listHooks',
    method: 'GET',
    path: '/api/rooms/{room}/hooks',
    tag,
    summary: 'The webhooks of the room, how far each has come, and why the last attempt failed if it did.',
    who: 'owner',
    needs: 'manage',
    reply: v.object({ hooks: v.array(hookSchema) }),
    errors: ['owner_only'],
    run: (context, { authority }) => ({ hooks: listHooks(context, authority) }),
  }),
  operation({
    id: 'makeHook',
    method: 'POST',
    path: '/api/rooms/{room}/hooks',
    tag,
    summary: 'Sends what is said in the room to an address from now on. `secret` is told this once.',
    who: 'owner',
    needs: 'manage',
    body: hookDraftSchema,
    reply: v.object({ hook: hookSchema, secret: v.string() }),
    status: 201,
    errors: ['hook_bad', 'owner_only', 'too_many_hooks', 'storage_unavailable'],
    run: (context, { authority, body }) => makeHook(context, authority, body),
  }),
  operation({
    id: 'removeHook',
    method: 'DELETE',
    path: '/api/rooms/{room}/hooks/{hook}',
    tag,
    summary: 'Sends nothing there any more.',
    who: 'owner',
    needs: 'manage',
    reply: nothing,
    errors: ['owner_only', 'hook_unknown', 'storage_unavailable'],
    run: async (context, { authority, part }) => {
      await removeHook(context, authority, part('hook'))
      return {}
    },
  }),
]
