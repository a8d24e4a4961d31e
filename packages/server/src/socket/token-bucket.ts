/** Allows `burst` at once and `perSecond` on the long run. */
export function createTokenBucket(burst: number, perSecond: number, now: () => number): { take(): boolean } {
  let tokens = burst
  let filledAt = now()
  return {
    take() {
      const time = now()
      tokens = Math.min(burst, tokens + (Math.max(0, time - filledAt) / 1000) * perSecond)
      filledAt = time
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
  }
}
