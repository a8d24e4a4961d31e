import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fixedKeys, makeKey, readApiKeys, watchKeyFile, withKey } from './api-keys.ts'

let file: string
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'maru-keys-')), 'keys.json')
})
afterEach(() => rmSync(join(file, '..'), { recursive: true }))

it('makes a pair once and keeps it for its owner alone', () => {
  const first = readApiKeys(file, undefined).signing()
  expect(first.apiSecret.length).toBeGreaterThanOrEqual(32)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const again = readApiKeys(file, undefined)
  expect(again.signing()).toEqual(first)
  expect([again.secretOf(first.apiKey), again.secretOf('other')]).toEqual([first.apiSecret, undefined])
})

it('takes the configured pair and stores nothing', () => {
  const keys = { apiKey: 'k', apiSecret: 's'.repeat(32) }
  expect(readApiKeys(file, keys).signing()).toBe(keys)
  expect(() => readFileSync(file)).toThrow('ENOENT')
})

it.each(['', '{', 'null', '[]', '{"apiKey":"k"}', '{"apiKey":"k","apiSecret":"short"}'])(
  'replaces no file it cannot read: %j',
  (text) => {
    writeFileSync(file, text)
    expect(() => readApiKeys(file, undefined)).toThrow(`${file} does not hold an apiKey`)
    expect(readFileSync(file, 'utf8')).toBe(text)
  },
)

it('takes one more key beside the others, which signs nothing', () => {
  const first = { apiKey: 'k', apiSecret: 's'.repeat(32) }
  const more = makeKey()
  const keys = withKey(fixedKeys(first), more)
  expect(['k', more.apiKey, 'other'].map(keys.secretOf)).toEqual([first.apiSecret, more.apiSecret, undefined])
  expect(keys.signing()).toBe(first)
})

describe('a key file', () => {
  const secret = (letter: string) => letter.repeat(32)
  const write = (text: string) => {
    writeFileSync(file, text)
    chmodSync(file, 0o600)
  }
  const watch = () => {
    const clock = { now: 0 }
    const problems: string[] = []
    return {
      clock,
      problems,
      keys: watchKeyFile(
        file,
        () => clock.now,
        (problem) => void problems.push(problem),
      ),
    }
  }

  it('holds several keys, of which the first signs', () => {
    write(`# ours\n\nnew: ${secret('n')}\n  old-1.x: "${secret('o')}" # until June\n`)
    const { keys } = watch()
    expect(keys.signing()).toEqual({ apiKey: 'new', apiSecret: secret('n') })
    expect(['new', 'old-1.x', 'none'].map(keys.secretOf)).toEqual([secret('n'), secret('o'), undefined])
  })

  it('is looked at again after a second, and a key that was taken away is good for nothing', () => {
    write(`one: ${secret('1')}\n`)
    const { clock, keys, problems } = watch()
    write(`two: ${secret('2')}\none: ${secret('1')}\n`)
    expect(keys.signing().apiKey).toBe('one')
    clock.now = 1_000
    expect([keys.signing().apiKey, keys.secretOf('one')]).toEqual(['two', secret('1')])
    write(`two: ${secret('2')}\n`)
    clock.now = 2_000
    expect([keys.signing().apiKey, keys.secretOf('one'), problems]).toEqual(['two', undefined, []])
  })

  it('that is broken or gone while the server runs changes nothing, and is said once', () => {
    write(`one: ${secret('1')}\n`)
    const { clock, keys, problems } = watch()
    write('one: short\n')
    for (clock.now = 1_000; clock.now < 5_000; clock.now += 1_000) expect(keys.secretOf('one')).toBe(secret('1'))
    expect(problems).toEqual([
      `Line 1 of ${file} is not "key: secret" with a secret of at least 32 characters. The keys stay as they were.`,
    ])
    rmSync(file)
    clock.now += 1_000
    expect(keys.secretOf('one')).toBe(secret('1'))
    expect(problems.at(-1)).toContain('The keys stay as they were.')
    write(`three: ${secret('3')}\n`)
    clock.now += 1_000
    expect(keys.signing().apiKey).toBe('three')
  })

  it.each([
    ['', 'holds no key'],
    ['a: short', 'Line 1 of'],
    [`ok: ${secret('k')}\n${secret('x')}`, 'Line 2 of'],
    [`a: ${secret('a')}\na: ${secret('b')}`, 'names a key a second time'],
    [`a b: ${secret('a')}`, 'Line 1 of'],
  ])('is refused at the start with a reason that repeats no secret: %j', (text, reason) => {
    write(text)
    expect(watch).toThrow(reason)
    expect(watch).not.toThrow(/xxx|aaa|short$/)
  })

  it('is for its owner alone', () => {
    write(`a: ${secret('a')}\n`)
    chmodSync(file, 0o644)
    expect(watch).toThrow('may be read by everybody')
  })
})
