import type { Line, Message, Poll, Quote } from '@maru/protocol'
import type { Words } from './words.ts'

export interface Look {
  words: Words
  colour: boolean
  /** The own member id, to tell own messages from others'. */
  me: string | undefined
}

type Style = 'dim' | 'bold' | 'own'
const codes: Record<Style, string> = { dim: '2', bold: '1', own: '1;36' }

export function paint(text: string, style: Style, colour: boolean): string {
  return colour ? `\x1b[${codes[style]}m${text}\x1b[0m` : text
}

/** What others wrote must not steer the terminal: no control characters but the line end. */
export function harmless(text: string): string {
  return text
    .replace(/\t/g, '    ')
    .replace(/[^\P{Cc}\n]/gu, '')
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
}

/** One line of the log as lines for the terminal; what follows the first is set in below the text. */
export function formatEntry(entry: Line, { words, colour, me }: Look): string {
  const time = new Date(entry.at)
  const clock = `${String(time.getHours()).padStart(2, '0')}:${String(time.getMinutes()).padStart(2, '0')}`
  const at = paint(clock, 'dim', colour)
  const name = nameOf(entry.name, words)
  const news = (text: string) => `${at} ${paint(`* ${text}`, 'dim', colour)}`
  switch (entry.kind) {
    case 'message': {
      const number = paint(`#${entry.seq}`, 'dim', colour)
      const text = harmless(textOf(entry, words)).replaceAll('\n', '\n      ')
      const quote = entry.replyTo && paint(`> ${quoteOf(entry.replyTo, words)}`, 'dim', colour)
      return `${at} ${number} ${paint(name, entry.member === me ? 'own' : 'bold', colour)}: ${quote ? `${quote}\n      ` : ''}${text}`
    }
    case 'joined':
      return news(words.joined(name))
    case 'left':
      return news(words.left(name))
    case 'renamed':
      return news(words.renamed(nameOf(entry.before, words), name))
    case 'topic':
      return news(words.topicSet(name, harmless(entry.topic)))
    case 'retention':
      return news(words.retentionSet(name))
    case 'owner':
      return news(words.ownerMade(name, nameOf(entry.target.name, words)))
    case 'pinned':
      return news(words.pinned(name, entry.target, entry.on))
  }
}

/** Who was forgotten has no name any more. */
const nameOf = (name: string, words: Words): string => (name === '' ? words.formerMember : harmless(name))

function textOf({ text, to, files, deleted, edited, action, poll }: Message, words: Words): string {
  if (deleted) return words.deleted
  const parts = [
    ...(to ? [words.privately(nameOf(to.name, words))] : []),
    ...(action ? ['*'] : []),
    ...(text === '' ? [] : [text]),
    ...(poll ? ballot(poll, words) : []),
    ...(files?.map(({ name, size }) => words.file(name, Math.max(1, Math.ceil(size / 1000)))) ?? []),
    ...(edited === undefined ? [] : [words.edited]),
  ]
  return parts.join(' ')
}

/** Options with the numbers that `/vote` takes, and how many are for each. */
function ballot({ options, votes, closed }: Poll, words: Words): string[] {
  const counted = options.map((option, index) => {
    const count = votes[index]?.length ?? 0
    return `[${index + 1}] ${option}${count > 0 ? ` (${count})` : ''}`
  })
  return [...counted, ...(closed ? [words.pollClosed] : [])]
}

function quoteOf({ name, text, deleted }: Quote, words: Words): string {
  const [first = ''] = harmless(text).split('\n')
  return deleted ? words.deleted : `${nameOf(name, words)}: ${first}`
}
