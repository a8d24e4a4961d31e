import type { Retention } from '@maru/protocol'
import type { Database } from './database.ts'

export interface RoomSettings {
  topic: string
  retention: Retention
  /** Nothing up to this number is kept any more. */
  expired: number
  lastSeq: number
}

/** The rooms themselves. */
export interface RoomRecords {
  find(name: string): number | undefined
  /** Empty where there is none. */
  name(id: number): string
  count(): number
  settings(id: number): RoomSettings
  /** Rooms that do not keep everything. */
  forgetful(): { id: number; name: string; retention: Retention }[]
  /** The room's number, made when it is missing. Inside `write` only, as everything below. */
  ensure(name: string): number
  setTopic(id: number, topic: string): void
  setRetention(id: number, retention: Retention): void
  setExpired(id: number, upTo: number): void
}

export function prepareRooms(db: Database, now: () => number): RoomRecords {
  const find = db.query<{ name: string }>()((tables, values) =>
    tables.selectFrom('room').select(['id']).where('name', '=', values.name),
  )
  const name = db.query<{ id: number }>()((tables, values) =>
    tables.selectFrom('room').select('name').where('id', '=', values.id),
  )
  const insert = db.query<{ name: string; created_at: number }>()((tables, values) =>
    tables.insertInto('room').values({ name: values.name, created_at: values.created_at }).returning('id'),
  )
  const count = db.query<object>()((tables) =>
    tables.selectFrom('room').select((eb) => eb.fn.countAll<number>().as('count')),
  )
  const settings = db.query<{ id: number }>()((tables, values) =>
    tables.selectFrom('room').select(['topic', 'keep', 'keep_days', 'expired', 'last_seq']).where('id', '=', values.id),
  )
  const forgetful = db.query<object>()((tables) =>
    tables
      .selectFrom('room')
      .select(['id', 'name', 'keep', 'keep_days'])
      .where((eb) => eb.or([eb('keep', '=', 'days'), eb('keep', '=', 'none')])),
  )
  const setTopic = db.query<{ id: number; topic: string }>()((tables, values) =>
    tables.updateTable('room').set({ topic: values.topic }).where('id', '=', values.id),
  )
  const setRetention = db.query<{ id: number; keep: Retention['keep']; days: number | null }>()((tables, values) =>
    tables.updateTable('room').set({ keep: values.keep, keep_days: values.days }).where('id', '=', values.id),
  )
  const setExpired = db.query<{ id: number; upTo: number }>()((tables, values) =>
    tables.updateTable('room').set({ expired: values.upTo }).where('id', '=', values.id),
  )
  return {
    find: (name) => find({ name })[0]?.id,
    name: (id) => name({ id })[0]?.name ?? '',
    count: () => count({})[0]?.count ?? 0,
    settings(id) {
      const [row] = settings({ id })
      if (!row) return { topic: '', retention: { keep: 'all' }, expired: 0, lastSeq: 0 }
      return { topic: row.topic, retention: toRetention(row), expired: row.expired, lastSeq: row.last_seq }
    },
    forgetful: () => forgetful({}).map((row) => ({ id: row.id, name: row.name, retention: toRetention(row) })),
    ensure: (name) => find({ name })[0]?.id ?? (insert({ name, created_at: now() })[0]?.id as number),
    setTopic: (id, topic) => void setTopic({ id, topic }),
    setRetention: (id, retention) =>
      void setRetention({ id, keep: retention.keep, days: retention.keep === 'days' ? retention.days : null }),
    setExpired: (id, upTo) => void setExpired({ id, upTo }),
  }
}

function toRetention({ keep, keep_days }: { keep: Retention['keep']; keep_days: number | null }): Retention {
  return keep === 'days' ? { keep, days: keep_days ?? 1 } : { keep }
}
