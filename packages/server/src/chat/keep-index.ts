/**
 * Keeps the search index up with the log: a little behind it, so that messages which come together are taken up together and nobody waits for it
 * when sending. Whoever searches brings it up first.
 */
import type { Bus } from '../events/bus.ts'
import type { Schedule } from '../rooms/presence.ts'
import type { Storage } from '../storage/open-storage.ts'

/** How long few new messages gather: each time costs a transaction, and whoever searches does not wait for it. */
const GATHER_MS = 10_000
/** So many gather no longer than this: what is taken up at once holds up what comes meanwhile. */
const MANY = 64
const GATHER_MANY_MS = 100
/** Entries of one step: the event loop stands still while they are taken up. */
const STEP = 300
/** Between two steps of what nobody waits for: large databases take minutes, and others should not feel it. */
const REST_MS = 50

export interface IndexKeeping {
  storage: Storage
  bus: Bus
  schedule: Schedule
  failed: (error: unknown) => void
}

/** Gives the way to stop. */
export function keepIndex({ storage, bus, schedule, failed }: IndexKeeping): () => void {
  let cancel: (() => void) | undefined
  /** Messages since the last step began. */
  let gathered = 0
  let isRunning = false
  let stopped = false

  function wait(): void {
    cancel?.()
    cancel = schedule(gathered < MANY ? GATHER_MS : GATHER_MANY_MS, () => void step())
  }

  function gather(): void {
    gathered += 1
    if (!isRunning && (cancel === undefined || gathered === MANY)) wait()
  }

  async function step(): Promise<void> {
    cancel = undefined
    gathered = 0
    isRunning = true
    let isBehind = false
    try {
      await bringUp(storage, () => stopped)
      isBehind = storage.read.search.isBehind()
    } catch (error) {
      // Goes on with the next message, or when the disk works again.
      if (!stopped) failed(error)
    }
    isRunning = false
    if (isBehind && !stopped) wait()
  }

  const unsubscribe = bus.subscribe((event) => {
    if (event.type === 'entryAdded' && event.entry.kind === 'message') gather()
    if (event.type === 'storageChanged' && event.works && cancel === undefined && !isRunning) wait()
  })
  wait()
  const stopFolding = foldAnew({ storage, schedule, failed })
  return () => {
    stopped = true
    unsubscribe()
    cancel?.()
    stopFolding()
  }
}

/**
 * What an earlier version has taken up is folded as words are asked for now, the newest first. Goes on after a restart where it was. Gives the way
 * to stop.
 */
function foldAnew({ storage, schedule, failed }: Omit<IndexKeeping, 'bus'>): () => void {
  let cancel = () => {}
  let stopped = false
  const later = (ms: number) => {
    if (!stopped) cancel = schedule(ms, () => void step())
  }
  async function step(): Promise<void> {
    try {
      if (await storage.write(({ search }) => search.foldAnew(STEP))) later(REST_MS)
    } catch (error) {
      if (!stopped) failed(error)
      later(GATHER_MS)
    }
  }
  if (storage.read.search.isOldFolded()) later(REST_MS)
  return () => {
    stopped = true
    cancel()
  }
}

/** Has everything in the index that is in the log now. */
export async function bringUp(storage: Storage, isStopped: () => boolean = () => false): Promise<void> {
  if (!storage.read.search.isBehind()) return
  while (!isStopped() && (await storage.write(({ search }) => search.catchUp(STEP))));
}
