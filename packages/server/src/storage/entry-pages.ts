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

interface NumbersOf extends Reading {
  after: number
  upTo: number
}

interface ThreadOf extends Reading {
  root: number
  /** Answers with a smaller number. */
  seq: number
  limit: number
}

interface LastOf extends Omit<From, 'limit'> {
  upTo: number
}

type Message = EntryRow & { id: number }

export interface EntryPages {
  /** The newest first. */
  before: Query<PageOf, ReadRow>
  after: Query<From, ReadRow>
  /** All entries with numbers up to `upTo`, changes among them. */
  changesAfter: Query<NumbersOf, ReadRow>
  /** Whether there are lines with larger, or with smaller numbers. */
  anyAfter: Query<Omit<From, 'limit'>, { seq: number }>
  anyBefore: Query<Omit<PageOf, 'limit'>, { seq: number }>
  /** The newest answers first, those up to `from` among them. */
  thread: Query<ThreadOf, ReadRow>
  /** Whose a thread is: the two of a private one. */
  threadReaders: Query<{ room: number; root: number }, Pick<EntryRow, 'member_id' | 'to_id'>>
  /** Lines of these numbers in any order, those up to `from` among them. */
  lookUp: Query<Reading & Slots, ReadRow>
  /** The number of the newest message that was not deleted, of the newest `LOOKED_THROUGH` lines: of those that everybody may read up to `upTo`. */
  lastMessage(values: LastOf): number | undefined
  byClientId: Query<{ room: number; member: string; clientId: string }, ReadRow>
  message: Query<{ room: number; seq: number }, Message>
  messagesOf: Query<Span & { member: string }, Message>
  messagesUpTo: Query<{ room: number; seq: number }, Message>
}

const own = entryColumns.map((column) => `entry.${column}` as const)

/** Lines that are looked through for a last message: any number may have been deleted. */
const LOOKED_THROUGH = 1_000

/** Which lines of a room: everybody's, those to the reader alone, and the reader's own of that kind. */
type Part = 'public' | 'to' | 'from'

/**
 * Lines that a reader may see are found by an index of each part, so that what others say in private, and changes, are not even passed over:
 * there may be any number of them. The index holds for literal values only.
 */
function isPart(eb: ExpressionBuilder<Tables, 'entry'>, part: Part, reader: string) {
  const isLine = eb('entry.line', '=', eb.lit(1))
  if (part === 'public') return eb.and([isLine, eb('entry.to_id', 'is', null)])
  if (part === 'to') return eb.and([isLine, eb('entry.to_id', '=', reader)])
  return eb.and([isLine, eb('entry.to_id', 'is not', null), eb('entry.member_id', '=', reader)])
}

