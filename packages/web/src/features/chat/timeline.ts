import type { PendingMessage } from '@maru/client'
import type { Line, Message } from '@maru/protocol'

/** What the log shows, one row after the other. Keys stay the same while older and newer rows come. */
export type Row =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'new'; key: string }
  | MessageRow
  | { kind: 'events'; key: string; at: number; events: RoomEvent[] }
  | { kind: 'pending'; key: string; head: boolean; message: PendingMessage }

export interface MessageRow {
  kind: 'message'
  key: string
  message: Message
  /** Whether it starts a group, and so shows who and when. */
  head: boolean
}

/** Every line that is no message. */
export type RoomEvent = Exclude<Line, Message>
type Passing = Extract<RoomEvent, { kind: 'joined' | 'left' }>

/** Several who came or went in a row are one line. */
export type RoomEventLine = { kind: 'joined' | 'left'; names: string[] } | Exclude<RoomEvent, Passing>

/** Messages of one person stay in one group while they are not further apart than this. */
const GROUP_MS = 5 * 60_000

interface TimelineInput {
  entries: readonly Line[]
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
    const follows = before?.kind === 'pending' || (before?.kind === 'message' && before.message.member === me)
    rows.push({ kind: 'pending', key: `own ${message.clientId}`, head: !follows, message })
  }
  return rows
}

function add(rows: Row[], entry: Line): void {
  const before = rows.at(-1)
  if (entry.kind === 'message') {
    const follows = before?.kind === 'message' && isOneGroup(before.message, entry)
    rows.push({ kind: 'message', key: `message ${entry.seq}`, message: entry, head: !follows })
    return
  }
  const row =
    before?.kind === 'events'
      ? before
      : { kind: 'events' as const, key: `events ${entry.seq}`, at: entry.at, events: [] }
  if (row !== before) rows.push(row)
  row.events.push(entry)
}

/** What answers something, is for one person or is told as an action stands on its own. */
function isOneGroup(before: Message, next: Message): boolean {
  return (
    before.member === next.member &&
    before.name === next.name &&
    next.at - before.at < GROUP_MS &&
    before.to?.id === next.to?.id &&
    !next.replyTo &&
    !next.action &&
    !before.action
  )
}

/** More changes of direction than this in a row are told by their outcome alone. */
const TOLD = 2

/** What a row of comings and goings says. A few are told as they were; of many, only how each person ended up. */
export function eventLines(events: readonly RoomEvent[]): RoomEventLine[] {
  const all = inLines(events)
  if (all.length <= TOLD) return all
  const outcome = new Map<string, Passing>()
  for (const event of events) {
    if (!isPassing(event)) continue
    outcome.delete(event.member)
    outcome.set(event.member, event)
  }
  const ended = [...outcome.values()]
  return inLines([
    ...ended.filter((event) => event.kind === 'joined'),
    ...ended.filter((event) => event.kind === 'left'),
    ...events.filter((event) => !isPassing(event)),
  ])
}

const isPassing = (event: RoomEvent): event is Passing => event.kind === 'joined' || event.kind === 'left'

function inLines(events: readonly RoomEvent[]): RoomEventLine[] {
  const lines: RoomEventLine[] = []
  for (const event of events) {
    const before = lines.at(-1)
    if (!isPassing(event)) lines.push(event)
    else if (before?.kind === event.kind) {
      if (!before.names.includes(event.name)) before.names.push(event.name)
    } else lines.push({ kind: event.kind, names: [event.name] })
  }
  return lines
}

function dayOf(at: number): string {
  const date = new Date(at)
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`
}
