/** The language of the search box. Pure. */
import { AppError } from '@maru/protocol'
import { isPaired } from '../storage/fold-text.ts'
import type { SearchTerm } from '../storage/search-index.ts'

export interface ReadQuery {
  terms: SearchTerm[]
  /** Nicknames, as typed. */
  from: string[]
  hasFile: boolean
  before: number | undefined
  after: number | undefined
}

const bad = (message: string) => new AppError('query_bad', message, { field: 'query' })

/**
 * Words, `"phrases"`, beginnings of two letters or more (`beg*`), and `from:name`, `from:"long name"`, `has:file`, `before:2026-07-14`, `after:2026-07-14`. Days are
 * those of UTC; `before` is until the day begins, `after` from its beginning.
 * @throws query_bad
 */
export function readQuery(raw: string): ReadQuery {
  const query: ReadQuery = { terms: [], from: [], hasFile: false, before: undefined, after: undefined }
  for (const [, key, quoted, word = ''] of raw.matchAll(/(?:(from|has|before|after):)?(?:"([^"]*)"?|([^\s"]+))/giu)) {
    const text = quoted ?? word
    switch (key?.toLowerCase()) {
      case 'from':
        query.from.push(text)
        break
      case 'has':
        if (!/^files?$/i.test(text)) throw bad('After "has:" only "file" can stand.')
        query.hasFile = true
        break
      case 'before':
        query.before = readDay(text)
        break
      case 'after':
        query.after = readDay(text)
        break
      default:
        query.terms.push(readTerm(text, quoted !== undefined))
    }
  }
  query.terms = query.terms.filter(({ text }) => text !== '')
  const isEmpty = query.terms.length === 0 && query.from.length === 0 && !query.hasFile
  if (isEmpty && query.before === undefined && query.after === undefined) throw bad('Type a word of what you look for.')
  return query
}

function readTerm(text: string, isPhrase: boolean): SearchTerm {
  const isPrefix = !isPhrase && text.endsWith('*')
  const bare = isPrefix ? text.replace(/\*+$/, '') : text
  if (isPrefix && isSingleLetter(bare))
    throw bad(`A beginning has at least two letters: nearly everything has a word that begins with "${bare}".`)
  return { text: /[\p{L}\p{N}]/u.test(bare) ? bare : '', isPrefix }
}

/** One letter, where letters make words; a syllable or a sign is one almost by itself. */
function isSingleLetter(text: string): boolean {
  const letters = text.normalize('NFKC').match(/[\p{L}\p{N}]/gu) ?? []
  return letters.length === 1 && !isPaired(text)
}

function readDay(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(at)) throw bad(`"${Array.from(text).slice(0, 20).join('')}" is no day: write it as 2026-07-14.`)
  return at
}
