import type { Member } from '@maru/protocol'
import type { Database } from './database.ts'

/** Who is known at all. What opens the door is in `SessionRecords`. */
export interface MemberRecords {
  find(id: string): Member | undefined
  /** Inside `write` only, as everything below. */
  insert(member: Member): void
  /** Keeps the nickname last used. */
  rename(id: string, name: string): void
  remove(id: string): void
}

export function prepareMembers(db: Database, now: () => number): MemberRecords {
  const find = db.query<{ id: string }>()((tables, values) =>
    tables.selectFrom('member').select(['id', 'name']).where('id', '=', values.id),
  )
  const insert = db.query<{ id: string; name: string; at: number }>()((tables, values) =>
    tables.insertInto('member').values({ id: values.id, name: values.name, created_at: values.at }),
  )
  const rename = db.query<{ id: string; name: string }>()((tables, values) =>
    tables.updateTable('member').set({ name: values.name }).where('id', '=', values.id),
  )
  const remove = db.query<{ id: string }>()((tables, values) => tables.deleteFrom('member').where('id', '=', values.id))
  return {
    find(id) {
      const [row] = find({ id })
      return row && { id: row.id, name: row.name }
    },
    insert: ({ id, name }) => void insert({ id, name, at: now() }),
    rename: (id, name) => void rename({ id, name }),
    remove: (id) => void remove({ id }),
  }
}
