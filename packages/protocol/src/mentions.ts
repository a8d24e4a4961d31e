import { limits } from './limits.ts'
import { nameKey } from './names.ts'

/** Who is called by name in a text, and where: `start` and `end` as JavaScript counts. */
export interface Mention {
  start: number
  end: number
  member: string | 'everyone'
}

/** After a name no letter goes on, except in scripts that set no space between a name and what belongs to it ("@지민은"). */
const goesOn = /^[\p{L}\p{N}\p{M}_]/u
const joinsOn = /^[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u
const before = /[\p{L}\p{N}_@/]$/u

/** Finds `@name` and `@everyone`, the longest name first, capitals or not. Code is not looked into. */
export function findMentions(text: string, people: readonly { id: string; name: string }[]): Mention[] {
  if (!text.includes('@')) return []
  const names = [...people.map(({ id, name }) => ({ id, name })), { id: 'everyone', name: 'everyone' }]
    .map(({ id, name }) => ({ id, key: nameKey(name) }))
    .toSorted((a, b) => b.key.length - a.key.length)
  const found: Mention[] = []
  for (const { 0: part, index } of text.matchAll(/```[\s\S]*?(?:```|$)|`[^`\n]*`|@/g)) {
    if (part !== '@' || before.test(text.slice(0, index))) continue
    const hit = names.flatMap(({ id, key }) => matchAt(text, index, { id, key })).at(0)
    if (hit) found.push(hit)
    if (found.length >= limits.mentions) break
  }
  return found
}

/** Compares as people read: by `nameKey`, which may be longer or shorter than what was typed. */
function matchAt(text: string, at: number, { id, key }: { id: string; key: string }): Mention[] {
  const from = at + 1
  for (const length of [key.length, key.length + 1, key.length - 1]) {
    const end = from + length
    if (length < 1 || end > text.length || nameKey(text.slice(from, end)) !== key) continue
    const rest = text.slice(end)
    if (goesOn.test(rest) && !joinsOn.test(rest)) continue
    return [{ start: at, end, member: id }]
  }
  return []
}
