import * as v from 'valibot'
import { errorCodes } from './errors.ts'
import { limits } from './limits.ts'

/** The version of the room socket both sides name in their first frame. */
export const protocolVersion = 1

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const requestId = count
const memberId = v.pipe(v.string(), v.maxLength(64))

export const memberSchema = v.object({ id: memberId, name: v.string() })
export const callPersonSchema = v.object({ identity: v.string(), name: v.string() })

const stamp = { seq: count, at: v.number(), member: memberId, name: v.string() }
export const entrySchema = v.variant('kind', [
  v.object({ ...stamp, kind: v.literal('message'), text: v.string(), clientId: v.string() }),
  v.object({ ...stamp, kind: v.literal('joined') }),
  v.object({ ...stamp, kind: v.literal('left') }),
  v.object({ ...stamp, kind: v.literal('renamed'), before: v.string() }),
])

/** What a client says. Names and texts are checked for shape only here; `names.ts` gives their stored form. */
export const requestSchema = v.variant('type', [
  v.object({
    type: v.literal('hello'),
    version: v.literal(protocolVersion),
    room: v.string(),
    name: v.string(),
    token: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
    cursor: v.optional(count),
  }),
  v.object({
    type: v.literal('send'),
    id: requestId,
    clientId: v.pipe(v.string(), v.minLength(1), v.maxLength(limits.clientId)),
    text: v.string(),
  }),
  v.object({
    type: v.literal('history'),
    id: requestId,
    before: count,
    limit: v.optional(v.pipe(count, v.minValue(1), v.maxValue(limits.page))),
  }),
  v.object({ type: v.literal('rename'), id: requestId, name: v.string() }),
  v.object({ type: v.literal('joinCall'), id: requestId }),
  v.object({ type: v.literal('ping'), id: requestId }),
  v.object({ type: v.literal('leave') }),
])

export const ticketSchema = v.object({ url: v.string(), token: v.string() })

/** Told apart by what they carry: `send` seq and at, `history` entries, `rename` name, `joinCall` ticket, `ping` nothing. */
export const replySchema = v.object({
  type: v.literal('reply'),
  id: requestId,
  seq: v.optional(count),
  at: v.optional(v.number()),
  entries: v.optional(v.array(entrySchema)),
  hasOlder: v.optional(v.boolean()),
  name: v.optional(v.string()),
  ticket: v.optional(ticketSchema),
})

export const serverMessageSchema = v.variant('type', [
  v.object({
    type: v.literal('welcome'),
    version: v.literal(protocolVersion),
    token: v.optional(v.string()),
    me: memberSchema,
    room: v.object({ name: v.string() }),
    people: v.array(memberSchema),
    call: v.array(callPersonSchema),
    entries: v.array(entrySchema),
    hasOlder: v.boolean(),
    reset: v.boolean(),
    cursor: count,
    limits: v.object({ text: count, name: count }),
  }),
  replySchema,
  v.object({
    type: v.literal('error'),
    id: v.optional(requestId),
    code: v.picklist(errorCodes),
    field: v.optional(v.string()),
    message: v.string(),
  }),
  v.object({ type: v.literal('entry'), entry: entrySchema }),
  v.object({ type: v.literal('here'), member: memberSchema }),
  v.object({ type: v.literal('gone'), member: memberId }),
  v.object({ type: v.literal('call'), people: v.array(callPersonSchema) }),
  v.object({ type: v.literal('replaced') }),
])

export type Member = v.InferOutput<typeof memberSchema>
export type CallPerson = v.InferOutput<typeof callPersonSchema>
export type Entry = v.InferOutput<typeof entrySchema>
export type Request = v.InferOutput<typeof requestSchema>
export type Ticket = v.InferOutput<typeof ticketSchema>
export type Reply = v.InferOutput<typeof replySchema>
export type ServerMessage = v.InferOutput<typeof serverMessageSchema>
export type Welcome = Extract<ServerMessage, { type: 'welcome' }>
