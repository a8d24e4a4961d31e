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

/** What was typed as a command instead of a message. `{quit}` is how the program Maru descends from was left. */
export function commandIn(text: string): 'quit' | undefined {
  return /^\s*(?:\{quit\}|\/quit)\s*$/i.test(text) ? 'quit' : undefined
}

/** Signs as the server counts them: code points after composition. */
export function lengthOf(text: string): number {
  let length = 0
  for (const _ of text.normalize('NFC')) length += 1
  return length
}
