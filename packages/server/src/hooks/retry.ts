/** When a delivery is tried again. A receiver may be away for days. */
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 300_000
/** What a receiver means by these passes by itself; any other refusal would be the same again. */
const PASSING = [408, 425, 429]

/** Twice as long each time, up to a limit. `attempts`: how many have failed before this one. */
export function retryDelay(attempts: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempts)
}

export type Outcome = 'taken' | 'refused' | 'again'

export function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return 'taken'
  return status < 500 && !PASSING.includes(status) ? 'refused' : 'again'
}
