import type { SqliteDatabase } from './sqlite.ts'
import { boundLimit } from './sqlite-limits.ts'
import { toMatch, type WordIndex, type WordQuery } from './word-index.ts'

/** By SQLite's full-text search, without a copy of the texts. */
export function prepareSqliteWords(db: SqliteDatabase): WordIndex {
  const insert = db.statement('insert into message_index (rowid, body, scope) values (?, ?, ?)')
  const remove = db.statement(
    "insert into message_index (message_index, rowid, body, scope) values ('delete', ?, ?, ?)",
  )
  // By rowid, which grows with the numbers of a room: the index then reads nothing outside of them. Cast, for numbers come from JavaScript
  // as fractions, and of those the index takes no notice: it would walk through everything that is newer.
  const find = db.statement(
    `select found.id as id, entry.seq as seq from (
       select rowid as id from message_index
       where message_index match ? and rowid <= cast(? as integer) and rowid >= cast(? as integer)
       order by rowid desc ${boundLimit}
     ) as found
     left join entry on entry.id = found.id and entry.room_id = ? and (entry.to_id is null or entry.to_id = ? or entry.member_id = ?)
     order by found.id desc`,
  )
  return {
    add: ({ id, body, scope }) => void insert(id, body, scope),
    remove: ({ id, body, scope }) => void remove(id, body, scope),
    find: (query, { roomId, first, last, reader, limit }) =>
      find(matchExpression(query), last, first, limit, roomId, reader, reader).map(toMatch),
  }
}

function matchExpression({ terms, scope }: WordQuery): string {
  return [
    ...scope.map((words) => `scope : (${words.join(' OR ')})`),
    ...terms.map(({ phrase, isPrefix }) => `body : "${phrase}"${isPrefix ? ' *' : ''}`),
  ].join(' AND ')
}
