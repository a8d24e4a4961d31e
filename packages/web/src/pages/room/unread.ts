import type { Line } from '@maru/protocol'

/** Messages of others after the last one read. */
export function countUnread(entries: readonly Line[], read: number, me: string | undefined): number {
  let count = 0
  for (let index = entries.length - 1; index >= 0; index--) {
    const entry = entries[index]
    if (!entry || entry.seq <= read) break
    if (entry.kind === 'message' && entry.member !== me) count += 1
  }
  return count
}

/** The number of the first of them, where the line "new" stands. */
export function firstUnread(entries: readonly Line[], read: number, me: string | undefined): number | undefined {
  return entries.find((entry) => entry.seq > read && entry.kind === 'message' && entry.member !== me)?.seq
}
