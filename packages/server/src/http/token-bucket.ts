export interface TokenBucket {
  /** False where there is not so much left; then nothing is taken. */
  take(cost?: number): boolean
}

/** Allows `burst` at once and `perSecond` on the long run. */
export function createTokenBucket(burst: number, perSecond: number, now: () => number): TokenBucket {
  return new Bucket(burst, perSecond, now)
}

/** A class since each connection has one. */
class Bucket implements TokenBucket {
  readonly #burst: number
  readonly #perSecond: number
  readonly #now: () => number
  #tokens: number
  #filledAt: number

  constructor(burst: number, perSecond: number, now: () => number) {
    this.#burst = burst
    this.#perSecond = perSecond
    this.#now = now
    this.#tokens = burst
    this.#filledAt = now()
  }

  take(cost = 1): boolean {
    const time = this.#now()
    const since = Math.max(0, time - this.#filledAt) / 1000
    this.#tokens = Math.min(this.#burst, this.#tokens + since * this.#perSecond)
    this.#filledAt = time
    if (this.#tokens < cost) return false
    this.#tokens -= cost
    return true
  }
}
