import { foldCase } from '../storage/fold-text.ts'
import type { SearchTerm } from '../storage/search-index.ts'

/**
 * Where the words of a search stand in a text: pairs of start and end as JavaScript counts, ascending, without overlap. Case and accents are
 * folded as the index folds them.
 */
export function markWords(text: string, terms: readonly SearchTerm[]): [number, number][] {
  const { folded, startOf, endOf } = fold(text)
  const found = terms.flatMap((term) => occurrences(folded, term))
  const marks = found
    .map(([start, end]): [number, number] => [startOf(start), endOf(end)])
    .toSorted((a, b) => a[0] - b[0] || b[1] - a[1])
  const apart: [number, number][] = []
  for (const mark of marks) {
    const last = apart.at(-1)
    if (last && mark[0] < last[1]) last[1] = Math.max(last[1], mark[1])
    else apart.push(mark)
  }
  return apart
}

interface Folded {
  folded: string
  /** Where in the text the character begins that has become this unit. */
  startOf(at: number): number
  /** Where the character ends that has become the unit before this one. */
  endOf(at: number): number
}

/**
 * Folded character by character, so that each knows where it came from, also of several what was one ("ß", "ﬁ"); of a text of Latin letters alone,
 * each stays where it is.
 */
function fold(text: string): Folded {
  if (/^[\0-\x7f]*$/.test(text)) return { folded: text.toLowerCase(), startOf: (at) => at, endOf: (at) => at }
  let folded = ''
  const starts: number[] = []
  const ends: number[] = []
  let at = 0
  for (const character of text) {
    const own = foldCharacter(character)
    // An accent of its own belongs to the letter before it.
    if (own === '' && ends.length > 0) ends[ends.length - 1] = at + character.length
    for (let n = 0; n < own.length; n += 1) {
      starts.push(at)
      ends.push(at + character.length)
    }
    folded += own
    at += character.length
  }
  return { folded, startOf: (index) => starts[index] ?? at, endOf: (index) => ends[index - 1] ?? 0 }
}

/** Latin letters without accents, kana, Chinese characters and syllables of Hangul: most of what is written, and folding only lowers it. */
const plain = /^[\0-\x7f\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]$/

const foldCharacter = (text: string): string => (plain.test(text) ? text.toLowerCase() : foldAccents(text))

const foldAccents = (text: string): string =>
  foldCase(
    text
      .normalize('NFKD')
      .replace(/[\u0300-\u036f]/g, '')
      .normalize('NFC'),
  )

const letter = /[\p{L}\p{N}]/u
/** Scripts in which any part of a run can be searched for. */
const joined = /[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u

function occurrences(text: string, { text: raw, isPrefix }: SearchTerm): [number, number][] {
  const word = Array.from(raw, foldCharacter)
    .join('')
    .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')
  if (word === '') return []
  const found: [number, number][] = []
  for (let start = text.indexOf(word); start >= 0; start = text.indexOf(word, start + word.length)) {
    const end = start + word.length
    if (isEdge(text, start) && (isPrefix || isEdge(text, end))) found.push([start, end])
  }
  return found
}

/** Whether a word of the index can begin or end there. */
function isEdge(text: string, at: number): boolean {
  const [before, after] = [text.charAt(at - 1), text.charAt(at)]
  return !letter.test(before) || !letter.test(after) || joined.test(before) || joined.test(after)
}
