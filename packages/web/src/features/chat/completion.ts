/** What is being typed at the caret that could be completed. `start` is where its sign stands. */
export interface Trigger {
  kind: 'mention' | 'emoji' | 'command'
  query: string
  start: number
}

export interface Suggestion {
  id: string
  /** What is put in the place of what was typed. */
  insert: string
  /** An emoji before the label. */
  sign?: string
  label: string
  hint?: string
}

/** Looks back from the caret. A command is completed only where it begins the text. */
export function findTrigger(text: string, caret: number): Trigger | undefined {
  const before = text.slice(0, caret)
  const command = /^\/(\p{L}*)$/u.exec(before)
  if (command) return { kind: 'command', query: command[1] ?? '', start: 0 }
  const emoji = /(?:^|[\s(])(:([\p{L}\p{N}_+-]{2,30}))$/u.exec(before)
  if (emoji) return { kind: 'emoji', query: emoji[2] ?? '', start: caret - (emoji[1] ?? '').length }
  const mention = /(?:^|[^\p{L}\p{N}_@/])(@([^\s@]{0,40}))$/u.exec(before)
  if (mention) return { kind: 'mention', query: mention[2] ?? '', start: caret - (mention[1] ?? '').length }
  return undefined
}

/** The text with the suggestion in it, and where the caret stands then. */
export function complete(
  text: string,
  caret: number,
  trigger: Trigger,
  { insert }: Suggestion,
): { text: string; caret: number } {
  const rest = text.slice(caret)
  const gap = rest.startsWith(' ') ? '' : ' '
  const head = text.slice(0, trigger.start) + insert + gap
  return { text: head + rest, caret: head.length + (gap === '' ? 1 : 0) }
}
