import type { Line } from '@maru/protocol'

/** The number of the first message of others after the last one read, where the line "new" stands. */
export function firstUnread(entries: readonly Line[], read: number, me: string | undefined): number | undefined {
  return entries.find((entry) => entry.seq > read && entry.kind === 'message' && entry.member !== me)?.seq
}
