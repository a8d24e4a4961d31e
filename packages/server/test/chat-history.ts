/** Checks what a room's history says against what everybody was told of it. Pure. */

/** A message as somebody holds it: its place in the room, and the id its author gave it. */
export interface Told {
  seq: number
  clientId: string
}

export interface ChatHistory {
  /** By author, the ids of what they wrote, in the order in which they wrote it. */
  written: Readonly<Record<string, readonly string[]>>
  /** Ids of messages of which the server has said that they are stored. */
  acknowledged: Iterable<string>
  /** What the disk holds, in its order. */
  stored: readonly Told[]
  /** By witness, every message they were told of, in the order in which they were told. All of them were there from the beginning. */
  witnesses: Readonly<Record<string, readonly Told[]>>
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
  for (const [name, told] of Object.entries(witnesses)) {
    faults.push(...findFaultsOfOrder(name, told))
    const heard = new Map(told.map(({ clientId, seq }) => [clientId, seq]))
    for (const { clientId, seq } of stored) {
      const at = heard.get(clientId)
      if (at === undefined) faults.push(`${name} never heard ${clientId}`)
      else if (at !== seq) faults.push(`${name} heard ${clientId} as number ${at}, the disk holds it as ${seq}`)
    }
    for (const { clientId } of told)
      if (!storedIds.has(clientId)) faults.push(`${name} heard ${clientId}, which is not stored`)
  }
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
