import type { Member } from '@maru/protocol'
import type { Database } from './database.ts'

/** Who is in a room by its log: a joined line without a left line behind it. Outlives a crash, so that the log can be put right. */
export interface PresenceRecords {
  all(): { room: string; member: Member }[]
  /** Inside `write` only, together with the joined or renamed line. */
  put(roomId: number, member: Member): void
  /** Inside `write` only, together with the left line. */
  remove(roomId: number, member: string): void
}

export function preparePresence(db: Database): PresenceRecords {
  const all = db.query<object>()((tables) =>
    tables
      .selectFrom('presence')
      .innerJoin('room', 'room.id', 'presence.room_id')
      .select(['room.name as room', 'presence.member_id as id', 'presence.name as name'])
      .orderBy('presence.room_id'),
  )
  const put = db.query<{ room: number; id: string; name: string }>()((tables, values) =>
    tables
      .insertInto('presence')
      .values({ room_id: values.room, member_id: values.id, name: values.name })
      .onConflict((conflict) => conflict.columns(['room_id', 'member_id']).doUpdateSet({ name: values.name })),
  )
  const remove = db.query<{ room: number; id: string }>()((tables, values) =>
    tables.deleteFrom('presence').where('room_id', '=', values.room).where('member_id', '=', values.id),
  )
  return {
    all: () => all({}).map(({ room, id, name }) => ({ room, member: { id, name } })),
    put: (room, { id, name }) => void put({ room, id, name }),
    remove: (room, id) => void remove({ room, id }),
  }
}
