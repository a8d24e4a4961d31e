import type { Member, Unread } from '@maru/protocol'
import { limits, nameKey } from '@maru/protocol'
import type { Kysely } from 'kysely'
import type { Database } from './database.ts'
import { type Slots, slotNames, slotsOf } from './slots.ts'
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
  /** At most `limit` of those with larger ids, by id. */
  page(roomId: number, after: string, limit: number): Member[]
  /** Who has a name with one of these keys, for each key one member. */
  named(roomId: number, keys: readonly string[]): Map<string, string>
  /** At most `limit` of the members whose name has this key. */
  withKey(roomId: number, key: string, limit: number): string[]
  roomsOf(member: string): { roomId: number; room: string }[]
  /** At most `limit` of them, where something happened last first. */
  latestRoomsOf(member: string, limit: number): { roomId: number; room: string }[]
  hasOwner(roomId: number): boolean
  /** Members who came when the room had this number already. */
  since(roomId: number, seq: number): string[]
  /**
   * Messages of others behind a read mark that the member may read, the public ones among the newest lines up to the newest message, and those
   * that call the member. Both end at `limits.unread`.
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

/** Public lines that are looked through for what is unread: a bot that has written all of a room itself waits no longer than others. */
const COUNTED = 5_000

export function prepareMemberships(db: Database): MembershipRecords {
  const find = db.query<{ room: number; member: string }>()((tables, values) =>
    tables
      .selectFrom('membership')
      .select(['member_id', 'name', 'owner', 'since', 'read'])
      .where('room_id', '=', values.room)
      .where('member_id', '=', values.member),
  )
  const page = db.query<{ room: number; after: string; limit: number }>()((tables, values) =>
    tables
      .selectFrom('membership')
      .select(['member_id', 'name', 'owner'])
      .where('room_id', '=', values.room)
      .where('member_id', '>', values.after)
      .orderBy('member_id')
      .limit(values.limit),
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
  const named = db.query<{ room: number } & Slots<string>>()((tables, values) =>
    tables.selectNoFrom((eb) =>
      slotNames.map((name) =>
        eb
          .selectFrom('membership')
          .select('member_id')
          .where('room_id', '=', values.room)
          .where('key', '=', values[name] as string)
          .orderBy('member_id')
          .limit(1)
          .as(name),
      ),
    ),
  )
  const withKey = db.query<{ room: number; key: string; limit: number }>()((tables, values) =>
    tables
      .selectFrom('membership')
      .select('member_id')
      .where('room_id', '=', values.room)
      .where('key', '=', values.key)
      .orderBy('member_id')
      .limit(values.limit),
  )
  // What changes lines, and what others say in private, may be any number: indexes leave it out, for literal values.
  const behind = (tables: Kysely<Tables>, { room, read }: { room: number; read: number }) =>
    tables
      .selectFrom('entry')
      .where('room_id', '=', room)
      .where('seq', '>', read)
      .where((eb) => eb('line', '=', eb.lit(1)))
  const messages = db.query<{ room: number; member: string; read: number }>()((tables, values) =>
    tables
      .selectFrom(
        tables
          .selectFrom(
            behind(tables, values)
              .select(['kind', 'member_id'])
              .where('to_id', 'is', null)
              // Who comes and goes behind the newest message makes nothing unread.
              .where('seq', '<=', (eb) =>
                eb.selectFrom('room').select('last_message').where('room.id', '=', values.room),
              )
              .orderBy('seq', 'desc')
              .limit(COUNTED)
              .as('newest'),
          )
          .select('kind')
          .where('kind', '=', 'message')
          .where('member_id', '<>', values.member)
          .limit(limits.unread)
          .as('unread'),
      )
      .select((eb) => eb.fn.countAll<number>().as('count')),
  )
  const privateMessages = db.query<{ room: number; member: string; read: number }>()((tables, values) =>
    tables
      .selectFrom(
        behind(tables, values)
          .select('seq')
          .where('to_id', '=', values.member)
          .where('kind', '=', 'message')
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
  interface Inserted {
    room: number
    member: string
    name: string
    key: string
    owner: number
    since: number
    read: number
  }
  const insert = db.query<Inserted>()((tables, values) =>
    tables.insertInto('membership').values({
      room_id: values.room,
      member_id: values.member,
      name: values.name,
      key: values.key,
      owner: values.owner,
      since: values.since,
      read: values.read,
    }),
  )
  const rename = db.query<{ room: number; member: string; name: string; key: string }>()((tables, values) =>
    tables
      .updateTable('membership')
      .set({ name: values.name, key: values.key })
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
    page: (room, after, limit) => page({ room, after, limit }).map(toMember),
    named(room, keys) {
      const found = new Map<string, string>()
      for (const slots of slotsOf(keys)) {
        const [row] = named({ room, ...slots }) as [Slots<string | null>]
        for (const name of slotNames) {
          const [key, member] = [slots[name], row[name]]
          if (key !== undefined && member) found.set(key, member)
        }
      }
      return found
    },
    withKey: (room, key, limit) => withKey({ room, key, limit }).map(({ member_id }) => member_id),
    roomsOf: (member) => roomsOf({ member }).map(({ id, name }) => ({ roomId: id, room: name })),
    latestRoomsOf: (member, limit) =>
      latestRoomsOf({ member, limit }).map(({ id, name }) => ({ roomId: id, room: name })),
    hasOwner: (room) => owners({ room }).length > 0,
    since: (room, seq) => since({ room, seq }).map(({ member_id }) => member_id),
    unread: (room, member, read) => ({
      messages: Math.min(
        limits.unread,
        (messages({ room, member, read })[0]?.count ?? 0) + (privateMessages({ room, member, read })[0]?.count ?? 0),
      ),
      mentions: Math.min(limits.unread, mentions({ room, member, read })[0]?.count ?? 0),
    }),
    insert: (room, { member, since, read }) =>
      void insert({ room, ...keyed(member), owner: member.owner ? 1 : 0, since, read }),
    rename: (room, member) => void rename({ room, ...keyed(member) }),
    makeOwner: (room, member) => void makeOwner({ room, member }),
    markRead: (room, member, seq) => void markRead({ room, member, seq }),
    addMention: (room, member, seq) => void addMention({ room, member, seq }),
    remove(room, member) {
      remove({ room, member })
      removeMentions({ room, member })
    },
  }
}

const keyed = ({ id, name }: Member) => ({ member: id, name, key: nameKey(name) })

function toMember({ member_id, name, owner }: { member_id: string; name: string; owner: number }): Member {
  return { id: member_id, name, ...(owner ? { owner: true } : {}) }
}
