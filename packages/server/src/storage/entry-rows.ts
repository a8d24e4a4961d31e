/** How an entry lies in its row, and back. */
import {
  type FileInfo,
  type KnownEntry,
  limits,
  type Member,
  type Message,
  type Poll,
  type Quote,
  type Reaction,
  type Retention,
} from '@maru/protocol'
import type { Insertable, Selectable } from 'kysely'
import type { Vote } from './opinions.ts'
import type { Tables } from './tables.ts'

/** What only some messages have. */
export interface MessageData {
  mentions?: string[]
  everyone?: boolean
  action?: boolean
  files?: FileInfo[]
  poll?: Omit<Poll, 'votes'>
}

export const entryColumns = [
  'room_id',
  'seq',
  'at',
  'kind',
  'line',
  'member_id',
  'name',
  'to_id',
  'to_name',
  'text',
  'client_id',
  'before',
  'reply_to',
  'root',
  'target',
  'edited_at',
  'deleted',
  'answers',
  'last_answer',
  'data',
] as const

export type EntryRow = Pick<Selectable<Tables['entry']>, (typeof entryColumns)[number]>

/** Beside the row itself: the message it answers or changes, as it is now. */
export interface ReadRow extends EntryRow {
  other_member: string | null
  other_name: string | null
  other_text: string | null
  other_deleted: number | null
  other_data: string | null
}

const LINES = new Set(['message', 'joined', 'left', 'renamed', 'topic', 'retention', 'owner', 'pinned'])

export function rowOf(roomId: number, entry: KnownEntry, to: string | undefined): EntryRow {
  return {
    room_id: roomId,
    seq: entry.seq,
    at: entry.at,
    kind: entry.kind,
    line: LINES.has(entry.kind) ? 1 : 0,
    member_id: entry.member,
    name: entry.name,
    to_id: to ?? null,
    to_name: null,
    text: null,
    client_id: null,
    before: null,
    reply_to: null,
    root: null,
    target: null,
    edited_at: null,
    deleted: 0,
    answers: 0,
    last_answer: 0,
    data: null,
    ...own(entry),
  }
}

function own(entry: KnownEntry): Partial<Insertable<Tables['entry']>> & Partial<EntryRow> {
  switch (entry.kind) {
    case 'message':
      return {
        text: entry.text,
        client_id: entry.clientId,
        to_id: entry.to?.id ?? null,
        to_name: entry.to?.name ?? null,
        reply_to: entry.replyTo?.seq ?? null,
        root: entry.root ?? null,
        data: json(messageData(entry)),
      }
    case 'renamed':
      return { before: entry.before }
    case 'topic':
      return { text: entry.topic }
    case 'retention':
      return { data: json(entry.retention) }
    case 'owner':
      return { data: json(entry.target) }
    case 'pinned':
      return { target: entry.target, data: json({ on: entry.on }) }
    case 'reacted':
      return { target: entry.target, data: json({ emoji: entry.emoji, on: entry.on }) }
    case 'voted':
      return { target: entry.target, data: json({ options: entry.options }) }
    case 'edited':
    case 'deleted':
    case 'pollClosed':
      return { target: entry.target }
    case 'expired':
      return { data: json({ upTo: entry.upTo }) }
    case 'joined':
    case 'left':
    case 'forgotten':
      return {}
  }
}

function messageData({ mentions, everyone, action, files, poll }: Message): MessageData {
  return {
    ...(mentions && { mentions }),
    ...(everyone && { everyone }),
    ...(action && { action }),
    ...(files && { files }),
    ...(poll && { poll: { options: poll.options, ...(poll.multiple && { multiple: true }) } }),
  }
}

function json(data: object): string | null {
  const text = JSON.stringify(data)
  return text === '{}' ? null : text
}

