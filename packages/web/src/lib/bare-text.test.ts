import { type Block, type Inline, readMarkdown } from '@maru/protocol/markdown'
import { expect, test } from 'vitest'
import { bareParts } from './bare-text.ts'
import { saidIn } from './said.ts'

const bare = (text: string) =>
  bareParts(text)
    .map(({ start, end }) => text.slice(start, end))
    .join('')

test('signs of Markdown go, what they stand around stays', () => {
  const cases: [string, string][] = [
    ['**a** _b_ ~~c~~ `d*e*`', 'a b c d*e*'],
    ['***both*** and __this__', 'both and this'],
    ['**bold *and more***', 'bold and more'],
    ['> quoted\n> twice\n\n# Title\n- milk\n* eggs\n3. three', 'quoted\ntwice\n\nTitle\nmilk\neggs\n3. three'],
    ['[the plan](https://example.org/a_b_c) is ![a picture](https://example.org/p.png)', 'the plan is a picture'],
    ['```ts\nlet a = `b`\n**c**\n```\nafter', 'let a = `b`\n**c**\nafter'],
    ['```\n\nnot closed', '\nnot closed'],
    ['\\*no\\* \\_sign\\_', '*no* _sign_'],
    ['above\n---\nbelow', 'above\n\nbelow'],
  ]
  for (const [written, said] of cases) expect(bare(written), written).toBe(said)
})

test('what people write without meaning markup stays whole', () => {
  for (const text of [
    '2 * 3 * 4 = 24',
    'snake_case_name and a__b',
    '안녕~반가워~',
    'a < b > c, a_b, *, **, _',
    'https://example.org/*a*_b_',
    '[not a link] (really)',
    '[x](javascript:alert(1))',
    '-5 degrees #1 C:\\dir',
    '<b onclick="x">hello</b>',
    '한국어 日本語 العربية 👩‍👩‍👧',
    '',
  ])
    expect(bare(text)).toBe(text)
})

/** What a reader sees of a message. */
function seen(blocks: readonly Block[]): string {
  const inline = (parts: readonly Inline[]): string =>
    parts.map((part) => ('inline' in part ? inline(part.inline) : 'text' in part ? part.text : '\n')).join('')
  const block = (each: Block): string => {
    if ('inline' in each) return inline(each.inline)
    if (each.kind === 'quote') return seen(each.blocks)
    if (each.kind === 'list')
      return each.items.map((item, index) => numbered(each.start, index) + seen(item)).join('\n')
    return each.kind === 'code' ? each.text : ''
  }
  return blocks.map(block).join('\n')
}
const numbered = (start: number | undefined, index: number) => (start === undefined ? '' : `${start + index}. `)

test('says the same words as the conversation shows', () => {
  const pieces = [
    'word',
    '**bold**',
    '*soft*',
    '_so_',
    '~~not~~',
    '`code`',
    'a_b',
    '2*3',
    '**a _b_ c**',
    '[l](https://e.org/x)',
  ]
  const lines = ['', '> ', '- ', '## ', '> - ', '1. ']
  for (const line of lines)
    for (const one of pieces)
      for (const two of pieces) {
        const text = `${line}${one} ${two}`
        expect(saidIn({ text }), text).toBe(seen(readMarkdown(text)).replace(/\s+/g, ' ').trim())
      }
})

test('no text takes long', () => {
  for (const part of [
    '*',
    '_',
    '`',
    '``a',
    '[',
    '[a](',
    '![',
    '**a ',
    '_a_b',
    'https://*',
    '\\',
    '> ',
    '- - ',
    '~~a',
    '```\n',
    '***a_',
  ])
    expect(bare(part.repeat(4_000 / part.length)).length).toBeLessThanOrEqual(4_000)
})

test('a line is told in one line, and files by their names where nothing was written', () => {
  const file = (name: string) => ({ id: name, name, type: 'image/png', size: 1 })
  expect(saidIn({ text: '# Hello\n\n*you*' })).toBe('Hello you')
  expect(saidIn({ text: '', files: [file('a.png'), file('b.png')] })).toBe('a.png, b.png')
  expect(saidIn({ text: '' })).toBe('')
})
