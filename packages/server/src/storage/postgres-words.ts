import type { PostgresDatabase } from './postgres.ts'
import { type IndexedText, toMatch, type WordIndex, type WordQuery } from './word-index.ts'

/**
 * By vectors of words that are made here, so that both databases find the same: `simple` and its relatives know neither accents nor pairs of
 * syllables.
 */
export function preparePostgresWords(db: PostgresDatabase): WordIndex {
  const insert = db.statement('insert into message_index (id, words) values ($1, $2::tsvector)')
  const remove = db.statement('delete from message_index where id = $1')
  const find = db.statement(
    `select found.id as id, entry.seq as seq from (
       select id from message_index where words @@ $1::tsquery and id <= $2 and id >= $3 order by id desc limit $4
     ) as found
     left join entry on entry.id = found.id and entry.room_id = $5 and (entry.to_id is null or entry.to_id = $6 or entry.member_id = $6)
     order by found.id desc`,
  )
  return {
    add: ({ id, ...text }) => void insert(id, vectorOf(text)),
    remove: ({ id }) => void remove(id),
    find: (query, { roomId, first, last, reader, limit }) =>
      find(queryOf(query), last, first, limit, roomId, reader).map(toMatch),
  }
}

/** A lexeme has at most 2046 bytes. */
const LONGEST = 500

/** As SQLite's `unicode61 remove_diacritics 2`: words are of letters and numbers, without case and accents. */
function wordsOf(text: string): string[] {
  const plain = text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase()
  return (plain.match(/[\p{L}\p{N}\p{Co}]+/gu) ?? []).map((word) => word.slice(0, LONGEST).toWellFormed())
}

/** No word of a text begins like this. */
const scoped = (word: string) => `'#${word}'`

function vectorOf({ body, scope }: Pick<IndexedText, 'body' | 'scope'>): string {
  const words = wordsOf(body).map((word, index) => `'${word}':${index + 1}`)
  return [...scope.split(' ').map(scoped), ...words].join(' ')
}

function queryOf({ terms, scope }: WordQuery): string {
  return [
    ...scope.map((words) => `(${words.map(scoped).join(' | ')})`),
    ...terms.map(({ phrase, isPrefix }) => {
      const words = wordsOf(phrase).map((word) => `'${word}'`)
      return `(${words.join(' <-> ')}${isPrefix ? ':*' : ''})`
    }),
  ].join(' & ')
}
