import { describe, expect, test } from 'vitest'
import { complete, findTrigger } from './completion.ts'

const at = (text: string) => findTrigger(text, text.length)

describe('what is completed', () => {
  test('a name after @, also in Korean, and not within an address', () => {
    expect(at('hello @an')).toEqual({ kind: 'mention', query: 'an', start: 6 })
    expect(at('@지')).toEqual({ kind: 'mention', query: '지', start: 0 })
    expect(at('mail me@home')).toBeUndefined()
    expect(at('@ana and')).toBeUndefined()
  })

  test('an emoji from two letters on, and no time of day', () => {
    expect(at('so :smi')).toEqual({ kind: 'emoji', query: 'smi', start: 3 })
    expect([at(':s'), at('at 12:30'), at('a::b')]).toEqual([undefined, undefined, undefined])
  })

  test('a command only at the beginning', () => {
    expect(at('/to')).toEqual({ kind: 'command', query: 'to', start: 0 })
    expect(at('see /to')).toBeUndefined()
  })

  test('puts it in, with one space behind it', () => {
    const trigger = { kind: 'mention' as const, query: 'an', start: 3 }
    const ana = { id: 'a', insert: '@Ana', label: 'Ana' }
    expect(complete('hi @an', 6, trigger, ana)).toEqual({ text: 'hi @Ana ', caret: 8 })
    expect(complete('hi @an there', 6, trigger, ana)).toEqual({ text: 'hi @Ana there', caret: 8 })
  })
})
