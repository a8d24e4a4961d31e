/** Who somebody is: whoever has the token is the member. The server keeps only the token's hash. */
import { createHash } from 'node:crypto'
import { AppError, createId, limits, type Member, type RandomBytes } from '@maru/protocol'
import type { Bus } from '../events/bus.ts'
import type { Storage, StoredTables } from '../storage/open-storage.ts'
import type { BotLimits, FoundSession } from '../storage/sessions.ts'

export interface Identified {
  member: Member
  session: string
  /** What it is held to, where it is a bot. */
  bot?: BotLimits
  /** A new token, told this once. */
  token?: string
}

/** How exactly is kept when a session was seen: coming back again and again costs no write each time. */
const SEEN_STEP_MS = 60_000

export interface Introduction {
  token: string | undefined
  /** The token of who gets a new one; without it the server makes one. Known already, it is of somebody who did not hear the answer. */
  newToken: string | undefined
  /** A code that another device of the member was given. */
  transfer: string | undefined
  name: string
  device: string
  /** Asked before somebody new is let in. */
  isWelcome: () => boolean
}

/**
 * The member of a token, known by the nickname from now on. An unknown token is as good as none: a new member gets a new one. With a code
 * of another device this one becomes the same member, under a token of its own.
 * @throws transfer_bad, too_fast, storage_unavailable
 */
export async function identifyMember(
  { storage, bus, random, now }: { storage: Storage; bus: Bus; random: RandomBytes; now: () => number },
  { token, newToken, transfer, name, device, isWelcome }: Introduction,
): Promise<Identified> {
  const unheard = findMember(storage.read, newToken)
  const known = unheard ?? (transfer === undefined ? findMember(storage.read, token) : undefined)
  if (known) {
    const touch = () => storage.write(({ sessions }) => sessions.touch(known.session, device))
    // When it was seen last may be lost; the name may not.
    if (known.device !== device || now() - known.seenAt >= SEEN_STEP_MS) touch().catch(() => {})
    if (known.member.name !== name) await storage.write(({ members }) => members.rename(known.member.id, name))
    const { session, bot } = known
    const told = unheard && newToken !== undefined && { token: newToken }
    return { member: { id: known.member.id, name }, session, ...(bot && { bot }), ...told }
  }
  if (transfer === undefined && !isWelcome())
    throw new AppError('too_fast', 'Too many new people came from your address; wait a moment.')
  const fresh = newToken ?? Buffer.from(random(32)).toString('hex')
  const session = createId('SE_', random)
  const id = createId('ME_', random)
  const made = await storage.write(
    (tables) => {
      const { sessions, members } = tables
      // Asked twice at once: the first one's answer is of a connection that is gone.
      const before = findMember(tables, fresh)
      if (before) return { member: { id: before.member.id, name }, session: before.session, ended: [] }
      const owner = transfer === undefined ? id : sessions.takeTransfer(hashCode(transfer))
      if (owner === undefined) return undefined
      if (transfer === undefined) members.insert({ id, name })
      else members.rename(owner, name)
      const ended = sessions.of(owner).slice(limits.sessions - 1)
      for (const { id: old } of ended) sessions.end(old)
      sessions.insert({ id: session, member: owner, tokenHash: hashToken(fresh), device })
      return { member: { id: owner, name }, session, ended }
    },
    (made) => {
      for (const { id: old } of made?.ended ?? []) bus.publish({ type: 'sessionEnded', session: old })
    },
  )
  if (!made) throw new AppError('transfer_bad', undefined, { field: 'transfer' })
  return { member: made.member, session: made.session, token: fresh }
}

/** Whose token it is. */
export function findMember(
  { sessions, members }: StoredTables,
  token: string | undefined,
): (Omit<FoundSession, 'member'> & { member: Member }) | undefined {
  const found = token === undefined ? undefined : sessions.findByTokenHash(hashToken(token))
  const member = found && members.find(found.member)
  return found && member && { ...found, member }
}

/** A plain hash is enough: the token has 256 random bits, there is nothing to guess. */
export function hashToken(token: string): Uint8Array {
  return createHash('sha256').update(Buffer.from(token, 'hex')).digest()
}

/** Codes live for minutes and hold 95 random bits. */
export function hashCode(code: string): Uint8Array {
  return createHash('sha256').update(code).digest()
}
