/**
 * Step N brings a database of version N - 1 to version N. A step that has been released is never changed.
 * `entry` keeps its rowid: it is the order over all rooms, and full-text search refers to it. `fold_text` is `foldTextBefore`, `name_key` is `nameKey`.
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

  `alter table room add column last_public integer not null default 0;
   alter table room add column previous_public integer not null default 0;
   alter table room add column topic text not null default '';
   alter table room add column keep text not null default 'all';
   alter table room add column keep_days integer;
   alter table room add column expired integer not null default 0;
   update room set last_public = last_seq, previous_public = max(0, last_seq - 1);

   create table session (
     id text primary key,
     member_id text not null,
     token_hash blob not null unique,
     device text not null,
     created_at integer not null,
     seen_at integer not null
   ) strict, without rowid;
   create index session_by_member on session (member_id);
   insert into session (id, member_id, token_hash, device, created_at, seen_at)
     select 'SE' || substr(id, 3), id, token_hash, '', created_at, created_at from member;
   create table transfer (
     code_hash blob primary key,
     member_id text not null,
     expires_at integer not null
   ) strict, without rowid;
   create table member_2 (id text primary key, name text not null, created_at integer not null) strict, without rowid;
   insert into member_2 (id, name, created_at) select id, name, created_at from member;
   drop table member;
   alter table member_2 rename to member;

   create table entry_2 (
     id integer primary key,
     room_id integer not null references room (id),
     seq integer not null,
     at integer not null,
     kind text not null,
     line integer not null,
     member_id text not null,
     name text not null,
     to_id text,
     to_name text,
     text text,
     client_id text,
     before text,
     reply_to integer,
     root integer,
     target integer,
     edited_at integer,
     deleted integer not null default 0,
     answers integer not null default 0,
     last_answer integer not null default 0,
     data text
   ) strict;
   insert into entry_2 (id, room_id, seq, at, kind, line, member_id, name, text, client_id, before)
     select id, room_id, seq, at, kind, 1, member_id, name, text, client_id, before from entry order by id;
   drop table entry;
   alter table entry_2 rename to entry;
   create unique index entry_by_seq on entry (room_id, seq);
   create unique index entry_by_line on entry (room_id, line, seq);
   create index entry_by_time on entry (room_id, at, seq);
   create unique index entry_by_client_id on entry (room_id, member_id, client_id) where client_id is not null;
   create index entry_by_root on entry (room_id, root, seq) where root is not null;

   create table membership (
     room_id integer not null references room (id),
     member_id text not null,
     name text not null,
     owner integer not null default 0,
     since integer not null,
     read integer not null default 0,
     primary key (room_id, member_id)
   ) strict, without rowid;
   create index membership_by_member on membership (member_id);
   insert into membership (room_id, member_id, name, owner, since, read)
     select room_id, member_id,
       (select name from entry e where e.room_id = f.room_id and e.seq = f.last),
       first = (select min(seq) from entry e where e.room_id = f.room_id), first - 1, last
     from (select room_id, member_id, min(seq) as first, max(seq) as last from entry group by room_id, member_id) f;

   create table reaction (
     id integer primary key,
     room_id integer not null,
     seq integer not null,
     emoji text not null,
     member_id text not null,
     name text not null
   ) strict;
   create unique index reaction_by_message on reaction (room_id, seq, emoji, member_id);
   create index reaction_by_member on reaction (member_id);
   create table vote (
     room_id integer not null,
     seq integer not null,
     member_id text not null,
     name text not null,
     choice text not null,
     primary key (room_id, seq, member_id)
   ) strict, without rowid;
   create index vote_by_member on vote (member_id);
   create table pin (
     id integer primary key,
     room_id integer not null,
     seq integer not null
   ) strict;
   create unique index pin_by_message on pin (room_id, seq);
   create table mention (
     room_id integer not null,
     member_id text not null,
     seq integer not null,
     primary key (room_id, member_id, seq)
   ) strict, without rowid;

   create virtual table message_index using fts5 (
     body, scope, content = '', tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
   );
   insert into message_index (message_index, rank) values ('secure-delete', 1);
   insert into message_index (rowid, body, scope)
     select id, fold_text(text), index_scope(room_id, member_id, 0) from entry where kind = 'message' order by id;`,

  // What is written with every message should be little: lines lie by their number, times grow with it, and the index follows a little later.
  `drop index entry_by_line;
   drop index entry_by_time;
   create table indexed (id integer primary key, last integer not null) strict;
   insert into indexed (id, last) select 1, coalesce(max(id), 0) from entry;
   create table file (
     id text primary key,
     room_id integer not null,
     member_id text not null,
     name text not null,
     type text not null,
     size integer not null,
     details text not null,
     created_at integer not null,
     hash text,
     seq integer,
     gone integer not null default 0
   ) strict, without rowid;
   create index file_by_message on file (room_id, seq);
   create index file_by_hash on file (hash) where hash is not null;
   create index file_unsent on file (member_id, created_at) where seq is null;
   create index file_by_member on file (member_id);
   create index file_gone on file (gone);`,

  // Bots are sessions with less than everything; webhooks remember how far they have come.
  `alter table session add column room_id integer;
   alter table session add column rights text;
   create index session_by_room on session (room_id) where room_id is not null;
   create table hook (
     id text primary key,
     room_id integer not null references room (id),
     url text not null,
     secret text not null,
     created_by text not null,
     created_at integer not null,
     delivered integer not null,
     problem text
   ) strict, without rowid;
   create index hook_by_room on hook (room_id);`,

  // Nothing is looked for in all mentions of a room, or in all files, where only a few of them are meant.
  `create index mention_by_message on mention (room_id, seq);
   drop index file_gone;
   create index file_gone on file (id) where gone = 1;
   drop index file_unsent;
   create index file_unsent on file (member_id, gone) where seq is null;
   create index file_by_size on file (size);`,

  // Pages of lines are read without passing over changes and what others say in private; members are found by their names; what is sent again is
  // known although it is no longer kept.
  `create index entry_public on entry (room_id, seq) where line = 1 and to_id is null;
   create index entry_private_to on entry (room_id, to_id, seq) where line = 1 and to_id is not null;
   create index entry_private_from on entry (room_id, member_id, seq) where line = 1 and to_id is not null;
   alter table membership add column key text not null default '';
   update membership set key = name_key(name);
   create index membership_by_key on membership (room_id, key);
   create table sent (
     hash blob primary key,
     room_id integer not null,
     seq integer not null,
     at integer not null,
     gone_at integer not null
   ) strict, without rowid;
   create index sent_by_number on sent (room_id, seq);
   create index sent_by_time on sent (gone_at);`,

  // What the index holds already is folded anew beside everything else, after the start.
  `alter table indexed add column old_folded integer not null default 0;
   update indexed set old_folded = last;`,

  // The newest message is found also behind any number of people who come and go.
  `alter table room add column last_message integer not null default 0;
   update room set last_message = coalesce((
     select seq from entry where room_id = room.id and line = 1 and to_id is null and kind = 'message'
     order by seq desc limit 1), 0);`,
]
