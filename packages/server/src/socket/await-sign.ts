import type { Schedule } from '../rooms/presence.ts'

/**
 * Calls back after a time, once what lies in the sockets by then has been read: a server that was too busy to read gives nobody up for being silent,
 * who would come back and make it busier. Gives the way to call it off.
 */
export function awaitSign(schedule: Schedule, delayMs: number, missed: () => void): () => void {
  let isCalledOff = false
  const cancel = schedule(delayMs, () => {
    setImmediate(() => {
      if (!isCalledOff) missed()
    })
  })
  return () => {
    isCalledOff = true
    cancel()
  }
}
