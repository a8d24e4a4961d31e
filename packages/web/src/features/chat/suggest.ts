import { nameKey } from '@maru/protocol'
import { commands } from './commands.ts'
import type { Suggestion, Trigger } from './completion.ts'
import type { Desk } from './desk.ts'
import { type Emoji, findEmoji, toned } from './emoji.ts'
import type { MoreWords } from './more-words.en.ts'
import { chosenTone } from './skin-tone.ts'

/** Most suggestions at once. */
const MOST = 8

/** What could be meant by what is being typed, the best first. */
export function suggest(trigger: Trigger, desk: Desk, words: MoreWords, emoji: readonly Emoji[]): Suggestion[] {
  switch (trigger.kind) {
    case 'mention':
      return mentions(trigger.query, desk, words)
    case 'command':
      return commands
        .filter(({ name }) => name.startsWith(trigger.query.toLowerCase()))
        .map(({ name }) => ({ id: name, insert: `/${name}`, label: `/${name}`, hint: words.commands[name] }))
    case 'emoji': {
      const tone = chosenTone()
      return findEmoji(emoji, trigger.query, MOST).map((found) => {
        const { sign, names, label } = found
        const shown = toned(found, tone)
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
