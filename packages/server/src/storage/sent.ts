import { hash } from 'node:crypto'
import type { Database } from './database.ts'

/** Messages that a room lets go of are known again among so many of its last numbers, */
const NUMBERS = 20_000
/** and for so long. */
const REMEMBERED_MS = 30 * 24 * 60 * 60_000

/** Messages that rooms no longer keep: who has not heard that one was stored sends it again, perhaps days later. Only a hash of its id is left. */
export interface SentRecords {
  /** What was answered when the member sent something under this id. */
  find(roomId: number, member: string, clientId: string): { seq: number; at: number } | undefined
  /** Whether there is something that has been remembered for long enough. */
  hasOld(): boolean
  /** Remembers the messages up to this number, which are about to go. Inside `write` only, as the next. */
  remember(roomId: number, upTo: number): void
  /** Forgets at most so many that are old. */
  forgetOld(limit: number): void
}

export function prepareSent(db: Database, now: () => number): SentRecords {
  const find = db.query<{ hash: Uint8Array }>()((tables, values) =>
    tables.selectFrom('sent').select(['seq', 'at']).where('hash', '=', values.hash),
  )
  const rooms = db.query<object>()((tables) => tables.selectFrom('room').select('id').where('expired', '>', 0))
  const going = db.query<{ room: number; upTo: number }>()((tables, values) =>
    tables
      .selectFrom('entry')
      .select(['member_id', 'client_id', 'seq', 'at'])
      .where('room_id', '=', values.room)
      .where('seq', '<=', values.upTo)
      .where('client_id', 'is not', null),
  )
  const insert = db.query<{ hash: Uint8Array; room: number; seq: number; at: number; gone: number }>()(
    (tables, values) =>
      tables
        .insertInto('sent')
        .values({ hash: values.hash, room_id: values.room, seq: values.seq, at: values.at, gone_at: values.gone })
        .onConflict((conflict) => conflict.doNothing()),
  )
  const forgetUpTo = db.query<{ room: number; upTo: number }>()((tables, values) =>
    tables.deleteFrom('sent').where('room_id', '=', values.room).where('seq', '<=', values.upTo),
  )
  // Most rooms keep what is said: there nobody who sends has to wait for this.
  const forgetful = new Set(rooms({}).map(({ id }) => id))
  const anyOld = db.query<{ before: number }>()((tables, values) =>
    tables.selectFrom('sent').select('hash').where('gone_at', '<', values.before).limit(1),
  )
  const forgetOld = db.query<{ before: number; limit: number }>()((tables, values) =>
    tables
      .deleteFrom('sent')
      .where('hash', 'in', (eb) =>
        eb
          .selectFrom('sent')
          .select('hash')
          .where('gone_at', '<', values.before)
          .orderBy('gone_at')
          .limit(values.limit),
      ),
  )
  return {
    find: (room, member, clientId) =>
      forgetful.has(room) ? find({ hash: hashOf(room, member, clientId) })[0] : undefined,
    hasOld: () => anyOld({ before: now() - REMEMBERED_MS }).length > 0,
    remember(room, upTo) {
      forgetful.add(room)
      for (const { member_id, client_id, seq, at } of going({ room, upTo }))
        insert({ hash: hashOf(room, member_id, client_id ?? ''), room, seq, at, gone: now() })
      forgetUpTo({ room, upTo: upTo - NUMBERS })
    },
    forgetOld: (limit) => void forgetOld({ before: now() - REMEMBERED_MS, limit }),
  }
}

/** Tells nothing of the member to who does not know the id, which is random. */
function hashOf(room: number, member: string, clientId: string): Buffer {
  return hash('sha256', `${room} ${member} ${clientId}`, 'buffer').subarray(0, 16)
}