export function toEntry(row: ReadRow, reactions: Reaction[] | undefined, votes: readonly Vote[]): KnownEntry {
  const stamp = { seq: row.seq, at: row.at, member: row.member_id, name: row.name }
  const data = (row.data === null ? {} : JSON.parse(row.data)) as Record<string, unknown>
  const target = row.target ?? 1
  switch (row.kind) {
    case 'message':
      return toMessage(row, data as MessageData, reactions, votes)
    case 'renamed':
      return { ...stamp, kind: 'renamed', before: row.before ?? '' }
    case 'topic':
      return { ...stamp, kind: 'topic', topic: row.text ?? '' }
    case 'retention':
      return { ...stamp, kind: 'retention', retention: data as Retention }
    case 'owner':
      return { ...stamp, kind: 'owner', target: data as unknown as Member }
    case 'pinned':
      return { ...stamp, kind: 'pinned', target, on: data.on === true }
    case 'edited': {
      const now = (row.other_data === null ? {} : JSON.parse(row.other_data)) as MessageData
      return { ...stamp, kind: 'edited', target, text: row.other_text ?? '', ...calls(now) }
    }
    case 'reacted':
      return { ...stamp, kind: 'reacted', target, emoji: String(data.emoji), on: data.on === true }
    case 'voted':
      return { ...stamp, kind: 'voted', target, options: data.options as number[] }
    case 'expired':
      return { ...stamp, kind: 'expired', upTo: Number(data.upTo) }
    case 'deleted':
    case 'pollClosed':
      return { ...stamp, kind: row.kind, target }
    default:
      return { ...stamp, kind: row.kind as 'joined' | 'left' | 'forgotten' }
  }
}

function toMessage(
  row: ReadRow,
  { action, files, poll, ...rest }: MessageData,
  reactions: Reaction[] | undefined,
  votes: readonly Vote[],
): Message {
  return {
    seq: row.seq,
    at: row.at,
    member: row.member_id,
    name: row.name,
    kind: 'message',
    clientId: row.client_id ?? '',
    text: row.text ?? '',
    ...calls(rest),
    ...(row.to_id !== null && { to: { id: row.to_id, name: row.to_name ?? '' } }),
    ...(action && { action }),
    ...(row.reply_to !== null && { replyTo: toQuote(row.reply_to, row) }),
    ...(row.root !== null && { root: row.root }),
    ...(files && { files }),
    ...(poll && { poll: { ...poll, votes: tally(row.seq, poll.options.length, votes) } }),
    ...(row.edited_at !== null && { edited: row.edited_at }),
    ...(row.deleted === 1 && { deleted: true }),
    ...(reactions && { reactions }),
    ...(row.answers > 0 && { answers: { count: row.answers, last: row.last_answer } }),
  }
}

function calls({ mentions, everyone }: MessageData): Pick<Message, 'mentions' | 'everyone'> {
  return { ...(mentions && { mentions }), ...(everyone && { everyone }) }
}

/** What is answered may be gone: then only its number is left. */
function toQuote(seq: number, row: ReadRow): Quote {
  const isGone = row.other_member === null || row.other_deleted === 1
  return {
    seq,
    member: row.other_member ?? '',
    name: row.other_name ?? '',
    text: isGone ? '' : excerpt(row.other_text ?? ''),
    ...(isGone && { deleted: true }),
  }
}

/** The beginning of a text that stands for it elsewhere. */
export function excerpt(text: string): string {
  const characters = Array.from(text.slice(0, limits.quote * 2))
  return characters.slice(0, limits.quote).join('')
}

function tally(seq: number, options: number, votes: readonly Vote[]): Member[][] {
  const here = votes.filter((vote) => vote.seq === seq)
  return Array.from({ length: options }, (_, option) =>
    here.flatMap(({ member, options: chosen }) => (chosen.includes(option) ? [member] : [])),
  )
}

/** A message as the verbs need it. */
export interface StoredMessage {
  /** The rowid, as the search index knows it. */
  id: number
  seq: number
  member: string
  name: string
  /** The other reader of a private message. */
  to: string | null
  root: number | null
  text: string
  deleted: boolean
  data: MessageData
}

export function toStored(row: EntryRow & { id: number }): StoredMessage {
  return {
    id: row.id,
    seq: row.seq,
    member: row.member_id,
    name: row.name,
    to: row.to_id,
    root: row.root,
    text: row.text ?? '',
    deleted: row.deleted === 1,
    data: row.data === null ? {} : (JSON.parse(row.data) as MessageData),
  }
}
