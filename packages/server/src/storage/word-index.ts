/** A message as an index of words takes it: texts folded by `foldText`, and the words of its scope. */
export interface IndexedText {
  /** Of its entry; larger for what came later. */
  id: number
  body: string
  scope: string
}

export interface WordQuery {
  /** Each has to be in the body: words one after the other, the last one perhaps only begun. */
  terms: readonly { phrase: string; isPrefix: boolean }[]
  /** Of each list one has to be in the scope. */
  scope: readonly (readonly string[])[]
}

/** The part of the search index that each database has in a form of its own. */
export interface WordIndex {
  add(text: IndexedText): void
  /** It has to be told just what was added: an index may keep no texts. */
  remove(text: IndexedText): void
  /** The newest `limit` messages with ids from `first` to `last`, the newest first, whoever may read them. */
  find(query: WordQuery, where: { roomId: number; first: number; last: number; reader: string; limit: number }): Match[]
}

export interface Match {
  id: number
  /** Its number; absent where it is of another room, or not for `reader`. */
  seq?: number
}

export const toMatch = ({ id, seq }: Record<string, unknown>): Match => ({
  id: Number(id),
  ...(seq !== null && { seq: Number(seq) }),
})
