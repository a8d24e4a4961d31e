import type { SqliteDatabase } from './sqlite.ts'
import type { WordIndex, WordQuery } from './word-index.ts'

/** By SQLite's full-text search, without a copy of the texts. */
export function prepareSqliteWords(db: SqliteDatabase): WordIndex {
  const insert = db.statement('insert into message_index (rowid, body, scope) values (?, ?, ?)')
  const remove = db.statement(
    "insert into message_index (message_index, rowid, body, scope) values ('delete', ?, ?, ?)",
  )
  // By rowid, which grows with the numbers of a room: the index then reads nothing outside of them. Cast, for numbers come from JavaScript
  // as fractions, and of those the index takes no notice: it would walk through everything that is newer.
  const find = db.statement(
    `select entry.seq as seq from message_index join entry on entry.id = message_index.rowid
     where message_index match ? and message_index.rowid <= cast(? as integer) and message_index.rowid >= cast(? as integer)
       and entry.room_id = ? and (entry.to_id is null or entry.to_id = ? or entry.member_id = ?)
     order by message_index.rowid desc limit ?`,
  )
  return {
    add: ({ id, body, scope }) => void insert(id, body, scope),
    remove: ({ id, body, scope }) => void remove(id, body, scope),
    find: (query, { roomId, first, last, reader, limit }) =>
      find(matchExpression(query), last, first, roomId, reader, reader, limit).map(({ seq }) => Number(seq)),
  }
}

function matchExpression({ terms, scope }: WordQuery): string {
  return [
    ...scope.map((words) => `scope : (${words.join(' OR ')})`),
    ...terms.map(({ phrase, isPrefix }) => `body : "${phrase}"${isPrefix ? ' *' : ''}`),
  ].join(' AND ')
}
