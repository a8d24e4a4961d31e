import type { Member, Unread } from '@maru/protocol'
import { limits } from '@maru/protocol'
import type { Kysely } from 'kysely'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

export interface Membership {
  member: Member
  /** The room's last number when the member came first. */
  since: number
  /** The read mark. */
  read: number
}

/** Who belongs to which room: everybody who was ever in it and is not forgotten. */
export interface MembershipRecords {
  find(roomId: number, member: string): Membership | undefined
  /** By name. */
  of(roomId: number): Member[]
  roomsOf(member: string): { roomId: number; room: string }[]
  /** At most `limit` of them, where something happened last first. */
  latestRoomsOf(member: string, limit: number): { roomId: number; room: string }[]
  hasOwner(roomId: number): boolean
  /** Members who came when the room had this number already. */
  since(roomId: number, seq: number): string[]
  /**
   * Messages of others behind a read mark that the member may read, among the newest entries, and those that call the member. Both end at
   * `limits.unread`.
   */
  unread(roomId: number, member: string, read: number): Unread
  /** Inside `write` only, as everything below. */
  insert(roomId: number, membership: Membership): void
  rename(roomId: number, member: Member): void
  makeOwner(roomId: number, member: string): void
  /** Never takes a mark back. */
  markRead(roomId: number, member: string, seq: number): void
  addMention(roomId: number, member: string, seq: number): void
  remove(roomId: number, member: string): void
}

/** Stands for all members where a message calls everyone. */
export const EVERYONE = 'everyone'

/** Entries that are looked through for what is unread: a bot that has written all of a room itself waits no longer than others. */
const COUNTED = 5_000

