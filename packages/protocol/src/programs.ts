/** What only programs ask for: bots and webhooks. People never see any of it. */
import * as v from 'valibot'
import { memberId, memberSchema } from './entries.ts'
import { limits } from './limits.ts'

/** What the token of a bot is good for: reading, writing, what owners may, and the call. */
export const rightSchema = v.picklist(['read', 'write', 'manage', 'call'])

export const botDraftSchema = v.object({
  name: v.string(),
  rights: v.pipe(v.array(rightSchema), v.minLength(1), v.maxLength(4)),
})

export const botSchema = v.object({
  member: memberSchema,
  rights: v.array(rightSchema),
  createdAt: v.number(),
})

export const hookDraftSchema = v.object({
  /** Where the messages go, as `https://example.org/maru`. */
  url: v.pipe(v.string(), v.maxLength(limits.hookUrl)),
})

export const hookSchema = v.object({
  id: v.string(),
  url: v.string(),
  createdBy: memberId,
  createdAt: v.number(),
  /** The number of the last entry that arrived there. */
  delivered: v.number(),
  /** Why the last attempt failed; absent where it did not. */
  problem: v.optional(v.string()),
})

export type Right = v.InferOutput<typeof rightSchema>
export type BotDraft = v.InferOutput<typeof botDraftSchema>
export type Bot = v.InferOutput<typeof botSchema>
export type Hook = v.InferOutput<typeof hookSchema>
