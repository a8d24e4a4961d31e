/**
 * Sends bodies to addresses that who runs the server has set: what belongs to one line one after the other, again until it is taken, other lines
 * meanwhile. What waits is kept in memory only, so a restart ends it; too much, or too old, is given up.
 */
import type { Schedule } from '../rooms/presence.ts'
import type { Post } from './post.ts'
import { outcomeOf, retryDelay } from './retry.ts'

/** For each address, all lines together. */
const MAX_WAITING = 10_000
const MAX_AGE_MS = 3_600_000
const LOST_INTERVAL_MS = 60_000

export interface InOrderParts {
  urls: readonly string[]
  /** The headers of one attempt. */
  headers(body: string): Promise<Record<string, string>>
  post: Post
  schedule: Schedule
  now: () => number
  /** So many were given up, the last for this reason. Said seldom: a receiver may be away for long. */
  lost(url: string, count: number, why: string): void
}

export interface InOrder {
  send(line: string, body: string): void
  /** Tries what waits once more and resolves when no attempt is under way. */
  close(): Promise<void>
}

interface Line {
  bodies: { text: string; since: number }[]
  attempts: number
  /** Present while the next attempt has to wait: begins it now. */
  hurry?: () => void
}

export function deliverInOrder(parts: InOrderParts): InOrder {
  const addresses = parts.urls.map((url) => createAddress(url, parts))
  return {
    send: (line, body) => {
      for (const address of addresses) address.send(line, body)
    },
    close: async () => {
      await Promise.all(addresses.map((address) => address.close()))
    },
  }
}

function createAddress(url: string, { headers, post, schedule, now, lost }: InOrderParts): InOrder {
  const lines = new Map<string, Line>()
  const working = new Set<Promise<void>>()
  let waiting = 0
  let closing = false
  let lostCount = 0
  let lostAfter = 0

  function lose(why: string): void {
    lostCount += 1
    if (now() < lostAfter) return
    lost(url, lostCount, why)
    lostCount = 0
    lostAfter = now() + LOST_INTERVAL_MS
  }

  function start(name: string, line: Line): void {
    const work = run(name, line)
    working.add(work)
    void work.finally(() => working.delete(work))
  }

  async function run(name: string, line: Line): Promise<void> {
    for (let [body] = line.bodies; body; [body] = line.bodies) {
      const problem = await attempt(body.text)
      if (problem?.again && !closing && now() - body.since < MAX_AGE_MS) return wait(name, line)
      if (problem) lose(problem.text)
      line.bodies.shift()
      waiting -= 1
      line.attempts = 0
    }
    lines.delete(name)
  }

  function wait(name: string, line: Line): void {
    const go = () => {
      delete line.hurry
      start(name, line)
    }
    const cancel = schedule(retryDelay(line.attempts), go)
    line.attempts += 1
    line.hurry = () => {
      cancel()
      go()
    }
  }

  async function attempt(body: string): Promise<{ text: string; again: boolean } | undefined> {
    try {
      const { signal } = new AbortController()
      const status = await post({ url, headers: await headers(body), body, isTrusted: true, signal })
      const outcome = outcomeOf(status)
      return outcome === 'taken' ? undefined : { text: `answered ${status}`, again: outcome === 'again' }
    } catch (error) {
      return { text: error instanceof Error ? error.message : 'failed', again: true }
    }
  }

  return {
    send: (name, text) => {
      if (waiting >= MAX_WAITING) return lose('too much waits')
      waiting += 1
      const body = { text, since: now() }
      const known = lines.get(name)
      if (known) {
        known.bodies.push(body)
        return
      }
      const line: Line = { bodies: [body], attempts: 0 }
      lines.set(name, line)
      start(name, line)
    },
    close: async () => {
      closing = true
      for (const line of [...lines.values()]) line.hurry?.()
      while (working.size > 0) await Promise.all(working)
    },
  }
}
