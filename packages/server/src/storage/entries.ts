import type { KnownEntry, Line, Member, Message } from '@maru/protocol'
import type { Database } from './database.ts'
import { preparePages, type Span } from './entry-pages.ts'
import {
  type EntryRow,
  entryColumns,
  type MessageData,
  type ReadRow,
  rowOf,
  type StoredMessage,
  toEntry,
  toStored,
} from './entry-rows.ts'
import type { OpinionRecords } from './opinions.ts'
import type { SearchIndex } from './search-index.ts'
import { slotsOf } from './slots.ts'

type WithoutStamp<Each> = Each extends unknown ? Omit<Each, 'seq' | 'at'> : never
/** An entry before it has its number and time. */
export type EntryDraft = WithoutStamp<KnownEntry>

/** An entry of the log and whom it concerns. */
export interface Logged {
  entry: KnownEntry
  /** The number of the entry before it, of those that everybody may read. */
  prev: number
  /** The two who alone may read it. */
  only?: readonly [string, string]
  /** Members who may not read what it speaks of, and the entry as it is for them. */
  hidden?: { from: readonly string[]; entry: KnownEntry }
}

/** What of a room somebody may read: what is public or their own, after the number `from`. */
export interface View {
  roomId: number
  reader: string
  from: number
}

export interface EntryLog {
  /** Ascending, as all lists here. The newest `limit` lines with a smaller number. */
  before(view: View, seq: number, limit: number): Line[]
  /** The oldest `limit` lines with a larger number. */
  after(view: View, seq: number, limit: number): Line[]
  /** Whether there is a line with a larger number, or with a smaller one. */
  hasAfter(view: View, seq: number): boolean
  hasBefore(view: View, seq: number): boolean
  /** The entries with the next `numbers` numbers, the changes among them. Others may have some of these numbers. */
  changesAfter(view: View, seq: number, numbers: number): KnownEntry[]
  /** The newest `limit` messages with a smaller number that belong to a thread, its first one among them. */
  thread(view: View, root: number, before: number, limit: number): Line[]
  /** The newest message that was not deleted, unless very many were deleted behind it. */
  lastMessage(view: View): Message | undefined
  /** In the order of the numbers asked for. */
  lookUp(view: View, seqs: readonly number[]): Line[]
  /** The number of the first entry of that time or later. */
  seqAt(roomId: number, at: number): number | undefined
  /** The entry a member has stored under its own id for it. */
  findByClientId(roomId: number, member: string, clientId: string): KnownEntry | undefined
  message(roomId: number, seq: number): StoredMessage | undefined
  /** All messages of a member with these numbers, traces among them. */
  messagesOf(member: string, span: Span): StoredMessage[]
  /** Whether anything of a member after a number tells their name. */
  isNamed(roomId: number, member: string, after: number): boolean
  /** Numbers of the oldest entries from before a time, without those that only tell of others that went. */
  oldest(roomId: number, before: number, limit: number): number[]
  /** Gives the draft the room's next number. `to`: the other reader, for a change of a private message. Inside `write` only, as everything below. */
  append(roomId: number, draft: EntryDraft, to?: string): Logged
  setText(roomId: number, message: StoredMessage, to: { text: string; data: MessageData; at: number }): void
  /** Leaves only a trace of a message. */
  wipe(roomId: number, message: StoredMessage): void
  /** Takes the member's name off everything with these numbers. */
  forget(member: string, span: Span): void
  setData(roomId: number, seq: number, data: MessageData): void
  removeUpTo(roomId: number, seq: number): void
}

