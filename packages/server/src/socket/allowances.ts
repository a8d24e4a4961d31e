import { createHash } from 'node:crypto'
import { createTokenBucket, type TokenBucket } from '../http/token-bucket.ts'

/** What a fast typist, a scrolling reader and a paste need at once, and on the long run. */
export const BURST = 20
const PER_SECOND = 5
/** Those who are remembered when they are gone; one forgotten begins anew. */
const MAX_REMEMBERED = 10_000

/** How much may be asked. It outlives the connection: whoever is thrown out for asking too much does not get anew what is used up by coming back. */
export interface Allowances {
  /** Of a device in a room; of somebody new, without a token, it is nobody else's. */
  of(room: string, token: string | undefined): TokenBucket
}

export function createAllowances(now: () => number): Allowances {
  const remembered = new Map<string, TokenBucket>()
  return {
    of(room, token) {
      if (token === undefined) return createTokenBucket(BURST, PER_SECOND, now)
      const key = createHash('sha256').update(`${token} ${room}`).digest('base64')
      const bucket = remembered.get(key) ?? createTokenBucket(BURST, PER_SECOND, now)
      remembered.delete(key)
      remembered.set(key, bucket)
      const [oldest] = remembered.keys()
      if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest)
      return bucket
    },
  }
}
