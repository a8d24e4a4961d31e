import type { Language } from '../../lib/words/use-words.ts'

/** The part of a key event that decides; a React event has it on `nativeEvent`. */
export interface ComposerKey {
  key: string
  keyCode: number
  isComposing: boolean
  shiftKey: boolean
  altKey: boolean
  ctrlKey: boolean
  metaKey: boolean
}

/**
 * What a key does in the message field. While an input method composes, every key is its own: Return there finishes a
 * syllable. 229 is how Safari marks that key, whose `isComposing` is already false again.
 */
export function composerAction(event: ComposerKey, isEmpty = false): 'send' | 'editLast' | 'cancel' | 'nothing' {
  if (event.isComposing || event.keyCode === 229) return 'nothing'
  const withOther = event.shiftKey || event.altKey || event.ctrlKey || event.metaKey
  switch (event.key) {
    case 'Enter':
      return event.shiftKey || event.altKey ? 'nothing' : 'send'
    case 'ArrowUp':
      return isEmpty && !withOther ? 'editLast' : 'nothing'
    case 'Escape':
      return withOther ? 'nothing' : 'cancel'
    default:
      return 'nothing'
  }
}

/** The command that was typed instead of a message. `{quit}` is how the program Maru descends from was left. A path is a message. */
export function commandIn(text: string): string | undefined {
  const trimmed = text.trim()
  if (/^\{quit\}$/i.test(trimmed)) return '/quit'
  return /^\/\p{L}+(?:\s|$)/u.test(trimmed) ? trimmed : undefined
}

/** Signs as the server counts them: code points after composition. */
export function lengthOf(text: string): number {
  let length = 0
  for (const _ of text.normalize('NFC')) length += 1
  return length
}

const shortcode = /:[\p{L}\p{N}_+-]{2,30}:/u
/** How long a message waits for the names of emoji that are not there yet. */
const PATIENCE_MS = 2_000

/** The text with every `:tada:` in it as its sign; nothing where there is none, and the text as it is where the names do not come. */
export function withEmoji(text: string, language: Language): Promise<string> | undefined {
  if (!shortcode.test(text)) return undefined
  const named = Promise.all([import('./emoji.ts'), import('./skin-tone.ts')]).then(async ([emoji, { chosenTone }]) =>
    emoji.nameSigns(text, await emoji.loadEmoji(language), chosenTone()),
  )
  const tired = new Promise<string>((resolve) => setTimeout(() => resolve(text), PATIENCE_MS))
  return Promise.race([named.catch(() => text), tired])
}
