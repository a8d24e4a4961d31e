/** The language of the search box. Pure. */
import { AppError, limits } from '@maru/protocol'
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

/** What is wrong, and with which part of the search: an operator by its name. */
export const badQuery = (message: string, field = 'query') => new AppError('query_bad', message, { field })

const part = /(from|has|before|after):(?:"([^"]*)"?|([^\s"]*))|"([^"]*)"?|([^\s"]+)/giu

/**
 * Words, `"phrases"`, beginnings of two letters or more (`beg*`), and `from:name`, `from:"long name"`, `has:file`, `before:2026-07-14`, `after:2026-07-14`. Days are
 * those of UTC; `before` is until the day begins, `after` from its beginning.
 * @throws query_bad
 */
export function readQuery(raw: string): ReadQuery {
  const query: ReadQuery = { terms: [], from: [], hasFile: false, before: undefined, after: undefined }
  for (const [, operator, quotedValue, value = '', phrase, word = ''] of raw.matchAll(part))
    if (operator !== undefined) readCondition(query, operator.toLowerCase(), (quotedValue ?? value).trim())
    else query.terms.push(readTerm(phrase ?? word, phrase !== undefined))
  query.terms = query.terms.filter(({ text }) => text !== '')
  const { before, after } = query
  const isEmpty = query.terms.length === 0 && query.from.length === 0 && !query.hasFile
  if (isEmpty && before === undefined && after === undefined) throw badQuery('Type a word of what you look for.')
  if (before !== undefined && after !== undefined && before <= after)
    throw badQuery(
      'Nothing lies between these days: "before:" is until its day begins, "after:" from the beginning of its day on.',
      'before',
    )
  return query
}

/** @throws query_bad */
function readCondition(query: ReadQuery, operator: string, value: string): void {
  if (operator === 'before' || operator === 'after') query[operator] = readDay(operator, value)
  else if (operator === 'has') {
    if (!/^files?$/i.test(value)) throw badQuery('After "has:" only "file" can stand.', 'has')
    query.hasFile = true
  } else {
    if (value.replace(/^@/, '') === '')
      throw badQuery('After "from:" a name has to stand, without a space: from:Ana or from:"Ana Lee".', 'from')
    query.from.push(value)
  }
}

function readTerm(text: string, isPhrase: boolean): SearchTerm {
  const isPrefix = !isPhrase && text.endsWith('*')
  const bare = isPrefix ? text.replace(/\*+$/, '') : text
  if (isPrefix && isSingleLetter(bare))
    throw badQuery(`A beginning has at least two letters: nearly everything has a word that begins with "${bare}".`)
  return { text: /[\p{L}\p{N}]/u.test(bare) ? bare : '', isPrefix }
}

/** One letter, where letters make words; a syllable or a sign is one almost by itself. */
function isSingleLetter(text: string): boolean {
  const letters = text.normalize('NFKC').match(/[\p{L}\p{N}]/gu) ?? []
  return letters.length === 1 && !isPaired(text)
}

function readDay(operator: string, value: string): number {
  if (value === '') throw badQuery(`After "${operator}:" a day has to stand: ${operator}:2026-07-14.`, operator)
  const at = /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(`${value}T00:00:00Z`) : Number.NaN
  // Of a 31st of February the 3rd of March would be made.
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== value)
    throw badQuery(`"${shortened(value)}" is no day: write it as ${operator}:2026-07-14.`, operator)
  return at
}

/** What was typed, as far as an answer repeats it. */
export const shortened = (typed: string): string => Array.from(typed).slice(0, limits.name).join('')
