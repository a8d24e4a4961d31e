/**
 * Sends what is said in rooms to their webhooks: one at a time and in the order of the log, again until it arrives. How far each has come is
 * kept, so a restart goes on there; what was just under way may then arrive twice. Private messages go nowhere.
 */
import { createHmac } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { KnownEntry } from '@maru/protocol'
import type { Bus } from '../events/bus.ts'
import type { Schedule } from '../rooms/presence.ts'
import type { StoredHook } from '../storage/hooks.ts'
import type { Storage } from '../storage/open-storage.ts'
import type { Post } from './post.ts'
import { outcomeOf, retryDelay } from './retry.ts'

/** Numbers read at once, whoever's entries they are: the event loop stands still meanwhile. */
const NUMBERS = 200
const SENT: readonly KnownEntry['kind'][] = ['message', 'edited', 'deleted']

export interface HookDelivery {
  storage: Storage
  bus: Bus
  schedule: Schedule
  now: () => number
  post: Post
  failed: (error: unknown) => void
}

interface Runner {
  delivered: number
  attempts: number
  state: 'idle' | 'busy' | 'waiting'
  /** Something was said while it was busy. */
  again: boolean
  cancel: () => void
}

/** Gives the way to stop. */
export function deliverHooks(parts: HookDelivery): () => Promise<void> {
  const { storage, bus, schedule, now, post, failed } = parts
  const runners = new Map<string, Runner>()
  /** Hooks by the name of their room. */
  let rooms = new Map<string, string[]>()
  const stopping = new AbortController()
  const working = new Set<Promise<void>>()

  function takeUp(): void {
    const hooks = storage.read.hooks.all()
    const byRoom = new Map<string, string[]>()
    for (const { id, roomId } of hooks) {
      const room = storage.read.rooms.name(roomId)
      byRoom.set(room, [...(byRoom.get(room) ?? []), id])
    }
    rooms = byRoom
    for (const id of runners.keys()) if (!hooks.some((hook) => hook.id === id)) drop(id)
    for (const { id, delivered } of hooks) {
      if (!runners.has(id)) runners.set(id, { delivered, attempts: 0, state: 'idle', again: false, cancel: () => {} })
      wake(id)
    }
  }

  function drop(id: string): void {
    runners.get(id)?.cancel()
    runners.delete(id)
  }

  function wake(id: string): void {
    const runner = runners.get(id)
    if (!runner || runner.state === 'waiting' || stopping.signal.aborted) return
    if (runner.state === 'busy') {
      runner.again = true
      return
    }
    runner.state = 'busy'
    const work = run(id, runner).catch((error) => {
      // The log could not be read: it is with what could not be delivered.
      failed(error)
      tryLater(id, runner)
    })
    working.add(work)
    void work.then(() => working.delete(work))
  }

  async function run(id: string, runner: Runner): Promise<void> {
    do {
      runner.again = false
      const hook = storage.read.hooks.find(id)
      if (!hook) break
      const { upTo, isLast, entries } = next(hook, runner.delivered)
      for (const entry of entries) {
        if (!runners.has(id) || stopping.signal.aborted) return
        if (!(await deliver(hook, runner, entry))) return
      }
      // Numbers without an entry here are of private messages, which go nowhere, or of what is no longer kept.
      runner.delivered = Math.max(runner.delivered, upTo)
      if (isLast) continue
      runner.again = true
      await setImmediate()
    } while (runner.again && runners.has(id) && !stopping.signal.aborted)
    runner.state = 'idle'
  }

  /** What the room's public log holds behind a number, as far as it is read at once. */
  function next({ roomId }: StoredHook, delivered: number) {
    const { expired, lastSeq } = storage.read.rooms.settings(roomId)
    const after = Math.max(delivered, expired)
    const upTo = Math.min(after + NUMBERS, lastSeq)
    const view = { roomId, reader: '', from: expired }
    return { upTo, isLast: upTo >= lastSeq, entries: storage.read.entries.changesAfter(view, after, NUMBERS) }
  }

  /** True where the next one may follow. */
  async function deliver(hook: StoredHook, runner: Runner, entry: KnownEntry): Promise<boolean> {
    if (!SENT.includes(entry.kind)) {
      runner.delivered = entry.seq
      return true
    }
    const problem = await attempt(hook, entry)
    if (stopping.signal.aborted) return false
    if (problem === undefined || problem.isFinal) {
      runner.delivered = entry.seq
      runner.attempts = 0
      remember(hook.id, entry.seq, problem?.text)
      return true
    }
    if (runner.attempts === 0) remember(hook.id, runner.delivered, problem.text)
    tryLater(hook.id, runner)
    return false
  }

  function tryLater(id: string, runner: Runner): void {
    const delay = retryDelay(runner.attempts)
    runner.attempts += 1
    runner.state = 'waiting'
    runner.cancel = schedule(delay, () => {
      runner.state = 'idle'
      wake(id)
    })
  }

  async function attempt(hook: StoredHook, entry: KnownEntry): Promise<{ text: string; isFinal: boolean } | undefined> {
    const room = storage.read.rooms.name(hook.roomId)
    const body = JSON.stringify({ hook: hook.id, room, entry })
    const time = Math.floor(now() / 1000)
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Maru',
      'maru-delivery': `${hook.id}-${entry.seq}`,
      'maru-signature': `t=${time},v1=${signature(hook.secret, time, body)}`,
    }
    try {
      const delivery = { url: hook.url, headers, body, isTrusted: hook.createdBy === '', signal: stopping.signal }
      const status = await post(delivery)
      const outcome = outcomeOf(status)
      return outcome === 'taken' ? undefined : { text: `answered ${status}`, isFinal: outcome === 'refused' }
    } catch (error) {
      return { text: error instanceof Error ? error.message.slice(0, 200) : 'failed', isFinal: false }
    }
  }

  function remember(id: string, delivered: number, problem: string | undefined): void {
    storage.write(({ hooks }) => hooks.progress(id, delivered, problem)).catch(failed)
  }

  const unsubscribe = bus.subscribe((event) => {
    if (event.type === 'hooksChanged') takeUp()
    if (event.type === 'entryAdded' && !event.only && SENT.includes(event.entry.kind))
      for (const id of rooms.get(event.room) ?? []) wake(id)
  })
  takeUp()
  return async () => {
    unsubscribe()
    stopping.abort()
    for (const id of [...runners.keys()]) drop(id)
    await Promise.all(working)
  }
}

/** HMAC-SHA256 over the time and the body: what is caught on the way cannot be sent again later. */
export function signature(secret: string, time: number, body: string): string {
  return createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')
}
