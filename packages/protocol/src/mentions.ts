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
  const names = knownNames(people)
  const found: Mention[] = []
  for (const { 0: part, index } of text.matchAll(/```[\s\S]*?(?:```|$)|`[^`\n]*`|@/g)) {
    if (part !== '@' || before.test(text.slice(Math.max(0, index - 2), index))) continue
    const hit = matchAt(text, index, names)
    if (hit) found.push(hit)
    if (found.length >= limits.mentions) break
  }
  return found
}

interface Names {
  byKey: Map<string, string>
  /** What a text that calls one of them has at most. */
  longest: number
}

/** What each look at a text takes must not grow with the room: anybody may write a text full of `@`. */
function knownNames(people: readonly { id: string; name: string }[]): Names {
  const byKey = new Map([['everyone', 'everyone']])
  let longest = 'everyone'.length
  for (const { id, name } of people) {
    const key = nameKey(name)
    if (key !== '' && !byKey.has(key)) byKey.set(key, id)
    longest = Math.max(longest, name.length, key.length)
  }
  // Some single letters stand for a whole phrase; a name of those is called as it is written.
  return { byKey, longest: Math.min(longest, limits.name * 2) }
}

/** Compares as people read: by `nameKey`, which may be longer or shorter than what was typed. */
function matchAt(text: string, at: number, { byKey, longest }: Names): Mention | undefined {
  for (let end = Math.min(text.length, at + 1 + longest); end > at + 1; end -= 1) {
    const member = byKey.get(nameKey(text.slice(at + 1, end)))
    if (member === undefined) continue
    // Two letters, each of two units, are the most that is looked at.
    const rest = text.slice(end, end + 2)
    if (!goesOn.test(rest) || joinsOn.test(rest)) return { start: at, end, member }
  }
  return undefined
}

/** Whether a message calls somebody: by name, or as one of everyone. */
export function callsOn(
  { everyone, mentions }: { everyone?: boolean | undefined; mentions?: readonly string[] | undefined },
  member: string | undefined,
): boolean {
  return everyone === true || (member !== undefined && mentions?.includes(member) === true)
}
