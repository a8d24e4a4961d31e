/** Checks what a room's history says against what everybody was told of it. Pure. */
import { limits } from '@maru/protocol'

/** A message as somebody holds it: its place in the room, and the id its author gave it. */
export interface Told {
  seq: number
  clientId: string
}

/** What somebody was told without a break. Whoever was away for too long starts over with the newest lines: another stretch. */
export interface Stretch {
  /** Every message, in the order in which they were told. */
  told: readonly Told[]
  /** What it began with, where it is not the first. */
  snapshot?: Snapshot
}

export interface Snapshot {
  /** The number of the last entry that was held before. */
  held: number
  /** The number up to which the snapshot goes. */
  cursor: number
  /** The number of its first line. */
  first: number
  hasOlder: boolean
}

export interface ChatHistory {
  /** By author, the ids of what they wrote, in the order in which they wrote it. */
  written: Readonly<Record<string, readonly string[]>>
  /** Ids of messages of which the server has said that they are stored. */
  acknowledged: Iterable<string>
  /** What the disk holds, in its order. */
  stored: readonly Told[]
  /** By witness, all they were told. All of them were there from the beginning. */
  witnesses: Readonly<Record<string, readonly Stretch[]>>
}

/** A sentence for everything that was lost, doubled, made up or out of order; none for a sound history. */
export function findFaults({ written, acknowledged, stored, witnesses }: ChatHistory): string[] {
  const faults = [...findFaultsOfOrder('the disk', stored)]
  const storedIds = new Set(stored.map(({ clientId }) => clientId))
  for (const id of acknowledged) if (!storedIds.has(id)) faults.push(`${id} was acknowledged and is lost`)
  const places = new Map(stored.map(({ clientId, seq }) => [clientId, seq]))
  const known = new Set<string>()
  for (const [author, ids] of Object.entries(written)) {
    let last = 0
    for (const id of ids) {
      known.add(id)
      const seq = places.get(id)
      if (seq === undefined) continue
      if (seq < last) faults.push(`${id} of ${author} overtook what was written before`)
      last = seq
    }
  }
  for (const id of storedIds) if (!known.has(id)) faults.push(`nobody wrote ${id}`)
  for (const [name, stretches] of Object.entries(witnesses))
    for (const [index, stretch] of stretches.entries()) {
      const isLast = index === stretches.length - 1
      faults.push(...findFaultsOfStretch(name, stretch, stored, isLast))
    }
  return faults
}

/** From its beginning to its end nothing may be missing. Only the last one has to come to the end of what is stored. */
function findFaultsOfStretch(
  name: string,
  { told, snapshot }: Stretch,
  stored: readonly Told[],
  isLast: boolean,
): string[] {
  const faults = findFaultsOfOrder(name, told)
  const heard = new Map(told.map(({ clientId, seq }) => [clientId, seq]))
  const from = snapshot?.first ?? 0
  const end = Math.max(snapshot?.cursor ?? 0, ...told.map(({ seq }) => seq))
  const upTo = isLast ? Number.POSITIVE_INFINITY : end
  for (const { clientId, seq } of stored) {
    const at = heard.get(clientId)
    if (at === undefined && seq >= from && seq <= upTo) faults.push(`${name} never heard ${clientId}`)
    else if (at !== undefined && at !== seq)
      faults.push(`${name} heard ${clientId} as number ${at}, the disk holds it as ${seq}`)
  }
  const storedIds = new Set(stored.map(({ clientId }) => clientId))
  for (const { clientId } of told)
    if (!storedIds.has(clientId)) faults.push(`${name} heard ${clientId}, which is not stored`)
  if (snapshot) faults.push(...findFaultsOfSnapshot(name, snapshot, stored))
  return faults
}

function findFaultsOfSnapshot(
  name: string,
  { held, cursor, first, hasOlder }: Snapshot,
  stored: readonly Told[],
): string[] {
  const faults: string[] = []
  if (cursor - held <= limits.resume)
    faults.push(`${name} had to start over at ${cursor}, having missed only what came after ${held}`)
  if (!hasOlder && stored.some(({ seq }) => seq < first))
    faults.push(`${name} was not told that there is more before ${first}`)
  return faults
}

function findFaultsOfOrder(name: string, told: readonly Told[]): string[] {
  const faults: string[] = []
  const seen = new Set<string>()
  let last = 0
  for (const { seq, clientId } of told) {
    if (seen.has(clientId)) faults.push(`${name} has ${clientId} twice`)
    else if (seq <= last) faults.push(`${name} has number ${seq} after ${last}`)
    seen.add(clientId)
    last = seq
  }
  return faults
}
