import { nameKey } from '@maru/protocol'
import type { Language } from '../../lib/words/use-words.ts'
import { commands } from './commands.ts'
import type { Suggestion, Trigger } from './completion.ts'
import type { Desk } from './desk.ts'
import { findEmoji, loadEmoji, toned } from './emoji.ts'
import type { MoreWords } from './more-words.en.ts'
import { chosenTone } from './skin-tone.ts'

/** Most suggestions at once. */
const MOST = 8

/** What could be meant by what is being typed, the best first. */
export async function suggest(
  trigger: Trigger,
  desk: Desk,
  words: MoreWords,
  language: Language,
): Promise<Suggestion[]> {
  switch (trigger.kind) {
    case 'mention':
      return mentions(trigger.query, desk, words)
    case 'command':
      return commands
        .filter(({ name }) => name.startsWith(trigger.query.toLowerCase()))
        .map(({ name }) => ({ id: name, insert: `/${name}`, label: `/${name}`, hint: words.commands[name] }))
    case 'emoji': {
      const all = await loadEmoji(language)
      const tone = chosenTone()
      return findEmoji(all, trigger.query, MOST).map((emoji) => {
        const { sign, names, label } = emoji
        const shown = toned(emoji, tone)
        return { id: sign, insert: shown, sign: shown, label, ...(names[0] && { hint: `:${names[0]}:` }) }
      })
    }
  }
}

function mentions(query: string, desk: Desk, words: MoreWords): Suggestion[] {
  const { people, me } = desk.client.state()
  const wanted = nameKey(query)
  const found = people
    .filter(({ id, name }) => id !== me?.id && nameKey(name).includes(wanted))
    .toSorted((a, b) => Number(nameKey(b.name).startsWith(wanted)) - Number(nameKey(a.name).startsWith(wanted)))
    .map(({ id, name }) => ({ id, insert: `@${name}`, label: name }))
  const everyone = { id: 'everyone', insert: '@everyone', label: '@everyone', hint: words.everyone }
  return [...found.slice(0, MOST - 1), ...('everyone'.startsWith(wanted) ? [everyone] : [])]
}
