/** The devices on which a member is known: seeing them, ending one, letting one more in. */
import { AppError, createId, limits, type RandomBytes, type Session } from '@maru/protocol'
import type { Bus } from '../events/bus.ts'
import type { Storage } from '../storage/open-storage.ts'
import { hashCode } from './identify-member.ts'

export function listSessions(storage: Storage, member: string, current: string): Session[] {
  return storage.read.sessions.of(member).map((session) => ({ ...session, current: session.id === current }))
}

/**
 * Its token is worth nothing from now on.
 * @throws session_unknown, storage_unavailable
 */
export async function endSession(
  { storage, bus }: { storage: Storage; bus: Bus },
  member: string,
  session: string,
): Promise<void> {
  if (!storage.read.sessions.of(member).some(({ id }) => id === session)) throw new AppError('session_unknown')
  await storage.write(
    ({ sessions }) => sessions.end(session),
    () => bus.publish({ type: 'sessionEnded', session }),
  )
}

/**
 * A code with which another device becomes the same member: once, and soon.
 * @throws storage_unavailable
 */
export async function offerTransfer(
  { storage, random, now }: { storage: Storage; random: RandomBytes; now: () => number },
  member: string,
): Promise<{ code: string; expiresAt: number }> {
  const code = createId('', random)
  const expiresAt = now() + limits.transferMs
  await storage.write(({ sessions }) => {
    sessions.removeTransfers(member)
    sessions.insertTransfer(hashCode(code), member, expiresAt)
  })
  return { code, expiresAt }
}
