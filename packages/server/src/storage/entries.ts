import type { Entry } from '@maru/protocol'
import type { Selectable } from 'kysely'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

type WithoutStamp<Each> = Each extends unknown ? Omit<Each, 'seq' | 'at'> : never
/** An entry before it has its number and time. */
export type EntryDraft = WithoutStamp<Entry>

export interface EntryLog {
  /** The room's number, made when it is missing. Inside `write` only. */
  ensureRoom(name: string): number
  findRoom(name: string): number | undefined
  countRooms(): number
  /** Gives the draft the room's next number. Inside `write` only. */
  append(roomId: number, draft: EntryDraft): Entry
  /** The entry a member has stored under its own id for it. */
  findByClientId(roomId: number, member: string, clientId: string): Entry | undefined
  /** The newest `limit` entries with a smaller number, ascending. */
  before(roomId: number, seq: number, limit: number): Entry[]
  /** The oldest `limit` entries with a larger number, ascending. */
  after(roomId: number, seq: number, limit: number): Entry[]
  lastSeq(roomId: number): number
}

const columns = ['seq', 'at', 'kind', 'member_id', 'name', 'text', 'client_id', 'before'] as const
type Row = Pick<Selectable<Tables['entry']>, (typeof columns)[number]>

export function prepareEntries(db: Database, now: () => number): EntryLog {
  const selectRoom = db.query<{ name: string }>()((tables, values) =>
    tables.selectFrom('room').select(['id']).where('name', '=', values.name),
  )
  const insertRoom = db.query<{ name: string; created_at: number }>()((tables, values) =>
    tables.insertInto('room').values({ name: values.name, created_at: values.created_at }).returning('id'),
  )
  const countRooms = db.query<object>()((tables) =>
    tables.selectFrom('room').select((eb) => eb.fn.countAll<number>().as('count')),
  )
  const nextSeq = db.query<{ room: number }>()((tables, values) =>
    tables
      .updateTable('room')
      .set((eb) => ({ last_seq: eb('last_seq', '+', 1) }))
      .where('id', '=', values.room)
      .returning('last_seq'),
  )
  const lastSeq = db.query<{ room: number }>()((tables, values) =>
    tables.selectFrom('room').select('last_seq').where('id', '=', values.room),
  )
  const insert = db.query<Omit<Selectable<Tables['entry']>, 'id'>>()((tables, values) =>
    tables.insertInto('entry').values({
      room_id: values.room_id,
      seq: values.seq,
      at: values.at,
      kind: values.kind,
      member_id: values.member_id,
      name: values.name,
      text: values.text,
      client_id: values.client_id,
      before: values.before,
    }),
  )
  const byClientId = db.query<{ room: number; member: string; clientId: string }>()((tables, values) =>
    tables
      .selectFrom('entry')
      .select(columns)
      .where('room_id', '=', values.room)
      .where('member_id', '=', values.member)
      .where('client_id', '=', values.clientId),
  )
  const before = db.query<{ room: number; seq: number; limit: number }>()((tables, values) =>
    tables
      .selectFrom('entry')
      .select(columns)
      .where('room_id', '=', values.room)
      .where('seq', '<', values.seq)
      .orderBy('seq', 'desc')
      .limit(values.limit),
  )
  const after = db.query<{ room: number; seq: number; limit: number }>()((tables, values) =>
    tables
      .selectFrom('entry')
      .select(columns)
      .where('room_id', '=', values.room)
      .where('seq', '>', values.seq)
      .orderBy('seq')
      .limit(values.limit),
  )
  return {
    ensureRoom: (name) => selectRoom({ name })[0]?.id ?? (insertRoom({ name, created_at: now() })[0]?.id as number),
    findRoom: (name) => selectRoom({ name })[0]?.id,
    countRooms: () => countRooms({})[0]?.count ?? 0,
    append(roomId, draft) {
      const seq = nextSeq({ room: roomId })[0]?.last_seq
      if (seq === undefined) throw new Error(`there is no room ${roomId}`)
      const entry: Entry = { ...draft, seq, at: now() }
      insert({
        room_id: roomId,
        seq,
        at: entry.at,
        kind: entry.kind,
        member_id: entry.member,
        name: entry.name,
        text: entry.kind === 'message' ? entry.text : null,
        client_id: entry.kind === 'message' ? entry.clientId : null,
        before: entry.kind === 'renamed' ? entry.before : null,
      })
      return entry
    },
    findByClientId: (room, member, clientId) => byClientId({ room, member, clientId }).map(toEntry)[0],
    before: (room, seq, limit) => before({ room, seq, limit }).map(toEntry).reverse(),
    after: (room, seq, limit) => after({ room, seq, limit }).map(toEntry),
    lastSeq: (room) => lastSeq({ room })[0]?.last_seq ?? 0,
  }
}

function toEntry(row: Row): Entry {
  const stamp = { seq: row.seq, at: row.at, member: row.member_id, name: row.name }
  switch (row.kind) {
    case 'message':
      return { ...stamp, kind: 'message', text: row.text ?? '', clientId: row.client_id ?? '' }
    case 'renamed':
      return { ...stamp, kind: 'renamed', before: row.before ?? '' }
    case 'joined':
    case 'left':
      return { ...stamp, kind: row.kind }
  }
}
