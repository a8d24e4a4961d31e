/** What the step to this version leaves to JavaScript: keys of the names that are there. */
export const KEYS_VERSION = 3

/**
 * As `sqlite-schema.ts`, from what its fourth step had made. Step N brings a database of version N - 1 to version N. A step that has been released
 * is never changed. Ids and names sort by their bytes, as they do in SQLite.
 */
export const migrations: readonly string[] = [
  `create table room (
     id bigint generated always as identity primary key,
     name text not null unique,
     created_at bigint not null,
     last_seq bigint not null default 0,
     last_public bigint not null default 0,
     previous_public bigint not null default 0,
     topic text not null default '',
     keep text not null default 'all',
     keep_days integer,
     expired bigint not null default 0
   );
   create table member (id text primary key, name text not null, created_at bigint not null);
   create table session (
     id text collate "C" primary key,
     member_id text not null,
     token_hash bytea not null unique,
     device text not null,
     created_at bigint not null,
     seen_at bigint not null,
     room_id bigint,
     rights text
   );
   create index session_by_member on session (member_id);
   create index session_by_room on session (room_id) where room_id is not null;
   create table transfer (code_hash bytea primary key, member_id text not null, expires_at bigint not null);
   create table membership (
     room_id bigint not null references room (id),
     member_id text collate "C" not null,
     name text collate "C" not null,
     owner smallint not null default 0,
     since bigint not null,
     read bigint not null default 0,
     primary key (room_id, member_id)
   );
   create index membership_by_member on membership (member_id);
   create table presence (
     room_id bigint not null references room (id),
     member_id text not null,
     name text not null,
     primary key (room_id, member_id)
   );
   create table entry (
     id bigint generated always as identity primary key,
     room_id bigint not null references room (id),
     seq bigint not null,
     at bigint not null,
     kind text not null,
     line smallint not null,
     member_id text not null,
     name text not null,
     to_id text,
     to_name text,
     text text,
     client_id text,
     before text,
     reply_to bigint,
     root bigint,
     target bigint,
     edited_at bigint,
     deleted smallint not null default 0,
     answers bigint not null default 0,
     last_answer bigint not null default 0,
     data text
   );
   create unique index entry_by_seq on entry (room_id, seq);
   create unique index entry_by_client_id on entry (room_id, member_id, client_id) where client_id is not null;
   create index entry_by_root on entry (room_id, root, seq) where root is not null;
   create table reaction (
     id bigint generated always as identity primary key,
     room_id bigint not null,
     seq bigint not null,
     emoji text not null,
     member_id text not null,
     name text not null
   );
   create unique index reaction_by_message on reaction (room_id, seq, emoji, member_id);
   create index reaction_by_member on reaction (member_id);
   create table vote (
     room_id bigint not null,
     seq bigint not null,
     member_id text not null,
     name text not null,
     choice text not null,
     primary key (room_id, seq, member_id)
   );
   create index vote_by_member on vote (member_id);
   create table pin (id bigint generated always as identity primary key, room_id bigint not null, seq bigint not null);
   create unique index pin_by_message on pin (room_id, seq);
   create table mention (
     room_id bigint not null,
     member_id text not null,
     seq bigint not null,
     primary key (room_id, member_id, seq)
   );
   create table file (
     id text primary key,
     room_id bigint not null,
     member_id text not null,
     name text not null,
     type text not null,
     size bigint not null,
     details text not null,
     created_at bigint not null,
     hash text,
     seq bigint,
     gone smallint not null default 0
   );
   create index file_by_message on file (room_id, seq);
   create index file_by_hash on file (hash) where hash is not null;
   create index file_unsent on file (member_id, created_at) where seq is null;
   create index file_by_member on file (member_id);
   create index file_gone on file (id) where gone = 1;
   create table hook (
     id text collate "C" primary key,
     room_id bigint not null references room (id),
     url text not null,
     secret text not null,
     created_by text not null,
     created_at bigint not null,
     delivered bigint not null,
     problem text
   );
   create index hook_by_room on hook (room_id);
   create table message_index (id bigint primary key, words tsvector not null);
   create index message_by_word on message_index using gin (words);
   create table indexed (id integer primary key, last bigint not null);
   insert into indexed (id, last) values (1, 0);`,

  `create index mention_by_message on mention (room_id, seq);
   create index file_by_size on file (size);`,

  // The keys of the members that are there are filled in by `fillKeys`, in the same transaction.
  `create index entry_public on entry (room_id, seq) where line = 1 and to_id is null;
   create index entry_private_to on entry (room_id, to_id, seq) where line = 1 and to_id is not null;
   create index entry_private_from on entry (room_id, member_id, seq) where line = 1 and to_id is not null;
   alter table membership add column key text collate "C";
   create index membership_by_key on membership (room_id, key, member_id);
   create table sent (
     hash bytea primary key,
     room_id bigint not null,
     seq bigint not null,
     at bigint not null,
     gone_at bigint not null
   );
   create index sent_by_number on sent (room_id, seq);
   create index sent_by_time on sent (gone_at);`,

  `alter table indexed add column old_folded bigint not null default 0;
   update indexed set old_folded = last;`,

  `alter table room add column last_message bigint not null default 0;
   update room set last_message = coalesce((
     select seq from entry where room_id = room.id and line = 1 and to_id is null and kind = 'message'
     order by seq desc limit 1), 0);`,
]
