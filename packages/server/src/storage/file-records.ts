import type { FileInfo } from '@maru/protocol'
import type { ExpressionBuilder, Selectable } from 'kysely'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

/** An upload, and later the file of a message. */
export interface StoredFile {
  info: FileInfo
  roomId: number
  member: string
  createdAt: number
  /** The name of its content, once all of it is there. */
  hash: string | undefined
  /** The message it belongs to. */
  seq: number | undefined
}

/** What is known of files. Their bytes are in `Blobs`, under the hash of what they are. */
export interface FileRecords {
  /** Undefined too for one that is gone. */
  find(id: string): StoredFile | undefined
  /** Bytes of all files, of unfinished uploads what they will have. */
  totalBytes(): number
  /** Uploads of a member that belong to no message, and the bytes they will have. */
  unsent(member: string): { count: number; bytes: number }
  /** Whether there are uploads from before a time that belong to no message. */
  hasUnsent(before: number): boolean
  /** Whether an upload of that id is known, given up or not. */
  isKnown(id: string): boolean
  /** Whether a file that is not given up has this content. */
  holds(hash: string): boolean
  /** Those whose content has to go, unless another file has the same. */
  gone(limit: number): { id: string; hash: string | undefined }[]
  /** Inside `write` only, as everything below. */
  insert(file: Omit<StoredFile, 'hash' | 'seq' | 'createdAt'>): void
  complete(id: string, hash: string): void
  attach(id: string, seq: number): void
  /** Gives up what nothing refers to any more: its content goes a little later. */
  giveUp(id: string): void
  giveUpOf(roomId: number, seq: number): void
  giveUpUpTo(roomId: number, seq: number): void
  giveUpOfMember(member: string): void
  giveUpUnsent(before: number): void
  remove(id: string): void
}

/** A literal: bound to a value, SQLite would compare it with what the indexes leave out, and plan anew whenever it is bound. */
const isThere = (eb: ExpressionBuilder<Tables, 'file'>) => eb('gone', '=', eb.lit(0))

export function prepareFiles(db: Database, now: () => number): FileRecords {
  const find = db.query<{ id: string }>()((tables, values) =>
    tables.selectFrom('file').selectAll().where('id', '=', values.id).where(isThere),
  )
  const total = db.query<object>()((tables) =>
    tables.selectFrom('file').select((eb) => eb.fn.sum<number | null>('size').as('bytes')),
  )
  const unsent = db.query<{ member: string }>()((tables, values) =>
    tables
      .selectFrom('file')
      .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.sum<number | null>('size').as('bytes')])
      .where('member_id', '=', values.member)
      .where('seq', 'is', null)
      .where(isThere),
  )
  const oldUnsent = db.query<{ at: number }>()((tables, values) =>
    tables
      .selectFrom('file')
      .select('id')
      .where('seq', 'is', null)
      .where('created_at', '<', values.at)
      .where(isThere)
      .limit(1),
  )
  const known = db.query<{ id: string }>()((tables, values) =>
    tables.selectFrom('file').select('id').where('id', '=', values.id),
  )
  const holders = db.query<{ hash: string }>()((tables, values) =>
    tables.selectFrom('file').select('id').where('hash', '=', values.hash).where(isThere).limit(1),
  )
  const gone = db.query<{ limit: number }>()((tables, values) =>
    tables
      .selectFrom('file')
      .select(['id', 'hash'])
      .where((eb) => eb('gone', '=', eb.lit(1)))
      .limit(values.limit),
  )
  const insert = db.query<Omit<Selectable<Tables['file']>, 'hash' | 'seq' | 'gone'>>()((tables, values) =>
    tables.insertInto('file').values({
      id: values.id,
      room_id: values.room_id,
      member_id: values.member_id,
      name: values.name,
      type: values.type,
      size: values.size,
      details: values.details,
      created_at: values.created_at,
    }),
  )
  const complete = db.query<{ id: string; hash: string }>()((tables, values) =>
    tables.updateTable('file').set({ hash: values.hash }).where('id', '=', values.id).where(isThere),
  )
  const attach = db.query<{ id: string; seq: number }>()((tables, values) =>
    tables.updateTable('file').set({ seq: values.seq }).where('id', '=', values.id),
  )
  // The name is the sender's: it goes at once.
  const nothing = { gone: 1, name: '', type: '', details: '{}' } as const
  const giveUp = db.query<{ id: string }>()((tables, values) =>
    tables.updateTable('file').set(nothing).where('id', '=', values.id),
  )
  const giveUpOf = db.query<{ room: number; seq: number }>()((tables, values) =>
    tables.updateTable('file').set(nothing).where('room_id', '=', values.room).where('seq', '=', values.seq),
  )
  const giveUpUpTo = db.query<{ room: number; seq: number }>()((tables, values) =>
    tables.updateTable('file').set(nothing).where('room_id', '=', values.room).where('seq', '<=', values.seq),
  )
  const giveUpOfMember = db.query<{ member: string }>()((tables, values) =>
    tables.updateTable('file').set(nothing).where('member_id', '=', values.member),
  )
  const giveUpUnsent = db.query<{ at: number }>()((tables, values) =>
    tables.updateTable('file').set(nothing).where('seq', 'is', null).where('created_at', '<', values.at),
  )
  const remove = db.query<{ id: string }>()((tables, values) => tables.deleteFrom('file').where('id', '=', values.id))
  return {
    find: (id) => find({ id }).map(toFile)[0],
    totalBytes: () => total({})[0]?.bytes ?? 0,
    unsent(member) {
      const [row] = unsent({ member })
      return { count: row?.count ?? 0, bytes: row?.bytes ?? 0 }
    },
    hasUnsent: (before) => oldUnsent({ at: before }).length > 0,
    isKnown: (id) => known({ id }).length > 0,
    holds: (hash) => holders({ hash }).length > 0,
    gone: (limit) => gone({ limit }).map(({ id, hash }) => ({ id, hash: hash ?? undefined })),
    insert({ info: { id, name, type, size, ...details }, roomId, member }) {
      const rest = JSON.stringify(details)
      insert({ id, room_id: roomId, member_id: member, name, type, size, details: rest, created_at: now() })
    },
    complete: (id, hash) => void complete({ id, hash }),
    attach: (id, seq) => void attach({ id, seq }),
    giveUp: (id) => void giveUp({ id }),
    giveUpOf: (room, seq) => void giveUpOf({ room, seq }),
    giveUpUpTo: (room, seq) => void giveUpUpTo({ room, seq }),
    giveUpOfMember: (member) => void giveUpOfMember({ member }),
    giveUpUnsent: (before) => void giveUpUnsent({ at: before }),
    remove: (id) => void remove({ id }),
  }
}

function toFile(row: Selectable<Tables['file']>): StoredFile {
  const { id, name, type, size } = row
  return {
    info: { id, name, type, size, ...(JSON.parse(row.details) as Partial<FileInfo>) },
    roomId: row.room_id,
    member: row.member_id,
    createdAt: row.created_at,
    hash: row.hash ?? undefined,
    seq: row.seq ?? undefined,
  }
}
