import type { Line, Unread } from '@maru/protocol'

export const nothingUnread: Unread = { messages: 0, mentions: 0 }

/** A count as short as a badge needs it. */
export const countOf = (count: number): string => (count > 99 ? '99+' : `${count}`)

/** The number of the first message of others after the last one read, where the line "new" stands. */
export function firstUnread(entries: readonly Line[], read: number, me: string | undefined): number | undefined {
  return entries.find((entry) => entry.seq > read && entry.kind === 'message' && entry.member !== me)?.seq
}