export function prepareMemberships(db: Database): MembershipRecords {
  const find = db.query<{ room: number; member: string }>()((tables, values) =>
    tables
      .selectFrom('membership')
      .select(['member_id', 'name', 'owner', 'since', 'read'])
      .where('room_id', '=', values.room)
      .where('member_id', '=', values.member),
  )
  const of = db.query<{ room: number }>()((tables, values) =>
    tables
      .selectFrom('membership')
      .select(['member_id', 'name', 'owner'])
      .where('room_id', '=', values.room)
      .orderBy('name')
      .orderBy('member_id'),
  )
  const roomsOf = db.query<{ member: string }>()((tables, values) =>
    tables
      .selectFrom('membership')
      .innerJoin('room', 'room.id', 'membership.room_id')
      .select(['room.id', 'room.name'])
      .where('membership.member_id', '=', values.member)
      .orderBy('room.id'),
  )
  const latestRoomsOf = db.query<{ member: string; limit: number }>()((tables, values) =>
    tables
      .selectFrom('membership')
      .innerJoin('room', 'room.id', 'membership.room_id')
      .leftJoin('entry', (join) => join.onRef('entry.room_id', '=', 'room.id').onRef('entry.seq', '=', 'room.last_seq'))
      .select(['room.id', 'room.name'])
      .where('membership.member_id', '=', values.member)
      .orderBy((eb) => eb.fn.coalesce('entry.at', eb.lit(0)), 'desc')
      .orderBy('room.id')
      .limit(values.limit),
  )
  const owners = db.query<{ room: number }>()((tables, values) =>
    tables
      .selectFrom('membership')
      .select('member_id')
      .where('room_id', '=', values.room)
      .where('owner', '=', 1)
      .limit(1),
  )
  const since = db.query<{ room: number; seq: number }>()((tables, values) =>
    tables
      .selectFrom('membership')
      .select('member_id')
      .where('room_id', '=', values.room)
      .where('since', '>=', values.seq),
  )
  const messages = db.query<{ room: number; member: string; read: number }>()((tables, values) =>
    tables
      .selectFrom(
        tables
          .selectFrom(
            tables
              .selectFrom('entry')
              .select(['kind', 'member_id', 'to_id'])
              .where('room_id', '=', values.room)
              .where('seq', '>', values.read)
              .orderBy('seq', 'desc')
              .limit(COUNTED)
              .as('newest'),
          )
          .select('kind')
          .where('kind', '=', 'message')
          .where('member_id', '<>', values.member)
          .where((eb) => eb.or([eb('to_id', 'is', null), eb('to_id', '=', values.member)]))
          .limit(limits.unread)
          .as('unread'),
      )
      .select((eb) => eb.fn.countAll<number>().as('count')),
  )
  const mentionsOf = (tables: Kysely<Tables>, { room, read }: { room: number; read: number }, member: string) =>
    tables
      .selectFrom('mention')
      .select('seq')
      .where('room_id', '=', room)
      .where('member_id', '=', member)
      .where('seq', '>', read)
  const mentions = db.query<{ room: number; member: string; read: number }>()((tables, values) =>
    tables
      .selectFrom(
        mentionsOf(tables, values, values.member)
          .union(mentionsOf(tables, values, EVERYONE))
          .as('called'),
      )
      .select((eb) => eb.fn.countAll<number>().as('count')),
  )
  const insert = db.query<{ room: number; member: string; name: string; owner: number; since: number; read: number }>()(
    (tables, values) =>
      tables.insertInto('membership').values({
        room_id: values.room,
        member_id: values.member,
        name: values.name,
        owner: values.owner,
        since: values.since,
        read: values.read,
      }),
  )
  const rename = db.query<{ room: number; member: string; name: string }>()((tables, values) =>
    tables
      .updateTable('membership')
      .set({ name: values.name })
      .where('room_id', '=', values.room)
      .where('member_id', '=', values.member),
  )
  const makeOwner = db.query<{ room: number; member: string }>()((tables, values) =>
    tables
      .updateTable('membership')
      .set({ owner: 1 })
      .where('room_id', '=', values.room)
      .where('member_id', '=', values.member),
  )
  const markRead = db.query<{ room: number; member: string; seq: number }>()((tables, values) =>
    tables
      .updateTable('membership')
      .set({ read: values.seq })
      .where('room_id', '=', values.room)
      .where('member_id', '=', values.member)
      .where('read', '<', values.seq),
  )
  const addMention = db.query<{ room: number; member: string; seq: number }>()((tables, values) =>
    tables.insertInto('mention').values({ room_id: values.room, member_id: values.member, seq: values.seq }),
  )
  const remove = db.query<{ room: number; member: string }>()((tables, values) =>
    tables.deleteFrom('membership').where('room_id', '=', values.room).where('member_id', '=', values.member),
  )
  const removeMentions = db.query<{ room: number; member: string }>()((tables, values) =>
    tables.deleteFrom('mention').where('room_id', '=', values.room).where('member_id', '=', values.member),
  )
  return {
    find(room, member) {
      const [row] = find({ room, member })
      return row && { member: toMember(row), since: row.since, read: row.read }
    },
    of: (room) => of({ room }).map(toMember),
    roomsOf: (member) => roomsOf({ member }).map(({ id, name }) => ({ roomId: id, room: name })),
    latestRoomsOf: (member, limit) =>
      latestRoomsOf({ member, limit }).map(({ id, name }) => ({ roomId: id, room: name })),
    hasOwner: (room) => owners({ room }).length > 0,
    since: (room, seq) => since({ room, seq }).map(({ member_id }) => member_id),
    unread: (room, member, read) => ({
      messages: messages({ room, member, read })[0]?.count ?? 0,
      mentions: Math.min(limits.unread, mentions({ room, member, read })[0]?.count ?? 0),
    }),
    insert: (room, { member, since, read }) =>
      void insert({ room, member: member.id, name: member.name, owner: member.owner ? 1 : 0, since, read }),
    rename: (room, { id, name }) => void rename({ room, member: id, name }),
    makeOwner: (room, member) => void makeOwner({ room, member }),
    markRead: (room, member, seq) => void markRead({ room, member, seq }),
    addMention: (room, member, seq) => void addMention({ room, member, seq }),
    remove(room, member) {
      remove({ room, member })
      removeMentions({ room, member })
    },
  }
}

function toMember({ member_id, name, owner }: { member_id: string; name: string; owner: number }): Member {
  return { id: member_id, name, ...(owner ? { owner: true } : {}) }
}
