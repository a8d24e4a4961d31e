import type { RoomClient } from '@maru/client'
import type { Line, Member } from '@maru/protocol'
import { useMemo } from 'react'
import { useStore } from '../../lib/store.ts'

/** Who is here or has said something, by the name they have now: those a text may call. */
export function useNames(client: RoomClient, entries: readonly Line[]): readonly Member[] {
  const people = useStore(client, (state) => state.people)
  return useMemo(() => {
    const known = new Map<string, Member>()
    for (const { member, name } of entries) if (name) known.set(member, { id: member, name })
    for (const { id, name } of people) known.set(id, { id, name })
    return [...known.values()]
  }, [entries, people])
}

/** The last own message, and who of those here has read it. */
export function useSeen(client: RoomClient, entries: readonly Line[], names: readonly Member[]) {
  const reads = useStore(client, (state) => state.reads)
  const me = useStore(client, (state) => state.me?.id)
  return useMemo(() => {
    const last = entries.findLast((entry) => entry.kind === 'message' && entry.member === me)
    if (!last) return undefined
    const by = names.filter(({ id }) => id !== me && (reads[id] ?? 0) >= last.seq).map(({ name }) => name)
    return { seq: last.seq, by }
  }, [entries, names, reads, me])
}
