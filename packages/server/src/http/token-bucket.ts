/** Allows `burst` at once and `perSecond` on the long run. */
export function createTokenBucket(
  burst: number,
  perSecond: number,
  now: () => number,
): { take(cost?: number): boolean } {
  let tokens = burst
  let filledAt = now()
  return {
    take(cost = 1) {
      const time = now()
      tokens = Math.min(burst, tokens + (Math.max(0, time - filledAt) / 1000) * perSecond)
      filledAt = time
      if (tokens < cost) return false
      tokens -= cost
      return true
    },
  }
}
