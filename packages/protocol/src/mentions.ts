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

/** Finds `@name` and `@everyone`, the longest name first, capitals or not. Code is not looked into. `people` may be told by the keys of their names. */
export function findMentions(
  text: string,
  people: readonly { id: string; name: string }[] | ReadonlyMap<string, string>,
): Mention[] {
  const found: Mention[] = []
  let names: Names | undefined
  for (const start of callsOf(text)) {
    names ??= 'get' in people ? { byKey: people, longest: LONGEST } : knownNames(people)
    const { byKey, longest } = names
    for (const { end, key } of wordsAt(text, start, longest)) {
      const member = key === EVERYONE ? EVERYONE : byKey.get(key)
      if (member === undefined) continue
      found.push({ start, end, member })
      break
    }
    if (found.length >= limits.mentions) break
  }
  return found
}

/** Whose name a text begins with, with an `@` or without, and what it says to them. Undefined where it is nobody's, or only the beginning of a word. */
export function readAddressee<Person extends { id: string; name: string }>(
  text: string,
  people: readonly Person[],
): { to: Person; text: string } | undefined {
  const called = `@${text.trim().replace(/^@/, '')}`
  const [first] = findMentions(called, people)
  const rest = called.slice(first?.end)
  const to = first?.start === 0 && /^(\s|$)/.test(rest) && people.find(({ id }) => id === first.member)
  return to ? { to, text: rest.trim() } : undefined
}

/** The keys of all names that a text could call: of members with other names it calls none. */
export function keysIn(text: string): string[] {
  const keys = new Set<string>()
  for (const start of callsOf(text)) for (const { key } of wordsAt(text, start, LONGEST)) keys.add(key)
  return [...keys]
}

const EVERYONE = 'everyone'
/** What a text that calls somebody has at most. Some single letters stand for a whole phrase; a name of those is called as it is written. */
const LONGEST = limits.name * 2
/** Signs that are looked at: anybody may write a text full of them. */
const MOST_CALLS = limits.mentions * 2

/** Where an `@` stands that may call somebody. */
function callsOf(text: string): number[] {
  const found: number[] = []
  if (!text.includes('@')) return found
  for (const { 0: part, index } of text.matchAll(/```[\s\S]*?(?:```|$)|`[^`\n]*`|@/g)) {
    if (part !== '@' || before.test(text.slice(Math.max(0, index - 2), index))) continue
    if (found.push(index) >= MOST_CALLS) break
  }
  return found
}

interface Names {
  byKey: ReadonlyMap<string, string>
  longest: number
}

function knownNames(people: readonly { id: string; name: string }[]): Names {
  const byKey = new Map<string, string>()
  let longest = EVERYONE.length
  for (const { id, name } of people) {
    const key = nameKey(name)
    if (key !== '' && !byKey.has(key)) byKey.set(key, id)
    longest = Math.max(longest, name.length, key.length)
  }
  return { byKey, longest: Math.min(longest, LONGEST) }
}

/** What stands behind an `@` and may be a name, the longest first. Compared as people read, by `nameKey`, which may be longer or shorter. */
function* wordsAt(text: string, at: number, longest: number): Generator<{ end: number; key: string }> {
  for (let end = Math.min(text.length, at + 1 + longest); end > at + 1; end -= 1) {
    // Two letters, each of two units, are the most that is looked at.
    const rest = text.slice(end, end + 2)
    if (goesOn.test(rest) && !joinsOn.test(rest)) continue
    const key = nameKey(text.slice(at + 1, end))
    if (key !== '') yield { end, key }
  }
}

/** Whether a message calls somebody: by name, or as one of everyone. */
export function callsOn(
  { everyone, mentions }: { everyone?: boolean | undefined; mentions?: readonly string[] | undefined },
  member: string | undefined,
): boolean {
  return everyone === true || (member !== undefined && mentions?.includes(member) === true)
}
