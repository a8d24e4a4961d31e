import { backOff } from '@maru/client'

/** Attempts before a server counts as away: with the pauses between them half a minute, in which one that begins anew is back. */
const ATTEMPTS = 6

/**
 * Asks again where nobody answers, the server has a problem of its own, or asks for patience; longer apart each time, so that one that begins anew
 * is not met by all at once. Any other answer is one. For questions that change nothing.
 * @throws what `fetch` does at the last attempt, or the reason of the signal
 */
export async function patientFetch(
  path: string,
  init: RequestInit & { signal: AbortSignal },
  { fetcher = fetch, pause = wait }: { fetcher?: typeof fetch; pause?: (failures: number) => Promise<void> } = {},
): Promise<Response> {
  for (let failures = 1; ; failures += 1) {
    const isLast = failures === ATTEMPTS
    try {
      const response = await fetcher(path, init)
      if (isLast || (response.status < 500 && response.status !== 429)) return response
    } catch (error) {
      if (isLast || init.signal.aborted) throw error
    }
    await pause(failures)
    init.signal.throwIfAborted()
  }
}

function wait(failures: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, backOff(failures, Math.random())))
}
