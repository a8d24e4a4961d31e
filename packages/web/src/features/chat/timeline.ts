import type { PendingMessage } from '@maru/client'
import type { Entry } from '@maru/protocol'

/** What the log shows, one row after the other. Keys stay the same while older and newer rows come. */
export type Row =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'new'; key: string }
  | MessageRow
  | { kind: 'events'; key: string; at: number; events: RoomEventLine[] }
  | { kind: 'pending'; key: string; head: boolean; message: PendingMessage }

export interface MessageRow {
  kind: 'message'
  key: string
  at: number
  member: string
  name: string
  text: string
  /** Whether it starts a group, and so shows who and when. */
  head: boolean
}

/** Several who came or went in a row are one line. */
export type RoomEventLine =
  | { kind: 'joined' | 'left'; names: string[] }
  | { kind: 'renamed'; name: string; before: string }

/** Messages of one person stay in one group while they are not further apart than this. */
const GROUP_MS = 5 * 60_000

interface TimelineInput {
  entries: readonly Entry[]
  pending: readonly PendingMessage[]
  /** Own member id. */
  me: string | undefined
  /** The first number that is new to the reader; the line "new" stands before it. */
  newFrom: number | undefined
}

/** Groups the entries of a room by day, person and time. Pure: the same input gives the same rows. */
export function buildTimeline({ entries, pending, me, newFrom }: TimelineInput): Row[] {
  const rows: Row[] = []
  let day = ''
  let marked = newFrom === undefined
  for (const entry of entries) {
    const itsDay = dayOf(entry.at)
    if (itsDay !== day) {
      day = itsDay
      rows.push({ kind: 'day', key: `day ${itsDay}`, at: entry.at })
    }
    if (!marked && newFrom !== undefined && entry.seq >= newFrom && entry.kind === 'message') {
      marked = true
      rows.push({ kind: 'new', key: 'new' })
    }
    add(rows, entry)
  }
  for (const message of pending) {
    const before = rows.at(-1)
    const follows = before?.kind === 'pending' || (before?.kind === 'message' && before.member === me)
    rows.push({ kind: 'pending', key: `own ${message.clientId}`, head: !follows, message })
  }
  return rows
}

function add(rows: Row[], entry: Entry): void {
  const before = rows.at(-1)
  if (entry.kind === 'message') {
    const { member, name, text, at } = entry
    const follows =
      before?.kind === 'message' && before.member === member && before.name === name && at - before.at < GROUP_MS
    rows.push({ kind: 'message', key: `message ${entry.seq}`, at, member, name, text, head: !follows })
    return
  }
  const row =
    before?.kind === 'events'
      ? before
      : { kind: 'events' as const, key: `events ${entry.seq}`, at: entry.at, events: [] }
  if (row !== before) rows.push(row)
  addEvent(row.events, entry)
}

function addEvent(events: RoomEventLine[], entry: Exclude<Entry, { kind: 'message' }>): void {
  if (entry.kind === 'renamed') {
    events.push({ kind: 'renamed', name: entry.name, before: entry.before })
    return
  }
  const before = events.at(-1)
  if (before?.kind === entry.kind) {
    if (!before.names.includes(entry.name)) before.names.push(entry.name)
  } else events.push({ kind: entry.kind, names: [entry.name] })
}

function dayOf(at: number): string {
  const date = new Date(at)
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`
}
