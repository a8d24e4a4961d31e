import type { KnownEntry } from '@maru/protocol'
import type { Logged } from '../storage/entries.ts'
import type { StoredTables } from '../storage/open-storage.ts'

/**
 * In a room that shows each member only what was said since they came, an entry tells those who came after the message `target` nothing of its
 * text, neither as a quote nor as what it says now.
 */
export function hideEarlier(tables: StoredTables, roomId: number, logged: Logged, target: number): Logged {
  if (tables.rooms.settings(roomId).retention.keep !== 'joined') return logged
  const from = tables.memberships.since(roomId, target)
  return from.length === 0 ? logged : { ...logged, hidden: { from, entry: withoutText(logged.entry) } }
}

function withoutText(entry: KnownEntry): KnownEntry {
  if (entry.kind === 'message' && entry.replyTo)
    return { ...entry, replyTo: { seq: entry.replyTo.seq, member: '', name: '', text: '', deleted: true } }
  if (entry.kind === 'edited') {
    const { mentions: _mentions, everyone: _everyone, ...rest } = entry
    return { ...rest, text: '' }
  }
  return entry
}
