import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keepWebhooks, takeWebhooks } from './kept-webhooks.ts'

const waiting = [
  { url: 'http://a', line: 'hall', bodies: [{ text: '{}', since: 1_000 }], attempts: 3, at: 9_000 },
  { url: 'http://b', line: 'attic', bodies: [{ text: '"한글"', since: 2_000 }], attempts: 0, at: 2_000 },
]

let folder: string
let file: string
const problems: unknown[] = []
const take = () => takeWebhooks(file, (error) => void problems.push(error))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'maru-'))
  file = join(folder, 'webhooks.json')
  problems.length = 0
})
afterEach(() => rmSync(folder, { recursive: true }))

test('what waits comes back once, for the owner’s eyes alone', () => {
  keepWebhooks(file, waiting)
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o077).toBe(0)
  expect([take(), take(), problems]).toEqual([waiting, [], []])
})

test('nothing waits, nothing is written', () => {
  keepWebhooks(file, [])
  expect(existsSync(file)).toBe(false)
})

test.each(['', '{', '{}', '[{"url":"http://a"}]', '[{"url":"u","line":"l","bodies":[],"attempts":0,"at":0}]'])(
  'a file that says %j is complained of and gone',
  (text) => {
    writeFileSync(file, text)
    expect([take(), problems.length, existsSync(file)]).toEqual([[], 1, false])
  },
)
