import type { Database } from './database.ts'
import { entryColumns, type StoredMessage, toStored } from './entry-rows.ts'
import { FILE_WORD, foldTerm, foldText, indexScope, memberWord, roomWord } from './fold-text.ts'

export interface SearchTerm {
  text: string
  isPrefix: boolean
}

/** What a reader wants to find. Every condition holds. */
export interface SearchQuery {
  terms: readonly SearchTerm[]
  /** Members of whom any may have written it; undefined for anybody. */
  from: readonly string[] | undefined
  hasFile: boolean
}

type IndexedMessage = StoredMessage & { roomId: number }

export interface SearchIndex {
  /** Whether there are messages that the index has not taken up. */
  isBehind(): boolean
  /** Takes up at most so many entries; true where there are more. Inside `write` only, as the next. */
  catchUp(limit: number): boolean
  /** A message is about to become another one, or nothing. Has to be told just what it was: the index keeps no texts. */
  change(before: IndexedMessage, after: IndexedMessage | undefined): void
  /** Numbers of the messages found after the number `from` and before another, the newest first; those that `reader` may read. */
  find(
    query: SearchQuery,
    where: { roomId: number; reader: string; from: number; before: number; limit: number },
  ): number[]
}

export function prepareSearchIndex(db: Database): SearchIndex {
  const insert = db.statement('insert into message_index (rowid, body, scope) values (?, ?, ?)')
  const remove = db.statement(
    "insert into message_index (message_index, rowid, body, scope) values ('delete', ?, ?, ?)",
  )
  const find = db.statement(
    `select entry.seq as seq from message_index join entry on entry.id = message_index.rowid
     where message_index match ? and message_index.rowid < ? and message_index.rowid >= ?
       and (entry.to_id is null or entry.to_id = ? or entry.member_id = ?)
     order by message_index.rowid desc limit ?`,
  )
  const idAt = db.query<{ roomId: number; seq: number }>()((tables, values) =>
    tables
      .selectFrom('entry')
      .select('id')
      .where('room_id', '=', values.roomId)
      .where('seq', '>=', values.seq)
      .orderBy('seq')
      .limit(1),
  )
  const last = db.query<object>()((tables) => tables.selectFrom('indexed').select('last'))
  const setLast = db.query<{ last: number }>()((tables, values) =>
    tables.updateTable('indexed').set({ last: values.last }),
  )
  const newest = db.query<object>()((tables) => tables.selectFrom('entry').select((eb) => eb.fn.max('id').as('id')))
  const next = db.query<{ last: number; limit: number }>()((tables, values) =>
    tables
      .selectFrom('entry')
      .select(['id', ...entryColumns])
      .where('id', '>', values.last)
      .orderBy('id')
      .limit(values.limit),
  )
  const indexedTo = () => last({})[0]?.last ?? 0
  const add = (message: IndexedMessage) => void insert(valuesOf(message))

  return {
    isBehind: () => (newest({})[0]?.id ?? 0) > indexedTo(),
    catchUp(limit) {
      const rows = next({ last: indexedTo(), limit })
      for (const row of rows)
        if (row.kind === 'message' && row.deleted === 0) add({ roomId: row.room_id, ...toStored(row) })
      const to = rows.at(-1)?.id
      if (to !== undefined) setLast({ last: to })
      return rows.length === limit
    },
    change(before, after) {
      // What the index has not come to yet it will find as it is then.
      if (before.id > indexedTo()) return
      remove(valuesOf(before))
      if (after) add(after)
    },
    find(query, { roomId, reader, from, before, limit }) {
      const expression = matchExpression(query, roomId)
      if (expression === undefined) return []
      // By rowid, which grows with the numbers of a room: the index then reads nothing outside of them.
      const [first, end] = [idAt({ roomId, seq: from + 1 })[0]?.id, idAt({ roomId, seq: before })[0]?.id]
      if (first === undefined) return []
      const rows = find([expression, end ?? Number.MAX_SAFE_INTEGER, first, reader, reader, limit]) as { seq: number }[]
      return rows.map(({ seq }) => seq)
    },
  }
}

/** Found by what it says, by the options of its poll and by the names of its files. */
function valuesOf({ id, roomId, member, text, data: { poll, files } }: IndexedMessage): [number, string, string] {
  const parts = [text, ...(poll?.options ?? []), ...(files?.map(({ name }) => name) ?? [])]
  return [id, foldText(parts.join('\n')), indexScope(roomId, member, files !== undefined)]
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
