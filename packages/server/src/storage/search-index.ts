import type { Kysely } from 'kysely'
import type { Database } from './database.ts'
import { entryColumns, type StoredMessage, toStored } from './entry-rows.ts'
import { FILE_WORD, foldTerm, foldText, foldTextBefore, indexScope, memberWord, roomWord } from './fold-text.ts'
import type { Tables } from './tables.ts'
import type { IndexedText } from './word-index.ts'

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
  /** Whether some of it is still folded as before. */
  isOldFolded(): boolean
  /** Looks through the newest of these entries, at most so many, and folds anew what has to be; true where there are more. Inside `write` only, as the next. */
  foldAnew(limit: number): boolean
  /** A message is about to become another one, or nothing. Has to be told just what it was: the index keeps no texts. */
  change(before: IndexedMessage, after: IndexedMessage | undefined): void
  /**
   * Numbers of the messages found after the number `from` and before another, the newest first; those that `reader` may read. In steps, which
   * look at `AT_ONCE` messages at most: others' private ones, and those of other rooms, may be any number.
   */
  find(
    query: SearchQuery,
    where: { roomId: number; reader: string; from: number; before: number; limit: number },
  ): Generator<number[]>
}

/** Most messages of one step, after the first ones, which are usually enough: the event loop stands still while they are looked at. */
const AT_ONCE = 2_000

/** Most messages folded anew in one step: taking out securely what is in the index costs a millisecond each. */
const FOLDED_AT_ONCE = 16

export function prepareSearchIndex(db: Database): SearchIndex {
  const words = db.words()
  const inRoom = (tables: Kysely<Tables>, roomId: number) =>
    tables.selectFrom('entry').select(['id', 'seq']).where('room_id', '=', roomId).limit(1)
  const firstAfter = db.query<{ roomId: number; seq: number }>()((tables, values) =>
    inRoom(tables, values.roomId).where('seq', '>', values.seq).orderBy('seq'),
  )
  const lastBefore = db.query<{ roomId: number; seq: number }>()((tables, values) =>
    inRoom(tables, values.roomId).where('seq', '<', values.seq).orderBy('seq', 'desc'),
  )
  const state = db.query<object>()((tables) => tables.selectFrom('indexed').select(['last', 'old_folded']))
  const setLast = db.query<{ last: number }>()((tables, values) =>
    tables.updateTable('indexed').set({ last: values.last }),
  )
  const setOldFolded = db.query<{ last: number }>()((tables, values) =>
    tables.updateTable('indexed').set({ old_folded: values.last }),
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
  const upTo = db.query<{ last: number; limit: number }>()((tables, values) =>
    tables
      .selectFrom('entry')
      .select(['id', ...entryColumns])
      .where('id', '<=', values.last)
      .orderBy('id', 'desc')
      .limit(values.limit),
  )
  const indexedTo = () => state({})[0]?.last ?? 0
  const oldFoldedTo = () => state({})[0]?.old_folded ?? 0
  const messagesIn = (rows: ReturnType<typeof next>): IndexedMessage[] =>
    rows
      .filter(({ kind, deleted }) => kind === 'message' && deleted === 0)
      .map((row) => ({ roomId: row.room_id, ...toStored(row) }))

  return {
    isBehind: () => (newest({})[0]?.id ?? 0) > indexedTo(),
    catchUp(limit) {
      const rows = next({ last: indexedTo(), limit })
      for (const message of messagesIn(rows)) words.add(indexed(message, foldText))
      const to = rows.at(-1)?.id
      if (to !== undefined) setLast({ last: to })
      return rows.length === limit
    },
    isOldFolded: () => oldFoldedTo() > 0,
    foldAnew(limit) {
      const rows = upTo({ last: oldFoldedTo(), limit })
      let changed = 0
      for (const message of messagesIn(rows)) {
        const [before, after] = [indexed(message, foldTextBefore), indexed(message, foldText)]
        // Whatever folds them, capitals of ASCII were always folded.
        if (before.body.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase()) === after.body) continue
        words.remove(before)
        words.add(after)
        changed += 1
        if (changed < FOLDED_AT_ONCE) continue
        setOldFolded({ last: message.id - 1 })
        return true
      }
      const last = rows.at(-1)?.id ?? 0
      setOldFolded({ last: rows.length === limit ? last - 1 : 0 })
      return rows.length === limit
    },
    change(before, after) {
      const { last = 0, old_folded = 0 } = state({})[0] ?? {}
      // What the index has not come to yet it will find as it is then.
      if (before.id > last) return
      const fold = before.id > old_folded ? foldText : foldTextBefore
      words.remove(indexed(before, fold))
      if (after) words.add(indexed(after, fold))
    },
    *find(query, { roomId, reader, from, before, limit }) {
      const terms = query.terms.map(({ text, isPrefix }) => foldTerm(text, isPrefix))
      if (terms.some(({ phrase }) => phrase === '') || query.from?.length === 0) return
      // By ids, which grow with the numbers of a room: the index then reads nothing outside of them.
      const [first] = firstAfter({ roomId, seq: from })
      const [last] = lastBefore({ roomId, seq: before })
      if (!first || !last) return
      const scope = query.hasFile ? [[FILE_WORD]] : []
      if (query.from !== undefined) scope.push(query.from.map(memberWord))
      // Where most of what lies there is the room's, its word would leave out little and have the index work twice as long.
      const isMost = (last.seq - first.seq) * 2 > last.id - first.id
      if (!isMost || terms.length + scope.length === 0) scope.push([roomWord(roomId)])
      for (let end = last.id, atOnce = limit; ; atOnce = Math.min(atOnce * 4, AT_ONCE)) {
        const found = words.find({ terms, scope }, { roomId, first: first.id, last: end, reader, limit: atOnce })
        yield found.flatMap(({ seq }) => seq ?? [])
        if (found.length < atOnce) return
        end = (found.at(-1)?.id ?? first.id) - 1
      }
    },
  }
}

/** Found by what it says, by the options of its poll and by the names of its files. */
function indexed(
  { id, roomId, member, text, data: { poll, files } }: IndexedMessage,
  fold: (text: string) => string,
): IndexedText {
  const parts = [text, ...(poll?.options ?? []), ...(files?.map(({ name }) => name) ?? [])]
  return { id, body: fold(parts.join('\n')), scope: indexScope(roomId, member, files !== undefined) }
}
