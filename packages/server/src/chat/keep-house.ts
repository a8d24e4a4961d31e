/**
 * Lets go of what is no longer to be kept: messages whose time is over, files that nothing refers to. Works in small steps, so that nobody waits
 * for it, and takes up after a crash where it was.
 */
import type { Retention } from '@maru/protocol'
import type { Bus } from '../events/bus.ts'
import { changeRoom } from '../rooms/append-entry.ts'
import type { Schedule } from '../rooms/presence.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { Storage } from '../storage/open-storage.ts'
import { UNSENT_MS } from './uploads.ts'

/** How often old messages are looked for. */
const EVERY_MS = 20_000
/** In a room that keeps nothing: long enough for everybody with a lost connection to catch up. */
const BRIEF_MS = 60_000
const DAY_MS = 24 * 60 * 60_000
/** Entries of one step: the event loop stands still while they go. */
const STEP = 300

export interface HouseKeeping {
  storage: Storage
  bus: Bus
  blobs: Blobs
  schedule: Schedule
  now: () => number
  failed: (error: unknown) => void
}

/** Gives the way to stop. */
export function keepHouse(parts: HouseKeeping): () => Promise<void> {
  const { bus, schedule, failed } = parts
  let cancel = () => {}
  let running: Promise<void> | undefined
  let again = false
  /** Whether the disk may still hold what is no longer stored; a crash may have left it so. */
  let isDirty = true
  let scrubbedAt = parts.now()
  let stopped = false

  async function round(): Promise<void> {
    do {
      again = false
      await cleanUp(parts, () => stopped).catch(failed)
      // Not with every deletion: the event loop stands still meanwhile. A clock may be set back.
      if (isDirty && !stopped && Math.abs(parts.now() - scrubbedAt) >= EVERY_MS) scrub()
    } while (again && !stopped)
    running = undefined
    if (!stopped) cancel = schedule(EVERY_MS, start)
  }

  function scrub(): void {
    isDirty = false
    scrubbedAt = parts.now()
    try {
      parts.storage.scrub()
    } catch (error) {
      isDirty = true
      failed(error)
    }
  }

  function start(): void {
    cancel()
    again = true
    running ??= round()
  }

  const causes = ['retention', 'deleted', 'forgotten']
  const overwriting = ['edited', 'deleted', 'forgotten', 'expired']
  const unsubscribe = bus.subscribe((event) => {
    if (event.type === 'entryAdded' && overwriting.includes(event.entry.kind)) isDirty = true
    if (event.type === 'fileGivenUp' || (event.type === 'entryAdded' && causes.includes(event.entry.kind))) start()
  })
  running = sweep(parts).catch(failed).then(round)
  return async () => {
    stopped = true
    cancel()
    unsubscribe()
    await running
  }
}

/** What a crash has left is looked for once. */
export async function sweep({ storage, blobs }: Pick<HouseKeeping, 'storage' | 'blobs'>): Promise<void> {
  const { files } = storage.read
  await blobs.sweep({ isKnown: files.isKnown, isHeld: files.holds })
}

/** One round of it. */
export async function cleanUp(
  parts: Pick<HouseKeeping, 'storage' | 'bus' | 'blobs' | 'now'>,
  isStopped: () => boolean,
): Promise<void> {
  const { storage, now } = parts
  for (const room of storage.read.rooms.forgetful()) while (!isStopped() && (await expireStep(parts, room)));
  const old = now() - UNSENT_MS
  if (storage.read.files.hasUnsent(old)) await storage.write(({ files }) => files.giveUpUnsent(old))
  while (!isStopped() && storage.read.sent.hasOld()) await storage.write(({ sent }) => sent.forgetOld(STEP))
  while (!isStopped() && (await removeFiles(parts)));
}

/** Lets go of the oldest entries whose time is over. True where there may be more. */
async function expireStep(
  { storage, bus, now }: Pick<HouseKeeping, 'storage' | 'bus' | 'now'>,
  { id, name, retention }: { id: number; name: string; retention: Retention },
): Promise<boolean> {
  const until = now() - (retention.keep === 'days' ? retention.days * DAY_MS : BRIEF_MS)
  const old = storage.read.entries.oldest(id, until, STEP)
  if (old.length === 0) return false
  const upTo = Math.max(...old)
  await changeRoom({ storage, bus }, name, (tables, roomId) => {
    // First what tells of it: were all entries of all rooms gone, their rowids would be given again, and the search index knows those already.
    const logged = tables.entries.append(roomId, { kind: 'expired', member: '', name: '', upTo })
    tables.sent.remember(roomId, upTo)
    tables.entries.removeUpTo(roomId, upTo)
    tables.opinions.removeUpTo(roomId, upTo)
    tables.files.giveUpUpTo(roomId, upTo)
    tables.rooms.setExpired(roomId, upTo)
    return logged
  })
  return old.length === STEP
}

/** First the bytes, then the last trace of them: after a crash in between they are looked for once more. True where there may be more. */
async function removeFiles({ storage, blobs }: Pick<HouseKeeping, 'storage' | 'blobs'>): Promise<boolean> {
  const gone = storage.read.files.gone(STEP)
  for (const { id, hash } of gone) {
    await blobs.removeUpload(id)
    if (hash !== undefined) await blobs.remove(hash, () => storage.read.files.holds(hash))
  }
  if (gone.length > 0)
    await storage.write(({ files }) => {
      for (const { id } of gone) files.remove(id)
    })
  return gone.length === STEP
}
