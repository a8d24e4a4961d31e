import type { Selectable } from 'kysely'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

export interface StoredHook {
  id: string
  roomId: number
  url: string
  secret: string
  /** The member; empty where it was who runs the server. */
  createdBy: string
  createdAt: number
  /** The number of the last entry that needs no sending any more. */
  delivered: number
  problem: string | undefined
}

/** Addresses that a room's messages are sent to, and how far each has come. */
export interface HookRecords {
  all(): StoredHook[]
  of(roomId: number): StoredHook[]
  find(id: string): StoredHook | undefined
  /** Inside `write` only, as everything below. */
  insert(hook: Omit<StoredHook, 'createdAt' | 'problem'>): void
  progress(id: string, delivered: number, problem: string | undefined): void
  remove(id: string): void
}

export function prepareHooks(db: Database, now: () => number): HookRecords {
  const all = db.query<object>()((tables) => tables.selectFrom('hook').selectAll().orderBy('created_at').orderBy('id'))
  const of = db.query<{ room: number }>()((tables, values) =>
    tables.selectFrom('hook').selectAll().where('room_id', '=', values.room).orderBy('created_at').orderBy('id'),
  )
  const find = db.query<{ id: string }>()((tables, values) =>
    tables.selectFrom('hook').selectAll().where('id', '=', values.id),
  )
  const insert = db.query<Omit<Selectable<Tables['hook']>, 'problem'>>()((tables, values) =>
    tables.insertInto('hook').values({
      id: values.id,
      room_id: values.room_id,
      url: values.url,
      secret: values.secret,
      created_by: values.created_by,
      created_at: values.created_at,
      delivered: values.delivered,
    }),
  )
  const progress = db.query<{ id: string; delivered: number; problem: string | null }>()((tables, values) =>
    tables
      .updateTable('hook')
      .set({ delivered: values.delivered, problem: values.problem })
      .where('id', '=', values.id),
  )
  const remove = db.query<{ id: string }>()((tables, values) => tables.deleteFrom('hook').where('id', '=', values.id))
  return {
    all: () => all({}).map(toHook),
    of: (room) => of({ room }).map(toHook),
    find: (id) => find({ id }).map(toHook)[0],
    insert: ({ id, roomId, url, secret, createdBy, delivered }) =>
      void insert({ id, room_id: roomId, url, secret, created_by: createdBy, created_at: now(), delivered }),
    progress: (id, delivered, problem) => void progress({ id, delivered, problem: problem ?? null }),
    remove: (id) => void remove({ id }),
  }
}

function toHook(row: Selectable<Tables['hook']>): StoredHook {
  const { id, url, secret, delivered } = row
  const problem = row.problem ?? undefined
  return {
    id,
    roomId: row.room_id,
    url,
    secret,
    createdBy: row.created_by,
    createdAt: row.created_at,
    delivered,
    problem,
  }
}
