/** How each question of a client is answered. Apart from the questions, which no client checks. */
import * as v from 'valibot'
import { count, entrySchema, memberId, memberSchema, messageSchema, seq, shortId } from './entries.ts'
import type { Asked } from './requests.ts'

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
  /** `next`: there are more behind this id. */
  members: v.object({ members: v.array(memberSchema), next: v.optional(memberId) }),
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
} satisfies Record<Asked['type'], v.GenericSchema>

export type ReplyTo<Type extends Asked['type']> = v.InferOutput<(typeof replySchemas)[Type]>
export type Ticket = v.InferOutput<typeof ticketSchema>
export type Page = v.InferOutput<typeof page>
export type Hit = v.InferOutput<typeof hitSchema>
export type Session = v.InferOutput<typeof sessionSchema>
export type Unread = v.InferOutput<typeof unreadSchema>
