/** What a client asks, and how each question is answered. Names and texts are checked for shape only; `names.ts` gives their stored form. */
import * as v from 'valibot'
import { count, entrySchema, memberId, memberSchema, messageSchema, retentionSchema, seq } from './entries.ts'
import { limits } from './limits.ts'

/** The version of the room socket both sides name in their first frame. */
export const protocolVersion = 1

const id = count
const limit = v.optional(v.pipe(count, v.minValue(1), v.maxValue(limits.page)))
const key = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const shortId = v.pipe(v.string(), v.minLength(1), v.maxLength(64))

const helloSchema = v.object({
  type: v.literal('hello'),
  version: v.literal(protocolVersion),
  room: v.string(),
  name: v.string(),
  token: v.optional(key),
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
  members: v.object({ type: v.literal('members'), id }),
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

export const ticketSchema = v.object({ url: v.string(), token: v.string() })

/** The number and time of the entry that a request has made; without them nothing had to change. */
const made = v.object({ seq: v.optional(seq), at: v.optional(v.number()) })
const page = v.object({ entries: v.array(entrySchema), hasOlder: v.boolean(), hasNewer: v.boolean() })

export const unreadSchema = v.object({ messages: count, mentions: count })

export const sessionSchema = v.object({
  id: shortId,
  device: v.string(),
  createdAt: v.number(),
  seenAt: v.number(),
  /** The one that asks. */
  current: v.boolean(),
})

export const hitSchema = v.object({
  message: messageSchema,
  /** Where in its text the words are: pairs of start and end, as JavaScript counts. */
  marks: v.array(v.tuple([count, count])),
})

/** What a reply carries beside its id, for each request. */
export const replySchemas = {
  send: v.object({ seq, at: v.number() }),
  edit: made,
  delete: made,
  react: made,
  vote: made,
  closePoll: made,
  pin: made,
  history: page,
  thread: page,
  lookUp: v.object({ entries: v.array(entrySchema) }),
  search: v.object({ hits: v.array(hitSchema), hasOlder: v.boolean() }),
  markRead: v.object({ seq: count, unread: unreadSchema }),
  members: v.object({ members: v.array(memberSchema) }),
  rename: v.object({ name: v.string() }),
  setTopic: made,
  setRetention: made,
  makeOwner: made,
  sessions: v.object({ sessions: v.array(sessionSchema) }),
  endSession: v.object({}),
  transfer: v.object({ code: v.string(), expiresAt: v.number() }),
  forgetMe: v.object({}),
  joinCall: v.object({ ticket: ticketSchema }),
  ping: v.object({}),
} satisfies Record<keyof typeof askedSchemas, v.GenericSchema>

export type Request = v.InferOutput<typeof requestSchema>
/** A request that is answered. */
export type Asked = Extract<Request, { id: number }>
export type ReplyTo<Type extends Asked['type']> = v.InferOutput<(typeof replySchemas)[Type]>
export type Ticket = v.InferOutput<typeof ticketSchema>
export type Page = v.InferOutput<typeof page>
export type Hit = v.InferOutput<typeof hitSchema>
export type Session = v.InferOutput<typeof sessionSchema>
export type Unread = v.InferOutput<typeof unreadSchema>
