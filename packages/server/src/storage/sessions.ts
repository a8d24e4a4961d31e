import type { Right, Session } from '@maru/protocol'
import type { Selectable } from 'kysely'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

export type StoredSession = Omit<Session, 'current'>

/** What a bot is held to. */
export interface BotLimits {
  roomId: number
  rights: readonly Right[]
}

export interface FoundSession {
  session: string
  member: string
  bot?: BotLimits
  device: string
  seenAt: number
}

/** The devices a member is known on: each has a token of its own. Codes let one more in. Only hashes are kept of both. */
export interface SessionRecords {
  findByTokenHash(hash: Uint8Array): FoundSession | undefined
  /** The bots of a room, the oldest first. */
  bots(roomId: number): { session: string; member: string; rights: readonly Right[]; createdAt: number }[]
  /** The latest seen first. */
  of(member: string): StoredSession[]
  /** Inside `write` only, as everything below. */
  insert(session: { id: string; member: string; tokenHash: Uint8Array; device: string; bot?: BotLimits }): void
  touch(id: string, device: string): void
  end(id: string): void
  insertTransfer(codeHash: Uint8Array, member: string, expiresAt: number): void
  /** Whose code it is; it is used up by this. */
  takeTransfer(codeHash: Uint8Array): string | undefined
  removeTransfers(member: string): void
}

export function prepareSessions(db: Database, now: () => number): SessionRecords {
  const byHash = db.query<{ hash: Uint8Array }>()((tables, values) =>
    tables
      .selectFrom('session')
      .select(['id', 'member_id', 'device', 'seen_at', 'room_id', 'rights'])
      .where('token_hash', '=', values.hash),
  )
  const of = db.query<{ member: string }>()((tables, values) =>
    tables
      .selectFrom('session')
      .select(['id', 'device', 'created_at', 'seen_at'])
      .where('member_id', '=', values.member)
      .orderBy('seen_at', 'desc')
      .orderBy('id'),
  )
  const bots = db.query<{ room: number }>()((tables, values) =>
    tables
      .selectFrom('session')
      .select(['id', 'member_id', 'rights', 'created_at'])
      .where('room_id', '=', values.room)
      .orderBy('created_at')
      .orderBy('id'),
  )
  const insert = db.query<Omit<Selectable<Tables['session']>, 'seen_at'>>()((tables, values) =>
    tables.insertInto('session').values({
      id: values.id,
      member_id: values.member_id,
      token_hash: values.token_hash,
      device: values.device,
      created_at: values.created_at,
      seen_at: values.created_at,
      room_id: values.room_id,
      rights: values.rights,
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
      if (!row) return undefined
      const { room_id: roomId, rights } = row
      const found = { session: row.id, member: row.member_id, device: row.device, seenAt: row.seen_at }
      return roomId === null ? found : { ...found, bot: { roomId, rights: JSON.parse(rights ?? '[]') } }
    },
    bots: (room) =>
      bots({ room }).map(({ id, member_id, rights, created_at }) => ({
        session: id,
        member: member_id,
        rights: JSON.parse(rights ?? '[]'),
        createdAt: created_at,
      })),
    of: (member) =>
      of({ member }).map(({ id, device, created_at, seen_at }) => ({
        id,
        device,
        createdAt: created_at,
        seenAt: seen_at,
      })),
    insert({ id, member, tokenHash, device, bot }) {
      const limits = { room_id: bot?.roomId ?? null, rights: bot ? JSON.stringify(bot.rights) : null }
      insert({ id, member_id: member, token_hash: tokenHash, device, created_at: now(), ...limits })
    },
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
