/** What a start prints: where to go, what to expect, how to end it. */
import { inUrl } from '../http/addresses.ts'
import type { Words } from './words.ts'

export interface Greeting {
  port: number
  /** Reachable for others, best first. */
  addresses: string[]
  /** The address this machine itself takes: `localhost`, unless the server listens on one address alone. */
  self: string
  data: string
}

/** Plain text without colours; `qr` draws a code where one can be seen. */
export function greetingText(words: Words, greeting: Greeting, qr?: (url: string) => string): string {
  const { port, addresses, self, data } = greeting
  const others = addresses.map((address) => `https://${inUrl(address)}:${port}`)
  const best = others[0]
  const labels = [words.here, words.others, words.data]
  const width = Math.max(...labels.map(columns)) + 2
  const row = (label: string, value: string) => `  ${label}${' '.repeat(width - columns(label))}${value}`
  return [
    '',
    `  ${words.open}`,
    '',
    row(words.here, `http://${inUrl(self)}:${port}`),
    ...others.map((url, index) => row(index === 0 ? words.others : '', url)),
    row(words.data, data),
    '',
    ...(best
      ? [...(qr ? [indent(qr(best)), ''] : []), ...words.warning.map((line) => `  ${line}`)]
      : [`  ${words.alone}`]),
    '',
    `  ${words.waiting}`,
    '',
  ].join('\n')
}

/** How wide a text is on a terminal: a Korean syllable takes two columns. */
function columns(text: string): number {
  return [...text].reduce((sum, char) => sum + (/[\u1100-\u115f\u3000-\ud7af\uff00-\uff60]/u.test(char) ? 2 : 1), 0)
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}
