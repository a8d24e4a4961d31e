import type { IncomingMessage } from 'node:http'
import { networkOf } from '../http/network-of.ts'
import { createTokenBucket, type TokenBucket } from '../http/token-bucket.ts'

/** What one token may ask: enough to read a room through, too little to keep the server busy. */
const BURST = 60
const PER_SECOND = 20
/** Tokens whose haste is remembered; one forgotten begins anew with a full bucket. */
const MAX_BUCKETS = 1_000

/**
 * Whether a request may be answered now, which counts for as many as its weight says. `sessionOf`: whose token it carries; whoever has none, or
 * one that is worth nothing, is held back with all others of the same network.
 */
export function createPatience(
  sessionOf: (request: IncomingMessage) => string | undefined,
  now: () => number,
): (request: IncomingMessage, weight: number) => boolean {
  const buckets = new Map<string, TokenBucket>()
  return (request, weight) => {
    const key = sessionOf(request) ?? networkOf(request.socket) ?? ''
    const bucket = buckets.get(key) ?? createTokenBucket(BURST, PER_SECOND, now)
    buckets.delete(key)
    buckets.set(key, bucket)
    const [oldest] = buckets.keys()
    if (buckets.size > MAX_BUCKETS && oldest !== undefined) buckets.delete(oldest)
    return bucket.take(weight)
  }
}
