/** The ways in which the log is read, each one query. */
import type { ExpressionBuilder, Kysely } from 'kysely'
import type { Database, Query } from './database.ts'
import { type EntryRow, entryColumns, type ReadRow } from './entry-rows.ts'
import { type Slots, slotsIn } from './slots.ts'
import type { Tables } from './tables.ts'

interface Reading {
  roomId: number
  reader: string
  /** What the reader may not see ends with this number: what is answered or changed is not read where it lies there. */
  from: number
}

/** Numbers of a room: larger than `after`, up to `upTo`. */
export interface Span {
  room: number
  after: number
  upTo: number
}

interface From extends Reading {
  /** Entries with a larger number; not less than `from`. */
  after: number
  limit: number
}

/** Entries with a smaller number, too. */
interface PageOf extends From {
  seq: number
}

interface ThreadOf extends Reading {
  root: number
  /** Answers with a smaller number. */
  seq: number
  limit: number
}

type Message = EntryRow & { id: number }

export interface EntryPages {
  /** The newest first. */
  before: Query<PageOf, ReadRow>
  after: Query<From, ReadRow>
  changesAfter: Query<From, ReadRow>
  /** Whether there are lines with larger, or with smaller numbers. */
  anyAfter: Query<Omit<From, 'limit'>, { seq: number }>
  anyBefore: Query<Omit<PageOf, 'limit'>, { seq: number }>
  /** The newest answers first, those up to `from` among them. */
  thread: Query<ThreadOf, ReadRow>
  /** Lines of these numbers in any order, those up to `from` among them. */
  lookUp: Query<Reading & Slots, ReadRow>
  lastMessage: Query<Omit<From, 'limit'>, ReadRow>
  byClientId: Query<{ room: number; member: string; clientId: string }, ReadRow>
  message: Query<{ room: number; seq: number }, Message>
  messagesOf: Query<Span & { member: string }, Message>
  messagesUpTo: Query<{ room: number; seq: number }, Message>
}

const own = entryColumns.map((column) => `entry.${column}` as const)

export function preparePages(db: Database): EntryPages {
  const rows = (tables: Kysely<Tables>, from: number) =>
    tables
      .selectFrom('entry')
      .leftJoin('entry as other', (join) =>
        join
          .onRef('other.room_id', '=', 'entry.room_id')
          .on((eb) => eb('other.seq', '=', eb.fn.coalesce('entry.reply_to', 'entry.target')))
          .on('other.seq', '>', from),
      )
      .select([
        ...own,
        'other.member_id as other_member',
        'other.name as other_name',
        'other.text as other_text',
        'other.deleted as other_deleted',
        'other.data as other_data',
      ])
  const isReadable = (eb: ExpressionBuilder<Tables, 'entry'>, reader: string) =>
    eb.or([eb('entry.to_id', 'is', null), eb('entry.to_id', '=', reader), eb('entry.member_id', '=', reader)])
  const readable = (tables: Kysely<Tables>, { roomId, reader, from }: Reading) =>
    rows(tables, from)
      .where('entry.room_id', '=', roomId)
      .where((eb) => isReadable(eb, reader))
  const anyLine = (tables: Kysely<Tables>, { roomId, reader, after }: Omit<From, 'limit'>) =>
    tables
      .selectFrom('entry')
      .select('entry.seq')
      .where('entry.room_id', '=', roomId)
      .where((eb) => isReadable(eb, reader))
      .where('entry.line', '=', 1)
      .where('entry.seq', '>', after)
  // The only lower bound: of two, the database would take either and read all that lies between them.
  const since = (tables: Kysely<Tables>, values: Omit<From, 'limit'>) =>
    readable(tables, values).where('entry.seq', '>', values.after)
  const message = (tables: Kysely<Tables>, room: number) =>
    tables
      .selectFrom('entry')
      .select(['id', ...entryColumns])
      .where('room_id', '=', room)
      .where('kind', '=', 'message')
  return {
    before: db.query<PageOf>()((tables, values) =>
      since(tables, values)
        .where('entry.line', '=', 1)
        .where('entry.seq', '<', values.seq)
        .orderBy('entry.seq', 'desc')
        .limit(values.limit),
    ),
    after: db.query<From>()((tables, values) =>
      since(tables, values).where('entry.line', '=', 1).orderBy('entry.seq').limit(values.limit),
    ),
    anyAfter: db.query<Omit<From, 'limit'>>()((tables, values) =>
      anyLine(tables, values).orderBy('entry.seq').limit(1),
    ),
    anyBefore: db.query<Omit<PageOf, 'limit'>>()((tables, values) =>
      anyLine(tables, values).where('entry.seq', '<', values.seq).orderBy('entry.seq', 'desc').limit(1),
    ),
    changesAfter: db.query<From>()((tables, values) => since(tables, values).orderBy('entry.seq').limit(values.limit)),
    // Without a lower bound: with two bounds SQLite would read all of the room between them and not the thread.
    thread: db.query<ThreadOf>()((tables, values) =>
      readable(tables, values)
        .where('entry.root', '=', values.root)
        .where('entry.seq', '<', values.seq)
        .orderBy('entry.seq', 'desc')
        .limit(values.limit),
    ),
    lookUp: db.query<Reading & Slots>()((tables, values) =>
      readable(tables, values).where('entry.line', '=', 1).where('entry.seq', 'in', slotsIn(values)),
    ),
    lastMessage: db.query<Omit<From, 'limit'>>()((tables, values) =>
      since(tables, values)
        .where('entry.line', '=', 1)
        .where('entry.kind', '=', 'message')
        .where('entry.deleted', '=', 0)
        .orderBy('entry.seq', 'desc')
        .limit(1),
    ),
    byClientId: db.query<{ room: number; member: string; clientId: string }>()((tables, values) =>
      rows(tables, 0)
        .where('entry.room_id', '=', values.room)
        .where('entry.member_id', '=', values.member)
        .where('entry.client_id', '=', values.clientId),
    ),
    message: db.query<{ room: number; seq: number }>()((tables, values) =>
      message(tables, values.room).where('seq', '=', values.seq),
    ),
    messagesOf: db.query<Span & { member: string }>()((tables, values) =>
      message(tables, values.room)
        .where('seq', '>', values.after)
        .where('seq', '<=', values.upTo)
        .where('member_id', '=', values.member)
        .orderBy('seq'),
    ),
    messagesUpTo: db.query<{ room: number; seq: number }>()((tables, values) =>
      message(tables, values.room).where('seq', '<=', values.seq).where('deleted', '=', 0).orderBy('seq'),
    ),
  }
}
