/** What the server says on the room socket. */
import * as v from 'valibot'
import { count, entrySchema, memberId, memberSchema, retentionSchema, seq } from './entries.ts'
import { errorCodes } from './errors.ts'
import { protocolVersion } from './limits.ts'
import { unreadSchema } from './replies.ts'

export const callPersonSchema = v.object({ identity: v.string(), name: v.string() })

const readMarkSchema = v.object({ member: memberId, seq: count })

export const roomSchema = v.object({
  name: v.string(),
  topic: v.string(),
  retention: retentionSchema,
  /** Nothing up to this number is kept any more. */
  expired: count,
  /** Numbers of the pinned messages, the latest last. */
  pinned: v.array(seq),
})

export const serverMessageSchema = v.variant('type', [
  v.object({
    type: v.literal('welcome'),
    version: v.literal(protocolVersion),
    token: v.optional(v.string()),
    me: memberSchema,
    room: roomSchema,
    people: v.array(memberSchema),
    call: v.array(callPersonSchema),
    /** With `reset` the newest lines, else every entry that was missed. */
    entries: v.array(entrySchema),
    hasOlder: v.boolean(),
    reset: v.boolean(),
    cursor: count,
    /** The own read mark, and what is unread behind it. */
    read: count,
    unread: unreadSchema,
    /** How far the people who are here have read. */
    reads: v.array(readMarkSchema),
    limits: v.object({ text: count, name: count, file: count }),
  }),
  /** The fields of the answer are those of `replySchemas`, by what was asked. */
  v.looseObject({ type: v.literal('reply'), id: count }),
  v.object({
    type: v.literal('error'),
    id: v.optional(count),
    code: v.picklist(errorCodes),
    field: v.optional(v.string()),
    message: v.string(),
  }),
  /** `prev`: the number of the entry before it, of those that everybody may read. Who does not hold it has a hole. */
  v.object({ type: v.literal('entry'), entry: entrySchema, prev: count }),
  v.object({ type: v.literal('here'), member: memberSchema }),
  v.object({ type: v.literal('gone'), member: memberId }),
  v.object({ type: v.literal('call'), people: v.array(callPersonSchema) }),
  v.object({ type: v.literal('typing'), member: memberId, to: v.optional(memberId) }),
  /** Own marks come with what is still unread. */
  v.object({ type: v.literal('read'), ...readMarkSchema.entries, unread: v.optional(unreadSchema) }),
  v.object({ type: v.literal('replaced') }),
  /** Whether the server can store anything now: while it cannot, what changes is refused with `storage_unavailable`. */
  v.object({ type: v.literal('storage'), works: v.boolean() }),
  /** This session was ended: its token is worth nothing any more. */
  v.object({ type: v.literal('ended') }),
])

export type CallPerson = v.InferOutput<typeof callPersonSchema>
export type ReadMark = v.InferOutput<typeof readMarkSchema>
export type ServerMessage = v.InferOutput<typeof serverMessageSchema>
export type Welcome = Extract<ServerMessage, { type: 'welcome' }>
