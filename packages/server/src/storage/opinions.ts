import type { Member, Reaction } from '@maru/protocol'
import type { Kysely } from 'kysely'
import type { Database } from './database.ts'
import { type Slots, slotsIn } from './slots.ts'
import type { Tables } from './tables.ts'

/** A member's present choice in a poll. */
export interface Vote {
  seq: number
  member: Member
  options: number[]
}

/** What members think of messages: reactions, votes, pins. A message is known by its number in its room. */
export interface OpinionRecords {
  /** Of the messages between two numbers, both included; in the order in which they came. */
  reactions(roomId: number, from: number, to: number): Map<number, Reaction[]>
  votes(roomId: number, from: number, to: number): Vote[]
  /** The same of messages with these numbers. */
  reactionsOf(roomId: number, seqs: Slots): Map<number, Reaction[]>
  votesOf(roomId: number, seqs: Slots): Vote[]
  /** The latest last. */
  pins(roomId: number): number[]
  /** Inside `write` only, as everything below. True where something has changed. */
  react(roomId: number, seq: number, emoji: string, member: Member): boolean
  unreact(roomId: number, seq: number, emoji: string, member: string): boolean
  vote(roomId: number, vote: Vote): void
  pin(roomId: number, seq: number): boolean
  unpin(roomId: number, seq: number): boolean
  /** Everything about one message. */
  removeFrom(roomId: number, seq: number): void
  removeUpTo(roomId: number, seq: number): void
  /** Everything a member thinks, everywhere. */
  removeOf(member: string): void
}

export function prepareOpinions(db: Database): OpinionRecords {
  const anyReactions = (tables: Kysely<Tables>, room: number) =>
    tables
      .selectFrom('reaction')
      .select(['seq', 'emoji', 'member_id', 'name'])
      .where('room_id', '=', room)
      .orderBy('id')
  const reactions = db.query<{ room: number; from: number; to: number }>()((tables, values) =>
    anyReactions(tables, values.room).where('seq', '>=', values.from).where('seq', '<=', values.to),
  )
  const reactionsOf = db.query<{ room: number } & Slots>()((tables, values) =>
    anyReactions(tables, values.room).where('seq', 'in', slotsIn(values)),
  )
  const anyVotes = (tables: Kysely<Tables>, room: number) =>
    tables.selectFrom('vote').select(['seq', 'member_id', 'name', 'choice']).where('room_id', '=', room)
  const votes = db.query<{ room: number; from: number; to: number }>()((tables, values) =>
    anyVotes(tables, values.room).where('seq', '>=', values.from).where('seq', '<=', values.to),
  )
  const votesOf = db.query<{ room: number } & Slots>()((tables, values) =>
    anyVotes(tables, values.room).where('seq', 'in', slotsIn(values)),
  )
  const pins = db.query<{ room: number }>()((tables, values) =>
    tables.selectFrom('pin').select('seq').where('room_id', '=', values.room).orderBy('id'),
  )
  const react = db.query<{ room: number; seq: number; emoji: string; member: string; name: string }>()(
    (tables, values) =>
      tables
        .insertInto('reaction')
        .values({
          room_id: values.room,
          seq: values.seq,
          emoji: values.emoji,
          member_id: values.member,
          name: values.name,
        })
        .onConflict((conflict) => conflict.columns(['room_id', 'seq', 'emoji', 'member_id']).doNothing())
        .returning('seq'),
  )
  const unreact = db.query<{ room: number; seq: number; emoji: string; member: string }>()((tables, values) =>
    tables
      .deleteFrom('reaction')
      .where('room_id', '=', values.room)
      .where('seq', '=', values.seq)
      .where('emoji', '=', values.emoji)
      .where('member_id', '=', values.member)
      .returning('seq'),
  )
  const vote = db.query<{ room: number; seq: number; member: string; name: string; choice: string }>()(
    (tables, values) =>
      tables
        .insertInto('vote')
        .values({
          room_id: values.room,
          seq: values.seq,
          member_id: values.member,
          name: values.name,
          choice: values.choice,
        })
        .onConflict((conflict) =>
          conflict.columns(['room_id', 'seq', 'member_id']).doUpdateSet({ choice: values.choice, name: values.name }),
        ),
  )
  const pin = db.query<{ room: number; seq: number }>()((tables, values) =>
    tables
      .insertInto('pin')
      .values({ room_id: values.room, seq: values.seq })
      .onConflict((conflict) => conflict.columns(['room_id', 'seq']).doNothing())
      .returning('seq'),
  )
  const unpin = db.query<{ room: number; seq: number }>()((tables, values) =>
    tables.deleteFrom('pin').where('room_id', '=', values.room).where('seq', '=', values.seq).returning('seq'),
  )
  const tablesOfMessages = ['reaction', 'vote', 'pin', 'mention'] as const
  // Who was called stays called: what is unread is counted as it was sent.
  const removeFrom = (['reaction', 'vote', 'pin'] as const).map((table) =>
    db.query<{ room: number; seq: number }>()((tables, values) =>
      tables.deleteFrom(table).where('room_id', '=', values.room).where('seq', '=', values.seq),
    ),
  )
  const removeUpTo = tablesOfMessages.map((table) =>
    db.query<{ room: number; seq: number }>()((tables, values) =>
      tables.deleteFrom(table).where('room_id', '=', values.room).where('seq', '<=', values.seq),
    ),
  )
  const removeOf = (['reaction', 'vote'] as const).map((table) =>
    db.query<{ member: string }>()((tables, values) => tables.deleteFrom(table).where('member_id', '=', values.member)),
  )
  return {
    reactions: (room, from, to) => grouped(reactions({ room, from, to })),
    reactionsOf: (room, seqs) => grouped(reactionsOf({ room, ...seqs })),
    votes: (room, from, to) => votes({ room, from, to }).map(toVote),
    votesOf: (room, seqs) => votesOf({ room, ...seqs }).map(toVote),
    pins: (room) => pins({ room }).map(({ seq }) => seq),
    react: (room, seq, emoji, { id, name }) => react({ room, seq, emoji, member: id, name }).length > 0,
    unreact: (room, seq, emoji, member) => unreact({ room, seq, emoji, member }).length > 0,
    vote: (room, { seq, member, options }) =>
      void vote({ room, seq, member: member.id, name: member.name, choice: JSON.stringify(options) }),
    pin: (room, seq) => pin({ room, seq }).length > 0,
    unpin: (room, seq) => unpin({ room, seq }).length > 0,
    removeFrom(room, seq) {
      for (const remove of removeFrom) remove({ room, seq })
    },
    removeUpTo(room, seq) {
      for (const remove of removeUpTo) remove({ room, seq })
    },
    removeOf(member) {
      for (const remove of removeOf) remove({ member })
    },
  }
}

/** By message, and there by emoji. */
function grouped(
  rows: readonly { seq: number; emoji: string; member_id: string; name: string }[],
): Map<number, Reaction[]> {
  const found = new Map<number, Reaction[]>()
  for (const { seq, emoji, member_id: id, name } of rows) {
    const list = found.get(seq) ?? []
    found.set(seq, list)
    const same = list.find((reaction) => reaction.emoji === emoji)
    if (same) same.by.push({ id, name })
    else list.push({ emoji, by: [{ id, name }] })
  }
  return found
}

function toVote(row: { seq: number; member_id: string; name: string; choice: string }): Vote {
  const { seq, member_id: id, name, choice } = row
  return { seq, member: { id, name }, options: JSON.parse(choice) as number[] }
}
