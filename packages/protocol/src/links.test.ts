import { describe, expect, test } from 'vitest'
import { splitLinks } from './links.ts'

const links = (text: string) => splitLinks(text).flatMap((part) => (part.href ? [part.text] : []))

describe('links in a message', () => {
  test.each([
    ['see https://maru.example/r/hall.', ['https://maru.example/r/hall']],
    ['https://a.example, http://b.example:7880/x?y=1#z', ['https://a.example', 'http://b.example:7880/x?y=1#z']],
    ['(https://en.example/wiki/Hall_(house))', ['https://en.example/wiki/Hall_(house)']],
    ['https://namu.example/w/마루 보기', ['https://namu.example/w/마루']],
    ['https://a.example에서 만나요', ['https://a.example']],
    ['https://192.168.0.4:7880/r/가족', ['https://192.168.0.4:7880/r/가족']],
    ['HTTPS://A.EXAMPLE/B', ['HTTPS://A.EXAMPLE/B']],
    ['<https://a.example/b>', ['https://a.example/b']],
    ['https://a.example/x"onmouseover="alert(1)', ['https://a.example/x']],
  ])('%s', (text, expected) => {
    expect(links(text)).toEqual(expected)
  })

  test.each([
    ['javascript:alert(1)'],
    ['JaVaScRiPt://a.example/%0aalert(1)'],
    ['java\u0000script:alert(1)'],
    ['data:text/html,<script>alert(1)</script>'],
    ['data:text/html;base64,aHR0cHM6Ly9hLmV4YW1wbGU='],
    ['vbscript:msgbox(1)'],
    ['file:///etc/passwd'],
    ['blob:null/1234'],
    ['ftp://a.example/'],
    ['//a.example/x'],
    ['https:a.example'],
    ['https:///a.example'],
    ['https://'],
    ['https://@evil.example'],
    ['https://bank.example@evil.example/'],
    ['https://user:secret@evil.example/'],
    ['https://bank.example:443@evil.example/'],
    ['https://bank.example\\@evil.example'],
    ['https://аpple.example'],
    ['https://한글.example'],
    ['https://[::1'],
    ['https://a.example:99999/'],
    ['xhttps://a.example'],
    ['<img src=x onerror=alert(1)>'],
  ])('leaves %s as words', (text) => {
    expect(links(text)).toEqual([])
  })

  test('ends an address where invisible signs begin, so that nothing turns around behind it', () => {
    expect(links('https://a.example/\u202egpj.exe')).toEqual(['https://a.example/'])
    expect(links('https://a.example/x\u200by')).toEqual(['https://a.example/x'])
  })

  test('gives the text back when joined, whatever it holds', () => {
    let seed = 20261122
    const next = (below: number) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return seed % below
    }
    const pieces = [
      'https://',
      'http://a.example',
      '@',
      '/',
      '(',
      ')',
      '.',
      ' ',
      '마루',
      '<b>',
      '"',
      '\\',
      '\n',
      '🎂',
      ':80',
      '?x',
      '#',
    ]
    for (let round = 0; round < 2_000; round++) {
      const text = Array.from({ length: next(12) }, () => pieces[next(pieces.length)]).join('')
      const parts = splitLinks(text)
      expect(parts.map((part) => part.text).join('')).toBe(text)
      for (const part of parts) if (part.href) expect(new URL(part.href).protocol).toMatch(/^https?:$/)
    }
  })

  test('takes time in proportion to the text', () => {
    const times = [1, 2, 3, 4, 5].map(() => {
      const started = performance.now()
      splitLinks(`https://a.example/${'('.repeat(2_000)}${')'.repeat(2_000)}`)
      splitLinks('https://a'.repeat(440))
      splitLinks(`https://a.example/${'.'.repeat(3_900)}`)
      return performance.now() - started
    })
    // The best of them: others may have had the processor meanwhile.
    expect(Math.min(...times)).toBeLessThan(500)
  })
})