/** What changes or goes here does so in the search index, in the same transaction; what is new the index takes up by itself. */
export function prepareEntries(
  db: Database,
  { opinions, search }: { opinions: OpinionRecords; search: SearchIndex },
  now: () => number,
): EntryLog {
  const pages = preparePages(db)
  const nextSeq = db.query<{ room: number; public: number; said: number }>()((tables, values) =>
    tables
      .updateTable('room')
      .set((eb) => ({
        last_seq: eb('last_seq', '+', 1),
        previous_public: eb
          .case()
          .when(eb.val(values.public), '=', 1)
          .then(eb.ref('last_public'))
          .else(eb.ref('previous_public'))
          .end(),
        last_public: eb
          .case()
          .when(eb.val(values.public), '=', 1)
          .then(eb('last_seq', '+', 1))
          .else(eb.ref('last_public'))
          .end(),
        last_message: eb
          .case()
          .when(eb.val(values.said), '=', 1)
          .then(eb('last_seq', '+', 1))
          .else(eb.ref('last_message'))
          .end(),
      }))
      .where('id', '=', values.room)
      .returning(['last_seq', 'previous_public', 'last_public']),
  )
  const insert = db.query<EntryRow>()((tables, values) =>
    tables
      .insertInto('entry')
      .values(Object.fromEntries(entryColumns.map((column) => [column, values[column]])) as EntryRow),
  )
  const countAnswer = db.query<{ room: number; root: number; seq: number }>()((tables, values) =>
    tables
      .updateTable('entry')
      .set((eb) => ({ answers: eb('answers', '+', 1), last_answer: values.seq }))
      .where('room_id', '=', values.room)
      .where('seq', '=', values.root),
  )
  const timeFrom = db.query<{ room: number; seq: number }>()((tables, values) =>
    tables
      .selectFrom('entry')
      .select(['seq', 'at'])
      .where('room_id', '=', values.room)
      .where('seq', '>=', values.seq)
      .orderBy('seq')
      .limit(1),
  )
  const oldest = db.query<{ room: number; limit: number }>()((tables, values) =>
    tables
      .selectFrom('entry')
      .select(['seq', 'at', 'kind'])
      .where('room_id', '=', values.room)
      .orderBy('seq')
      .limit(values.limit),
  )
  const lastSeq = db.query<{ room: number }>()((tables, values) =>
    tables.selectFrom('room').select('last_seq').where('id', '=', values.room),
  )
  const setText = db.query<{ room: number; seq: number; text: string; data: string | null; at: number }>()(
    (tables, values) =>
      tables
        .updateTable('entry')
        .set({ text: values.text, data: values.data, edited_at: values.at })
        .where('room_id', '=', values.room)
        .where('seq', '=', values.seq),
  )
  const setData = db.query<{ room: number; seq: number; data: string | null }>()((tables, values) =>
    tables
      .updateTable('entry')
      .set({ data: values.data })
      .where('room_id', '=', values.room)
      .where('seq', '=', values.seq),
  )
  const wipe = db.query<{ room: number; seq: number }>()((tables, values) =>
    tables
      .updateTable('entry')
      .set({ text: '', data: null, deleted: 1, edited_at: null })
      .where('room_id', '=', values.room)
      .where('seq', '=', values.seq),
  )
  const forgetName = db.query<Span & { member: string }>()((tables, values) =>
    tables
      .updateTable('entry')
      .set({ name: '', before: null })
      .where('room_id', '=', values.room)
      .where('seq', '>', values.after)
      .where('seq', '<=', values.upTo)
      .where('member_id', '=', values.member),
  )
  const forgetReader = db.query<Span & { member: string }>()((tables, values) =>
    tables
      .updateTable('entry')
      .set({ to_name: '' })
      .where('room_id', '=', values.room)
      .where('seq', '>', values.after)
      .where('seq', '<=', values.upTo)
      .where('to_id', '=', values.member),
  )
  const named = db.query<{ room: number; member: string; after: number }>()((tables, values) =>
    tables
      .selectFrom('entry')
      .select('seq')
      .where('room_id', '=', values.room)
      .where('seq', '>', values.after)
      .where('member_id', '=', values.member)
      .where('name', '<>', '')
      .limit(1),
  )
  const newOwners = db.query<Span>()((tables, values) =>
    tables
      .selectFrom('entry')
      .select(['seq', 'data'])
      .where('room_id', '=', values.room)
      .where('seq', '>', values.after)
      .where('seq', '<=', values.upTo)
      .where('kind', '=', 'owner'),
  )
  const removeUpTo = db.query<{ room: number; seq: number }>()((tables, values) =>
    tables.deleteFrom('entry').where('room_id', '=', values.room).where('seq', '<=', values.seq),
  )

  const newestMessage = db.query<{ room: number }>()((tables, values) =>
    tables.selectFrom('room').select('last_message').where('id', '=', values.room),
  )
  /** Rows that lie side by side, with what members think of them. */
  function whole(roomId: number, rows: readonly ReadRow[]): KnownEntry[] {
    const messages = rows.filter(({ kind, deleted }) => kind === 'message' && !deleted)
    const from = messages[0]?.seq
    const to = messages.at(-1)?.seq
    if (from === undefined || to === undefined) return rows.map((row) => toEntry(row, undefined, []))
    const reactions = opinions.reactions(roomId, from, to)
    const votes = opinions.votes(roomId, from, to)
    return rows.map((row) => toEntry(row, reactions.get(row.seq), votes))
  }
  /** The lines of these numbers. What lies between them may be far more than they are, and is not read. */
  function lookUp(view: View, seqs: readonly number[]): Map<number, Line> {
    const found = new Map<number, Line>()
    for (const slots of slotsOf(seqs)) {
      const rows = pages.lookUp({ ...view, ...slots }).filter(({ seq }) => seq > view.from)
      if (rows.length === 0) continue
      const reactions = opinions.reactionsOf(view.roomId, slots)
      const votes = opinions.votesOf(view.roomId, slots)
      for (const row of rows) found.set(row.seq, toEntry(row, reactions.get(row.seq), votes) as Line)
    }
    return found
  }
  /** Times grow with the numbers, so the place is found by halving. */
  function seqAt(room: number, at: number): number | undefined {
    let low = 1
    let high = (lastSeq({ room })[0]?.last_seq ?? 0) + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const [found] = timeFrom({ room, seq: middle })
      if (found && found.at < at) low = found.seq + 1
      else high = middle
    }
    return timeFrom({ room, seq: low })[0]?.seq
  }

  const since = (view: View, seq = view.from) => ({ ...view, after: Math.max(view.from, seq) })
  const linesOf = (roomId: number, rows: readonly ReadRow[]) => whole(roomId, rows) as Line[]

  return {
    before: (view, seq, limit) => linesOf(view.roomId, pages.before({ ...since(view), seq, limit }).reverse()),
    after: (view, seq, limit) => linesOf(view.roomId, pages.after({ ...since(view, seq), limit })),
    hasAfter: (view, seq) => pages.anyAfter(since(view, seq)).length > 0,
    hasBefore: (view, seq) => pages.anyBefore({ ...since(view), seq }).length > 0,
    changesAfter(view, seq, numbers) {
      const place = since(view, seq)
      return whole(view.roomId, pages.changesAfter({ ...place, upTo: place.after + numbers }))
    },
    thread(view, root, seq, limit) {
      // All of a thread is between the same people: for others there is nothing to look through.
      const [whose] = pages.threadReaders({ room: view.roomId, root })
      if (whose && whose.to_id !== null && ![whose.to_id, whose.member_id].includes(view.reader)) return []
      const rows = pages.thread({ ...view, root, seq, limit }).filter((row) => row.seq > view.from)
      const answers = linesOf(view.roomId, rows.reverse())
      // The first one lies elsewhere: asked for together they would be looked for in all of the room.
      const first = rows.length < limit && root < seq ? lookUp(view, [root]).get(root) : undefined
      return first?.kind === 'message' ? [first, ...answers] : answers
    },
    lastMessage(view) {
      const last = pages.lastMessage({
        ...since(view),
        upTo: newestMessage({ room: view.roomId })[0]?.last_message ?? 0,
      })
      return last === undefined ? undefined : (lookUp(view, [last]).get(last) as Message | undefined)
    },
    lookUp(view, seqs) {
      const lines = lookUp(view, seqs)
      return [...new Set(seqs)].flatMap((seq) => lines.get(seq) ?? [])
    },
    seqAt,
    findByClientId: (room, member, clientId) =>
      pages.byClientId({ room, member, clientId }).map((row) => toEntry(row, undefined, []))[0],
    message: (room, seq) => pages.message({ room, seq }).map(toStored)[0],
    messagesOf: (member, span) => pages.messagesOf({ ...span, member }).map(toStored),
    isNamed: (room, member, after) => named({ room, member, after }).length > 0,
    oldest(room, until, limit) {
      const rows = oldest({ room, limit })
      const end = rows.findIndex(({ at }) => at >= until)
      const old = end < 0 ? rows : rows.slice(0, end)
      return old.every(({ kind }) => kind === 'expired') ? [] : old.map(({ seq }) => seq)
    },
    append(roomId, draft, to) {
      const recipient = draft.kind === 'message' ? draft.to?.id : to
      const isPublic = recipient === undefined
      const isMessage = isPublic && draft.kind === 'message'
      const [next] = nextSeq({ room: roomId, public: isPublic ? 1 : 0, said: isMessage ? 1 : 0 })
      if (!next) throw new Error(`there is no room ${roomId}`)
      const entry = { ...draft, seq: next.last_seq, at: now() } as KnownEntry
      const row = rowOf(roomId, entry, to)
      insert(row)
      if (entry.kind === 'message' && entry.root !== undefined)
        countAnswer({ room: roomId, root: entry.root, seq: entry.seq })
      if (isPublic) return { entry, prev: next.previous_public }
      return { entry, prev: next.last_public, only: [draft.member, recipient] }
    },
    setText(room, message, { text, data, at }) {
      const before = { roomId: room, ...message }
      search.change(before, { ...before, text, data })
      setText({ room, seq: message.seq, text, data: JSON.stringify(data), at })
    },
    setData: (room, seq, data) => void setData({ room, seq, data: JSON.stringify(data) }),
    wipe(room, message) {
      search.change({ roomId: room, ...message }, undefined)
      wipe({ room, seq: message.seq })
    },
    forget(member, span) {
      forgetName({ ...span, member })
      forgetReader({ ...span, member })
      for (const { seq, data } of newOwners(span)) {
        const target = JSON.parse(data ?? '{}') as Member
        if (target.id === member) setData({ room: span.room, seq, data: JSON.stringify({ ...target, name: '' }) })
      }
    },
    removeUpTo(room, seq) {
      for (const row of pages.messagesUpTo({ room, seq })) search.change({ roomId: room, ...toStored(row) }, undefined)
      removeUpTo({ room, seq })
    },
  }
}
