import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readApiKeys } from './api-keys.ts'

let file: string
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'maru-keys-')), 'keys.json')
})
afterEach(() => rmSync(join(file, '..'), { recursive: true }))

it('makes a pair once and keeps it for its owner alone', () => {
  const first = readApiKeys(file, undefined)
  expect(first.apiSecret.length).toBeGreaterThanOrEqual(32)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readApiKeys(file, undefined)).toEqual(first)
})

it('takes the configured pair and stores nothing', () => {
  const keys = { apiKey: 'k', apiSecret: 's'.repeat(32) }
  expect(readApiKeys(file, keys)).toBe(keys)
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
