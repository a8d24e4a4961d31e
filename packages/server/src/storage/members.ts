import type { Member } from '@maru/protocol'
import type { Database } from './database.ts'

export interface MemberRecords {
  findByTokenHash(hash: Uint8Array): Member | undefined
  /** Inside `write` only. */
  insert(member: Member, tokenHash: Uint8Array): void
  /** Keeps the nickname last used. Inside `write` only. */
  rename(id: string, name: string): void
}

export function prepareMembers(db: Database, now: () => number): MemberRecords {
  const byHash = db.query<{ hash: Uint8Array }>()((tables, values) =>
    tables.selectFrom('member').select(['id', 'name']).where('token_hash', '=', values.hash),
  )
  const insert = db.query<{ id: string; hash: Uint8Array; name: string; at: number }>()((tables, values) =>
    tables
      .insertInto('member')
      .values({ id: values.id, token_hash: values.hash, name: values.name, created_at: values.at }),
  )
  const rename = db.query<{ id: string; name: string }>()((tables, values) =>
    tables.updateTable('member').set({ name: values.name }).where('id', '=', values.id),
  )
  return {
    findByTokenHash(hash) {
      const [row] = byHash({ hash })
      return row && { id: row.id, name: row.name }
    },
    insert: ({ id, name }, hash) => void insert({ id, hash, name, at: now() }),
    rename: (id, name) => void rename({ id, name }),
  }
}
