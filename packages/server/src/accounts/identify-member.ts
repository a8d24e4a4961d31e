/** Who somebody is: whoever has the token is the member. The server keeps only the token's hash. */
import { createHash } from 'node:crypto'
import { createId, type Member, type RandomBytes } from '@maru/protocol'
import type { Storage } from '../storage/open-storage.ts'

export interface Identified {
  member: Member
  /** A new token, told this once. */
  token?: string
}

/**
 * The member of a token, known by the nickname from now on. An unknown token is as good as none: a new member gets a new one.
 * @throws storage_unavailable
 */
export async function identifyMember(
  { storage, random }: { storage: Storage; random: RandomBytes },
  { token, name }: { token: string | undefined; name: string },
): Promise<Identified> {
  const known = token === undefined ? undefined : storage.read.members.findByTokenHash(hashToken(token))
  if (known) {
    if (known.name !== name) await storage.write(({ members }) => members.rename(known.id, name))
    return { member: { id: known.id, name } }
  }
  const fresh = Buffer.from(random(32)).toString('hex')
  const member = { id: createId('ME_', random), name }
  await storage.write(({ members }) => members.insert(member, hashToken(fresh)))
  return { member, token: fresh }
}

/** A plain hash is enough: the token has 256 random bits, there is nothing to guess. */
function hashToken(token: string): Uint8Array {
  return createHash('sha256').update(Buffer.from(token, 'hex')).digest()
}
