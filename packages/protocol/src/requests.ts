/** What a client asks. Names and texts are checked for shape only; `names.ts` gives their stored form. */
import * as v from 'valibot'
import { count, memberId, retentionSchema, seq, shortId } from './entries.ts'
import { limits, protocolVersion } from './limits.ts'

const id = count
const limit = v.optional(v.pipe(count, v.minValue(1), v.maxValue(limits.page)))
const key = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))

const helloSchema = v.object({
  type: v.literal('hello'),
  version: v.literal(protocolVersion),
  room: v.string(),
  name: v.string(),
  token: v.optional(key),
  /** 32 random bytes of the client: the token where it is to get a new one, so that it is the same member if the answer is lost and it asks again. */
  newToken: v.optional(key),
  /** A code that another device of the member was given: this one becomes the same member. */
  transfer: v.optional(v.pipe(v.string(), v.maxLength(64))),
  /** What this is, for the list of own sessions: "Firefox on Linux". */
  device: v.optional(v.pipe(v.string(), v.maxLength(200))),
  cursor: v.optional(count),
})

const sendSchema = v.object({
  type: v.literal('send'),
  id,
  clientId: v.pipe(v.string(), v.minLength(1), v.maxLength(limits.clientId)),
  text: v.string(),
  /** For this member alone. */
  to: v.optional(memberId),
  replyTo: v.optional(seq),
  action: v.optional(v.boolean()),
  /** Ids of complete uploads. */
  files: v.optional(v.pipe(v.array(shortId), v.maxLength(limits.files))),
  poll: v.optional(
    v.object({
      options: v.pipe(v.array(v.string()), v.minLength(2), v.maxLength(limits.pollOptions)),
      multiple: v.optional(v.boolean()),
    }),
  ),
})

/** Each request that is answered, on the room socket and by REST. */
export const askedSchemas = {
  send: sendSchema,
  edit: v.object({ type: v.literal('edit'), id, target: seq, text: v.string() }),
  delete: v.object({ type: v.literal('delete'), id, target: seq }),
  react: v.object({
    type: v.literal('react'),
    id,
    target: seq,
    emoji: v.pipe(v.string(), v.maxLength(limits.emoji)),
    on: v.boolean(),
  }),
  vote: v.object({
    type: v.literal('vote'),
    id,
    target: seq,
    options: v.pipe(v.array(count), v.maxLength(limits.pollOptions)),
  }),
  closePoll: v.object({ type: v.literal('closePoll'), id, target: seq }),
  pin: v.object({ type: v.literal('pin'), id, target: seq, on: v.boolean() }),
  /** One of `before`, `after`, `around` (a number) or `at` (a time, in ms): where the page lies. */
  history: v.object({
    type: v.literal('history'),
    id,
    before: v.optional(count),
    after: v.optional(count),
    around: v.optional(count),
    at: v.optional(count),
    limit,
  }),
  thread: v.object({ type: v.literal('thread'), id, root: seq, before: v.optional(count), limit }),
  lookUp: v.object({
    type: v.literal('lookUp'),
    id,
    targets: v.pipe(v.array(seq), v.maxLength(limits.page)),
  }),
  search: v.object({
    type: v.literal('search'),
    id,
    query: v.pipe(v.string(), v.maxLength(limits.query)),
    before: v.optional(count),
    limit,
  }),
  markRead: v.object({ type: v.literal('markRead'), id, seq: count }),
  /** `after`: those with larger ids; `next` of the answer before. */
  members: v.object({ type: v.literal('members'), id, after: v.optional(v.pipe(memberId, v.regex(/^ME_/))) }),
  rename: v.object({ type: v.literal('rename'), id, name: v.string() }),
  setTopic: v.object({ type: v.literal('setTopic'), id, topic: v.string() }),
  setRetention: v.object({ type: v.literal('setRetention'), id, retention: retentionSchema }),
  makeOwner: v.object({ type: v.literal('makeOwner'), id, member: memberId }),
  sessions: v.object({ type: v.literal('sessions'), id }),
  endSession: v.object({ type: v.literal('endSession'), id, session: shortId }),
  transfer: v.object({ type: v.literal('transfer'), id }),
  forgetMe: v.object({ type: v.literal('forgetMe'), id }),
  joinCall: v.object({ type: v.literal('joinCall'), id }),
  ping: v.object({ type: v.literal('ping'), id }),
}

export const requestSchema = v.variant('type', [
  helloSchema,
  ...(Object.values(askedSchemas) as (typeof askedSchemas)[keyof typeof askedSchemas][]),
  /** Neither has an answer. `to`: only this member is told. */
  v.object({ type: v.literal('typing'), to: v.optional(memberId) }),
  v.object({ type: v.literal('leave') }),
])

export type Request = v.InferOutput<typeof requestSchema>
/** A request that is answered. */
export type Asked = Extract<Request, { id: number }>
