/**
 * Sends bodies to addresses that who runs the server has set: what belongs to one line one after the other, again until it is taken, other lines
 * meanwhile. What waits is in memory; at an orderly end it is handed out, and a next run goes on with it. Too much, or too old, is given up.
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
  /** What an earlier run left; what is for other addresses is passed over. */
  left: readonly WaitingLine[]
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
  /** Nothing is tried again from now on. Resolves when no attempt is under way. */
  close(): Promise<void>
  /** Everything that was not taken. What is under way counts as well: it may come twice, and its `id` says so. */
  waiting(): WaitingLine[]
}

/** One line to one address, as the next run is to take it up. Times are in ms since 1970. */
export interface WaitingLine {
  url: string
  line: string
  bodies: { text: string; since: number }[]
  /** How many attempts at the first have failed. */
  attempts: number
  /** When it is tried next. */
  at: number
}

interface Line extends Omit<WaitingLine, 'url' | 'line'> {
  /** Present while the next attempt has to wait. */
  cancel?: () => void
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
    waiting: () => addresses.flatMap((address) => address.waiting()),
  }
}

function createAddress(url: string, { left, headers, post, schedule, now, lost }: InOrderParts): InOrder {
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
      if (problem?.again && now() - body.since < MAX_AGE_MS) {
        line.at = now() + retryDelay(line.attempts)
        line.attempts += 1
        if (!closing) wait(name, line)
        return
      }
      if (problem) lose(problem.text)
      line.bodies.shift()
      waiting -= 1
      line.attempts = 0
    }
    lines.delete(name)
  }

  function wait(name: string, line: Line): void {
    // No longer than it ever is, whatever the clock says meanwhile.
    const delay = Math.min(Math.max(line.at - now(), 0), retryDelay(line.attempts))
    line.cancel = schedule(delay, () => {
      delete line.cancel
      start(name, line)
    })
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

  for (const { line: name, bodies, attempts, at } of left.filter((each) => each.url === url)) {
    const line: Line = { bodies: [...bodies], attempts, at }
    lines.set(name, line)
    waiting += bodies.length
    wait(name, line)
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
      const line: Line = { bodies: [body], attempts: 0, at: now() }
      lines.set(name, line)
      start(name, line)
    },
    close: async () => {
      closing = true
      for (const line of lines.values()) line.cancel?.()
      while (working.size > 0) await Promise.all(working)
    },
    waiting: () =>
      [...lines].map(([line, { bodies, attempts, at }]) => ({ url, line, bodies: [...bodies], attempts, at })),
  }
}
