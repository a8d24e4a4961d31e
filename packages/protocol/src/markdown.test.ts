import { describe, expect, test } from 'vitest'
import { type Block, type Inline, readMarkdown } from './markdown.ts'

const text = (value: string): Inline => ({ kind: 'text', text: value })
const paragraph = (...inline: Inline[]): Block => ({ kind: 'paragraph', inline })

/** Everything a reader sees, and every address that can be followed. */
function seen(blocks: Block[]): { words: string; links: string[] } {
  const words: string[] = []
  const links: string[] = []
  const inline = (parts: Inline[]) => {
    for (const part of parts) {
      if ('inline' in part) inline(part.inline)
      else if ('text' in part) words.push(part.text)
      if (part.kind === 'link') links.push(part.href)
    }
  }
  const block = (each: Block) => {
    if ('inline' in each) inline(each.inline)
    if (each.kind === 'quote') each.blocks.forEach(block)
    if (each.kind === 'list') each.items.flat().forEach(block)
    if (each.kind === 'code') words.push(each.text)
  }
  blocks.forEach(block)
  return { words: words.join(' '), links }
}

describe('Markdown', () => {
  test('knows emphasis, code, links, quotes and lists', () => {
    expect(readMarkdown('**a** _b_ ~~c~~ `d*e*`')).toEqual([
      paragraph(
        { kind: 'strong', inline: [text('a')] },
        text(' '),
        { kind: 'emphasis', inline: [text('b')] },
        text(' '),
        { kind: 'struck', inline: [text('c')] },
        text(' '),
        { kind: 'code', text: 'd*e*' },
      ),
    ])
    expect(readMarkdown('> yes\n> and *so*')).toMatchObject([{ kind: 'quote', blocks: [{ kind: 'paragraph' }] }])
    expect(readMarkdown('3. a\n4. b')).toMatchObject([{ kind: 'list', start: 3, items: [[{}], [{}]] }])
    expect(readMarkdown('```ts\nlet a = `b`\n```')).toEqual([{ kind: 'code', text: 'let a = `b`', language: 'ts' }])
    expect(readMarkdown('[the plan](https://example.org/a_b_c)')).toEqual([
      paragraph({ kind: 'link', href: 'https://example.org/a_b_c', text: 'the plan' }),
    ])
  })

  test('leaves alone what people write without meaning markup', () => {
    for (const plain of [
      '안녕~반가워~',
      '2 * 3 * 4',
      'snake_case_name',
      'a\n---',
      '[1]: not a definition',
      '    far in',
    ])
      expect(seen(readMarkdown(plain)).words.trim()).toBe(plain.trim().split('\n---')[0])
    expect(seen(readMarkdown('https://example.org/*a*_b_').valueOf() as Block[]).links).toHaveLength(1)
  })

  test('shows HTML as it was typed', () => {
    for (const html of [
      '<script>alert(1)</script> **x**',
      '<img src=x onerror=alert(1)>*x*',
      '<style>*{display:none}</style>',
      '<!-- *hidden* -->',
      '<a href="javascript:alert(1)" onclick="x">y</a> `z`',
    ]) {
      const { words, links } = seen(readMarkdown(html))
      expect(words.replaceAll(/[ *]/g, '')).toContain(html.replaceAll(/[ *`]/g, '').slice(0, 6))
      expect(links).toEqual([])
    }
  })

  test.each([
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](java&#115;cript:alert(1))',
    '[x](data:text/html,<script>alert(1)</script>)',
    '[x](vbscript:x)',
    '[x](//evil.example)',
    '[x](/r/room)',
    '[x](blob:https://example.org/1)',
    '<javascript:alert(1)>',
    '![x](javascript:alert(1))',
    '[x]: javascript:alert(1)\n[x]',
    '[bank.example](https://evil.example)',
    '[https://bank.example](https://evil.example)',
    '[ｂａｎｋ.example](https://evil.example)',
    '[x](https://bank.example@evil.example)',
  ])('makes no link of %s', (attack) => {
    const { links } = seen(readMarkdown(attack))
    expect(links.filter((href) => href !== 'https://bank.example/')).toEqual(
      links.includes('https://evil.example/') ? ['https://evil.example/'] : [],
    )
    // Where an address is left, it is one that stands there to be read.
    for (const block of readMarkdown(attack))
      if (block.kind === 'paragraph')
        for (const part of block.inline) if (part.kind === 'link') expect(part.text).toContain('://')
  })

  test('fetches no picture: it is a link', () => {
    expect(readMarkdown('![cat](https://example.org/cat.png)')).toEqual([
      paragraph({ kind: 'link', href: 'https://example.org/cat.png', text: 'cat' }),
    ])
  })

  test.each([
    ['quotes', '> '.repeat(2000)],
    ['lists', Array.from({ length: 80 }, (_, depth) => `${'  '.repeat(depth)}- x`).join('\n')],
    ['brackets', '['.repeat(4000)],
    ['pictures', '!['.repeat(2000)],
    ['stars', '*'.repeat(4000)],
    ['stars apart', '*a '.repeat(1333)],
    ['waves', '~~a '.repeat(1000)],
    ['opened and not closed', '*a_b'.repeat(1000)],
    ['backticks', Array.from({ length: 80 }, (_, count) => '`'.repeat(count)).join(' ')],
    ['links in links', '[a](https://e.org '.repeat(200)],
    ['zalgo', `*${'e\u0301\u0302\u0303\u0304'.repeat(800)}*`],
    ['bidi overrides', '**\u2066\u2067abc\u2069**'.repeat(200)],
    ['numbers', '1. '.repeat(1300)],
  ])('survives %s', (_name, attack) => {
    const depth = (blocks: Block[]): number =>
      Math.max(
        0,
        ...blocks.map(
          (block) =>
            1 +
            (block.kind === 'quote'
              ? depth(block.blocks)
              : block.kind === 'list'
                ? Math.max(0, ...block.items.map(depth))
                : 0),
        ),
      )
    const blocks = readMarkdown(attack)
    expect(blocks.length).toBeGreaterThan(0)
    expect(depth(blocks)).toBeLessThanOrEqual(15)
  })

  test('never throws and never leads anywhere but to http(s), whatever is thrown together', () => {
    const pieces = [
      '*',
      '_',
      '`',
      '```\n',
      '[',
      '](',
      ')',
      '<',
      '>',
      'javascript:',
      'https://a.example/',
      'data:',
      '\n',
      '> ',
      '- ',
      '1. ',
      '#',
      ' ',
      '&lt;',
      '\\',
      '|',
      '~~',
      '!',
      'onerror=',
      '\u202e',
      '한글',
      '@',
      '"',
    ]
    let seed = 20261123
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return seed % below
    }
    for (let round = 0; round < 2_000; round += 1) {
      const attack = Array.from({ length: 1 + random(40) }, () => pieces[random(pieces.length)]).join('')
      for (const href of seen(readMarkdown(attack)).links) expect(href, attack).toMatch(/^https?:\/\//)
    }
  })
})
