import type { Session } from '@maru/protocol'
import type { Database } from './database.ts'

export type StoredSession = Omit<Session, 'current'>

/** The devices a member is known on: each has a token of its own. Codes let one more in. Only hashes are kept of both. */
export interface SessionRecords {
  findByTokenHash(hash: Uint8Array): { session: string; member: string } | undefined
  /** The latest seen first. */
  of(member: string): StoredSession[]
  /** Inside `write` only, as everything below. */
  insert(session: { id: string; member: string; tokenHash: Uint8Array; device: string }): void
  touch(id: string, device: string): void
  end(id: string): void
  insertTransfer(codeHash: Uint8Array, member: string, expiresAt: number): void
  /** Whose code it is; it is used up by this. */
  takeTransfer(codeHash: Uint8Array): string | undefined
  removeTransfers(member: string): void
}

export function prepareSessions(db: Database, now: () => number): SessionRecords {
  const byHash = db.query<{ hash: Uint8Array }>()((tables, values) =>
    tables.selectFrom('session').select(['id', 'member_id']).where('token_hash', '=', values.hash),
  )
  const of = db.query<{ member: string }>()((tables, values) =>
    tables
      .selectFrom('session')
      .select(['id', 'device', 'created_at', 'seen_at'])
      .where('member_id', '=', values.member)
      .orderBy('seen_at', 'desc')
      .orderBy('id'),
  )
  const insert = db.query<{ id: string; member: string; hash: Uint8Array; device: string; at: number }>()(
    (tables, values) =>
      tables.insertInto('session').values({
        id: values.id,
        member_id: values.member,
        token_hash: values.hash,
        device: values.device,
        created_at: values.at,
        seen_at: values.at,
      }),
  )
  const touch = db.query<{ id: string; device: string; at: number }>()((tables, values) =>
    tables.updateTable('session').set({ device: values.device, seen_at: values.at }).where('id', '=', values.id),
  )
  const end = db.query<{ id: string }>()((tables, values) => tables.deleteFrom('session').where('id', '=', values.id))
  const insertTransfer = db.query<{ hash: Uint8Array; member: string; expires: number }>()((tables, values) =>
    tables
      .insertInto('transfer')
      .values({ code_hash: values.hash, member_id: values.member, expires_at: values.expires }),
  )
  const takeTransfer = db.query<{ hash: Uint8Array }>()((tables, values) =>
    tables.deleteFrom('transfer').where('code_hash', '=', values.hash).returning(['member_id', 'expires_at']),
  )
  const removeOld = db.query<{ at: number }>()((tables, values) =>
    tables.deleteFrom('transfer').where('expires_at', '<', values.at),
  )
  const removeTransfers = db.query<{ member: string }>()((tables, values) =>
    tables.deleteFrom('transfer').where('member_id', '=', values.member),
  )
  return {
    findByTokenHash(hash) {
      const [row] = byHash({ hash })
      return row && { session: row.id, member: row.member_id }
    },
    of: (member) =>
      of({ member }).map(({ id, device, created_at, seen_at }) => ({
        id,
        device,
        createdAt: created_at,
        seenAt: seen_at,
      })),
    insert: ({ id, member, tokenHash, device }) => void insert({ id, member, hash: tokenHash, device, at: now() }),
    touch: (id, device) => void touch({ id, device, at: now() }),
    end: (id) => void end({ id }),
    insertTransfer(hash, member, expires) {
      removeOld({ at: now() })
      insertTransfer({ hash, member, expires })
    },
    takeTransfer(hash) {
      const [row] = takeTransfer({ hash })
      return row && row.expires_at >= now() ? row.member_id : undefined
    },
    removeTransfers: (member) => void removeTransfers({ member }),
  }
}