/** Whether a line is a message that is there. */
const isSaid = ({ kind, deleted }: Pick<EntryRow, 'kind' | 'deleted'>): boolean => kind === 'message' && deleted === 0

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
  const readable = (tables: Kysely<Tables>, { roomId, reader, from }: Reading) =>
    rows(tables, from)
      .where('entry.room_id', '=', roomId)
      .where((eb) =>
        eb.or([eb('entry.to_id', 'is', null), eb('entry.to_id', '=', reader), eb('entry.member_id', '=', reader)]),
      )
  const message = (tables: Kysely<Tables>, room: number) =>
    tables
      .selectFrom('entry')
      .select(['id', ...entryColumns])
      .where('room_id', '=', room)
      .where('kind', '=', 'message')
  const part = (tables: Kysely<Tables>, { roomId, reader }: Reading, part: Part) =>
    tables
      .selectFrom('entry')
      .where('entry.room_id', '=', roomId)
      .where((eb) => isPart(eb, part, reader))
  type PartQuery = ReturnType<typeof part>
  type LineQuery = ReturnType<typeof rows>

  // Of two bounds SQLite would make a span of the whole room and read all of it, so each query has one; the other is looked at afterwards.
  const after = (query: PartQuery, values: { after: number }) => query.where('entry.seq', '>', values.after)
  const before = (query: PartQuery, values: { seq: number }) => query.where('entry.seq', '<', values.seq)
  const isBehind = (row: { seq: number }, values: { after: number }) => row.seq > values.after

  const anyPrivate = db.query<Reading>()((tables, values) => {
    const of = (each: Part) => part(tables, values, each).select('seq')
    return of('to').unionAll(of('from')).limit(1)
  })
  /** A page of one query for each part. Most readers have nothing private in a room. */
  function page<Values extends From>(
    order: 'asc' | 'desc',
    bound: (query: LineQuery, values: Values) => LineQuery,
  ): Query<Values, ReadRow> {
    const linesOf = (each: Part) =>
      db.query<Values>()((tables, values) =>
        bound(
          rows(tables, values.from)
            .where('entry.room_id', '=', values.roomId)
            .where((eb) => isPart(eb, each, values.reader)),
          values,
        )
          .orderBy('entry.seq', order)
          .limit(values.limit),
      )
    const [everybodys, to, from] = [linesOf('public'), linesOf('to'), linesOf('from')]
    return (values) => {
      const found = everybodys(values)
      if (anyPrivate(values).length > 0) {
        found.push(...to(values), ...from(values))
        found.sort((a, b) => (order === 'asc' ? a.seq - b.seq : b.seq - a.seq))
      }
      return found.slice(0, values.limit).filter((row) => isBehind(row, values))
    }
  }
  const numbers = (
    tables: Kysely<Tables>,
    values: Reading,
    order: 'asc' | 'desc',
    bound: (query: PartQuery) => PartQuery,
  ) => {
    const of = (each: Part) => bound(part(tables, values, each)).select('seq')
    return of('public').unionAll(of('to')).unionAll(of('from')).orderBy('seq', order).limit(1)
  }
  const publicBefore = db.query<{ room: number; seq: number; limit: number }>()((tables, values) =>
    tables
      .selectFrom('entry')
      .select(['seq', 'kind', 'deleted'])
      .where('room_id', '=', values.room)
      .where((eb) => isPart(eb, 'public', ''))
      .where('seq', '<', values.seq)
      .orderBy('seq', 'desc')
      .limit(values.limit),
  )
  const lastPrivate = db.query<Reading>()((tables, values) => {
    const of = (each: Part) =>
      tables
        .selectFrom(
          part(tables, values, each)
            .select(['seq', 'kind', 'deleted'])
            .orderBy('seq', 'desc')
            .limit(LOOKED_THROUGH)
            .as('newest'),
        )
        .select('seq')
        .where('kind', '=', 'message')
        .where('deleted', '=', 0)
    return of('to').unionAll(of('from')).orderBy('seq', 'desc').limit(1)
  })
  function lastMessage({ roomId: room, upTo, ...values }: LastOf): number | undefined {
    const publicOf = (limit: number) => publicBefore({ room, seq: upTo + 1, limit }).find(isSaid)
    const found = [publicOf(1) ?? publicOf(LOOKED_THROUGH), lastPrivate({ roomId: room, ...values })[0]]
    const newest = Math.max(...found.map((row) => row?.seq ?? 0))
    return newest > values.after ? newest : undefined
  }
  const anyBefore = db.query<Omit<PageOf, 'limit'>>()((tables, values) =>
    numbers(tables, values, 'desc', (query) => before(query, values)),
  )
  return {
    before: page<PageOf>('desc', (query, { seq }) => query.where('entry.seq', '<', seq)),
    after: page<From>('asc', (query, { after }) => query.where('entry.seq', '>', after)),
    anyAfter: db.query<Omit<From, 'limit'>>()((tables, values) =>
      numbers(tables, values, 'asc', (query) => after(query, values)),
    ),
    anyBefore: (values) => anyBefore(values).filter((row) => isBehind(row, values)),
    changesAfter: db.query<NumbersOf>()((tables, values) =>
      readable(tables, values)
        .where('entry.seq', '>', values.after)
        .where('entry.seq', '<=', values.upTo)
        .orderBy('entry.seq'),
    ),
    // Without a lower bound: with two bounds SQLite would read all of the room between them and not the thread.
    thread: db.query<ThreadOf>()((tables, values) =>
      readable(tables, values)
        .where('entry.root', '=', values.root)
        .where('entry.seq', '<', values.seq)
        .orderBy('entry.seq', 'desc')
        .limit(values.limit),
    ),
    threadReaders: db.query<{ room: number; root: number }>()((tables, values) =>
      tables
        .selectFrom('entry')
        .select(['member_id', 'to_id'])
        .where('room_id', '=', values.room)
        .where('root', '=', values.root)
        .orderBy('seq', 'desc')
        .limit(1),
    ),
    lookUp: db.query<Reading & Slots>()((tables, values) =>
      readable(tables, values)
        .where((eb) => eb('entry.line', '=', eb.lit(1)))
        .where('entry.seq', 'in', slotsIn(values)),
    ),
    lastMessage,
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
