import type { Generated } from 'kysely'

/** The columns as Kysely sees them. Times are ms since the epoch. */
export interface Tables {
  room: { id: Generated<number>; name: string; created_at: number; last_seq: Generated<number> }
  member: { id: string; token_hash: Uint8Array; name: string; created_at: number }
  entry: {
    id: Generated<number>
    room_id: number
    seq: number
    at: number
    kind: 'message' | 'joined' | 'left' | 'renamed'
    member_id: string
    name: string
    text: string | null
    client_id: string | null
    before: string | null
  }
  presence: { room_id: number; member_id: string; name: string }
}

/**
 * Step N brings a database of version N - 1 to version N. A step that has been released is never changed.
 * `entry` keeps its rowid: it is the order over all rooms, and full-text search will refer to it.
 */
export const migrations: readonly string[] = [
  `create table room (
     id integer primary key,
     name text not null unique,
     created_at integer not null,
     last_seq integer not null default 0
   ) strict;
   create table member (
     id text primary key,
     token_hash blob not null unique,
     name text not null,
     created_at integer not null
   ) strict, without rowid;
   create table entry (
     id integer primary key,
     room_id integer not null references room (id),
     seq integer not null,
     at integer not null,
     kind text not null check (kind in ('message', 'joined', 'left', 'renamed')),
     member_id text not null,
     name text not null,
     text text,
     client_id text,
     before text
   ) strict;
   create unique index entry_by_seq on entry (room_id, seq);
   create unique index entry_by_client_id on entry (room_id, member_id, client_id) where client_id is not null;
   create table presence (
     room_id integer not null references room (id),
     member_id text not null,
     name text not null,
     primary key (room_id, member_id)
   ) strict, without rowid;`,
]
