import type { Language } from '../../lib/words/use-words.ts'
import { skinTones } from './skin-tone.ts'

/** Emoji by name, from our own origin: fetched when somebody looks for the first one. */
export interface Emoji {
  sign: string
  /** What it is called between colons. */
  names: readonly string[]
  label: string
  tags: readonly string[]
  group: number
  /** The same with the skin tones, from light to dark, where it has any. */
  tones?: readonly string[]
}

interface Row {
  unicode: string
  hexcode: string
  label: string
  tags?: string[]
  group?: number
  order?: number
  skins?: { unicode: string; hexcode: string }[]
}

const sets = new Map<string, Promise<readonly Emoji[]>>()

export function loadEmoji(language: Language): Promise<readonly Emoji[]> {
  let set = sets.get(language)
  if (!set) {
    set = load(language)
    set.catch(() => sets.delete(language))
    sets.set(language, set)
  }
  return set
}

async function load(language: Language): Promise<readonly Emoji[]> {
  const [rows, names] = await Promise.all([
    (language === 'ko'
      ? import('emojibase-data/ko/compact.json')
      : import('emojibase-data/en/compact.json')) as Promise<{ default: Row[] }>,
    import('emojibase-data/en/shortcodes/github.json') as Promise<{ default: Record<string, string | string[]> }>,
  ])
  return readEmojiRows(rows.default, names.default)
}

/** Letters of flags have no group and stand for nothing alone. */
export function readEmojiRows(rows: readonly Row[], names: Record<string, string | string[]>): Emoji[] {
  return rows
    .filter(({ group }) => group !== undefined && group !== 2)
    .toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map(({ unicode, hexcode, label, tags = [], group = 0, skins }) => ({
      sign: plain(unicode),
      names: [names[hexcode] ?? []].flat(),
      label,
      tags,
      group,
      ...(skins && { tones: tonesOf(skins) }),
    }))
}

/** Of signs with two people those where both are the same. */
function tonesOf(skins: NonNullable<Row['skins']>): string[] {
  return skinTones.slice(1).flatMap((tone) => {
    const all = skins.find(({ hexcode }) => hexcode.match(/1F3F[B-F]/g)?.every((each) => each === tone))
    return all ? [plain(all.unicode)] : []
  })
}

/** The sign in the skin tone that was chosen, 0 for none. */
export function toned({ sign, tones }: Emoji, tone: number): string {
  return tones?.[tone - 1] ?? sign
}

/** A sign that is a picture by itself needs no mark that says so, and has none where a keyboard types it. */
function plain(sign: string): string {
  return sign.replace(/(\p{Emoji_Presentation})\ufe0f/gu, '$1')
}

/** The best first: a name that is just that, one that begins so, then words and labels. */
export function findEmoji(all: readonly Emoji[], query: string, most: number): Emoji[] {
  const wanted = query.toLowerCase()
  const rank = ({ names, label, tags }: Emoji): number => {
    if (names.includes(wanted)) return 0
    if (names.some((name) => name.startsWith(wanted))) return 1
    if (tags.some((tag) => tag.toLowerCase().startsWith(wanted)) || label.toLowerCase().startsWith(wanted)) return 2
    if (label.toLowerCase().includes(wanted) || names.some((name) => name.includes(wanted))) return 3
    return 4
  }
  return all
    .map((emoji) => ({ emoji, rank: rank(emoji) }))
    .filter((each) => each.rank < 4)
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map(({ emoji }) => emoji)
}

/** Code is left as it is written. */
const code = /(```[\s\S]*?(?:```|$)|`[^`\n]+`)/
const named = /(?<![\p{L}\p{N}_/:.]):([\p{L}\p{N}_+-]{2,30}):(?![\p{L}\p{N}_/])/gu

/** Puts the sign in the place of every name between colons that one has. */
export function nameSigns(text: string, all: readonly Emoji[], tone = 0): string {
  const signOf = (name: string) => {
    const emoji = all.find(({ names }) => names.includes(name.toLowerCase()))
    return emoji && toned(emoji, tone)
  }
  return text
    .split(code)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(named, (whole, name) => signOf(name) ?? whole)))
    .join('')
}
