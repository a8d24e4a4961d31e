/** A part of a text by its place in it; `end` is the first place behind. */
export interface Part {
  start: number
  end: number
}

/** A run of signs that may open an emphasis, as far as nothing has closed it. */
interface Opener extends Part {
  sign: string
}

/**
 * What can stand at a place where Markdown means something: a fenced block, a line's beginning, an escaped sign, code, a link, signs
 * of emphasis, an empty line. Nothing in it looks far ahead more than once, so that no text takes long.
 */
const piece =
  /^ {0,3}(?<fence>`{3,}|~{3,})[^\n`]*\n(?<block>[\s\S]*?)(?:\n {0,3}\k<fence>[ \t]*$|(?![\s\S]))|^[ \t]*(?:[-*_][ \t]*){3,}$|^[ \t]*(?:(?:>|[-+*](?=[ \t])|#{1,6}(?=[ \t]))[ \t]*)+|\\(?<escaped>[!-/:-@[-`{-~])|(?<ticks>`{1,2})(?<code>[^`\n]+)\k<ticks>(?!`)|!?\[(?<words>[^[\]\n]+)\]\(https?:\/\/[^\s()]+\)|https?:\/\/[^\s<>]*[^\s<>*_~]|(?<run>\*+|_+|~~)|\n[ \t]*\n/gimu

/** The parts of a text that are said when the signs of Markdown are taken away; nothing of what was written is ever added to. */
export function bareParts(text: string): Part[] {
  const hidden: Part[] = []
  let openers: Opener[] = []
  const scan = (from: number, to: number) => {
    const pieces = text.slice(from, to)
    for (const found of pieces.matchAll(piece)) {
      const start = from + found.index
      const end = start + found[0].length
      const { block, escaped, code, words, run } = found.groups ?? {}
      const inner = block ?? code
      if (run !== undefined) openers = emphasise(text, { start, end }, openers, hidden)
      else if (words !== undefined) {
        const first = start + found[0].indexOf('[') + 1
        hidden.push({ start, end: first })
        scan(first, first + words.length)
        hidden.push({ start: first + words.length, end })
      } else if (inner !== undefined) {
        const first = start + found[0].indexOf(inner, code === undefined ? found[0].indexOf('\n') + 1 : 1)
        hidden.push({ start, end: first }, { start: first + inner.length, end })
      } else if (escaped !== undefined) hidden.push({ start, end: start + 1 })
      else if (!/^http/i.test(found[0])) {
        openers = []
        if (found[0].trim() !== '') hidden.push({ start, end })
      }
    }
  }
  scan(0, text.length)
  return without(text.length, hidden)
}

/** Closes what a run of `*`, `_` or `~~` closes, and leaves what of it may open something. */
function emphasise(text: string, { start, end }: Part, openers: Opener[], hidden: Part[]): Opener[] {
  const sign = text[start] ?? ''
  const before = text.slice(0, start).at(-1) ?? ' '
  const after = text[end] ?? ' '
  const isIn = (letter: string) => sign === '_' && /[\p{L}\p{N}]/u.test(letter)
  let at = start
  let left = openers
  if (!/\s/.test(before) && !isIn(after))
    while (at < end) {
      const index = left.findLastIndex((opener) => opener.sign === sign)
      const opener = left[index]
      if (!opener) break
      const taken = Math.min(2, opener.end - opener.start, end - at)
      hidden.push({ start: opener.end - taken, end: opener.end }, { start: at, end: at + taken })
      at += taken
      const rest = { ...opener, end: opener.end - taken }
      left = [...left.slice(0, index), ...(rest.end > rest.start ? [rest] : [])]
    }
  const mayOpen = at < end && !/\s/.test(after) && !isIn(before)
  return mayOpen ? [...left, { sign, start: at, end }] : left
}

function without(length: number, hidden: readonly Part[]): Part[] {
  const parts: Part[] = []
  let at = 0
  for (const { start, end } of [...hidden].sort((a, b) => a.start - b.start)) {
    if (start > at) parts.push({ start: at, end: start })
    at = Math.max(at, end)
  }
  if (at < length) parts.push({ start: at, end: length })
  return parts
}
