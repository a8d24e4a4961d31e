import type { Database } from './database.ts'
import { FILE_WORD, foldTerm, foldText, indexScope, memberWord, roomWord } from './fold-text.ts'

export interface SearchTerm {
  text: string
  isPrefix: boolean
}

/** What a reader wants to find. Every condition holds; times are ms since the epoch. */
export interface SearchQuery {
  terms: readonly SearchTerm[]
  /** Members of whom any may have written it; undefined for anybody. */
  from: readonly string[] | undefined
  hasFile: boolean
  before: number | undefined
  after: number | undefined
}

export interface IndexedMessage {
  /** The rowid of the entry. */
  id: number
  roomId: number
  member: string
  text: string
  hasFiles: boolean
}

export interface SearchIndex {
  /** Inside `write` only, as are the next two. */
  add(message: IndexedMessage): void
  /** Has to be told just what was added: the index keeps no texts. */
  remove(message: IndexedMessage): void
  /** Numbers of the messages found before `seq`, the newest first; those that `reader` may read. */
  find(
    query: SearchQuery,
    where: { roomId: number; reader: string; from: number; before: number; limit: number },
  ): number[]
}

export function prepareSearchIndex(db: Database): SearchIndex {
  const add = db.statement('insert into message_index (rowid, body, scope) values (?, ?, ?)')
  const remove = db.statement(
    "insert into message_index (message_index, rowid, body, scope) values ('delete', ?, ?, ?)",
  )
  const find = db.statement(
    `select entry.seq as seq from message_index join entry on entry.id = message_index.rowid
     where message_index match ? and entry.seq < ? and entry.seq > ? and entry.at < ? and entry.at >= ?
       and (entry.to_id is null or entry.to_id = ? or entry.member_id = ?)
     order by message_index.rowid desc limit ?`,
  )
  return {
    add: ({ id, roomId, member, text, hasFiles }) =>
      void add([id, foldText(text), indexScope(roomId, member, hasFiles)]),
    remove: ({ id, roomId, member, text, hasFiles }) =>
      void remove([id, foldText(text), indexScope(roomId, member, hasFiles)]),
    find(query, { roomId, reader, from, before, limit }) {
      const expression = matchExpression(query, roomId)
      if (expression === undefined) return []
      const { before: until = Number.MAX_SAFE_INTEGER, after: since = 0 } = query
      const rows = find([expression, before, from, until, since, reader, reader, limit]) as { seq: number }[]
      return rows.map(({ seq }) => seq)
    },
  }
}

/** Undefined where nothing can match. */
function matchExpression({ terms, from, hasFile }: SearchQuery, roomId: number): string | undefined {
  const parts = [`scope : ${roomWord(roomId)}`]
  if (hasFile) parts.push(`scope : ${FILE_WORD}`)
  if (from !== undefined) {
    if (from.length === 0) return undefined
    parts.push(`scope : (${from.map(memberWord).join(' OR ')})`)
  }
  for (const { text, isPrefix } of terms) {
    const term = foldTerm(text, isPrefix)
    if (term.phrase === '') return undefined
    parts.push(`body : "${term.phrase}"${term.isPrefix ? ' *' : ''}`)
  }
  return parts.join(' AND ')
}
