/**
 * The log of a room. Everything that happens in it and lasts is an entry with the room's next number. Some entries are lines that people
 * read; the others change a line that was there before. A line always tells how it is now: a message that was edited holds its new text, and
 * the old one nowhere.
 */
import * as v from 'valibot'
import { limits } from './limits.ts'

export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
/** The number of an entry. */
export const seq = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
export const memberId = v.pipe(v.string(), v.maxLength(64))
/** The id of a file or a session. */
export const shortId = v.pipe(v.string(), v.minLength(1), v.maxLength(64))

/** `owner`: may do what only owners may. */
export const memberSchema = v.object({ id: memberId, name: v.string(), owner: v.optional(v.boolean()) })

/** What a room keeps: everything, for each what was said since they came first, a number of days, or nothing. */
export const retentionSchema = v.variant('keep', [
  v.object({ keep: v.literal('all') }),
  v.object({ keep: v.literal('joined') }),
  v.object({
    keep: v.literal('days'),
    days: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(limits.retentionDays)),
  }),
  v.object({ keep: v.literal('none') }),
])

const pixels = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000))

/** What the sender says about a file; the server checks only its shape. Sizes in pixels and seconds. */
const fileDetails = {
  name: v.pipe(v.string(), v.maxLength(1_000)),
  /** The media type, as `image/png`. */
  type: v.pipe(v.string(), v.maxLength(100)),
  width: v.optional(pixels),
  height: v.optional(pixels),
  seconds: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
  /** A tiny picture to show before the file is there, in base64 (thumbhash). */
  blur: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]*={0,2}$/), v.maxLength(limits.blur))),
}

/** What a file is announced with before it is sent. */
export const announcementSchema = v.object({ ...fileDetails, size: count })

/** A file of a message; its content is at `/files/<id>/<name>`. */
export const fileSchema = v.object({ id: v.pipe(v.string(), v.maxLength(64)), ...announcementSchema.entries })

/** `votes` has one list for each option: who is for it. */
export const pollSchema = v.object({
  options: v.array(v.string()),
  multiple: v.optional(v.boolean()),
  /** When it was closed. */
  closed: v.optional(v.number()),
  votes: v.array(v.array(memberSchema)),
})

/** The beginning of the message that is answered, as it is now. */
export const quoteSchema = v.object({
  seq,
  member: memberId,
  name: v.string(),
  text: v.string(),
  deleted: v.optional(v.boolean()),
})

export const reactionSchema = v.object({ emoji: v.string(), by: v.array(memberSchema) })

const stamp = { seq, at: v.number(), member: memberId, name: v.string() }

/** What a message says; changed by `edited`. */
const content = {
  text: v.string(),
  /** Ids of the members it calls by name. */
  mentions: v.optional(v.array(memberId)),
  /** It calls everyone. */
  everyone: v.optional(v.boolean()),
}

export const messageSchema = v.object({
  ...stamp,
  kind: v.literal('message'),
  clientId: v.string(),
  ...content,
  /** Only this member and the sender can read it. */
  to: v.optional(memberSchema),
  /** Told as something the sender does: "Ana waves". */
  action: v.optional(v.boolean()),
  replyTo: v.optional(quoteSchema),
  /** The first message of the thread it belongs to. */
  root: v.optional(seq),
  files: v.optional(v.array(fileSchema)),
  poll: v.optional(pollSchema),
  /** When it was last edited. */
  edited: v.optional(v.number()),
  /** Only this trace is left: text, files, poll and reactions are gone. */
  deleted: v.optional(v.boolean()),
  reactions: v.optional(v.array(reactionSchema)),
  /** How many messages have it as their root, and the number of the newest of them. */
  answers: v.optional(v.object({ count, last: seq })),
})

const lines = [
  messageSchema,
  v.object({ ...stamp, kind: v.literal('joined') }),
  v.object({ ...stamp, kind: v.literal('left') }),
  v.object({ ...stamp, kind: v.literal('renamed'), before: v.string() }),
  v.object({ ...stamp, kind: v.literal('topic'), topic: v.string() }),
  v.object({ ...stamp, kind: v.literal('retention'), retention: retentionSchema }),
  /** `target` became an owner too. */
  v.object({ ...stamp, kind: v.literal('owner'), target: memberSchema }),
  v.object({ ...stamp, kind: v.literal('pinned'), target: seq, on: v.boolean() }),
] as const

const changes = [
  v.object({ ...stamp, kind: v.literal('edited'), target: seq, ...content }),
  v.object({ ...stamp, kind: v.literal('deleted'), target: seq }),
  v.object({ ...stamp, kind: v.literal('reacted'), target: seq, emoji: v.string(), on: v.boolean() }),
  /** All that the member is for now. */
  v.object({ ...stamp, kind: v.literal('voted'), target: seq, options: v.array(count) }),
  v.object({ ...stamp, kind: v.literal('pollClosed'), target: seq }),
  /** The room no longer keeps anything up to this number. */
  v.object({ ...stamp, kind: v.literal('expired'), upTo: seq }),
  /** The member wished to be forgotten: only traces of what they wrote are left. */
  v.object({ ...stamp, kind: v.literal('forgotten') }),
] as const

const lineSchema = v.variant('kind', [...lines])
const knownEntrySchema = v.variant('kind', [...lines, ...changes])

/** An entry of a newer server: it has a number, and nothing else of it can be understood. */
const unknownEntrySchema = v.pipe(
  v.object({ seq, at: v.number() }),
  v.transform((entry) => ({ ...entry, kind: 'unknown' as const })),
)
export const entrySchema = v.union([knownEntrySchema, unknownEntrySchema])

export type Member = v.InferOutput<typeof memberSchema>
export type Retention = v.InferOutput<typeof retentionSchema>
export type FileInfo = v.InferOutput<typeof fileSchema>
export type Announcement = v.InferOutput<typeof announcementSchema>
export type Poll = v.InferOutput<typeof pollSchema>
export type Quote = v.InferOutput<typeof quoteSchema>
export type Reaction = v.InferOutput<typeof reactionSchema>
export type Message = v.InferOutput<typeof messageSchema>
/** What the log of a room shows, one under the other. */
export type Line = v.InferOutput<typeof lineSchema>
/** What a server of this version writes. */
export type KnownEntry = v.InferOutput<typeof knownEntrySchema>
/** What changes a line that is there already, or removes some. */
export type Change = Exclude<KnownEntry, Line>
export type Entry = v.InferOutput<typeof entrySchema>

const lineKinds: readonly string[] = lines.map(({ entries }) => entries.kind.literal)

export const isLine = (entry: Entry): entry is Line => lineKinds.includes(entry.kind)
