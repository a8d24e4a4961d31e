import { AppError } from '@maru/protocol'
import { expect, test } from 'vitest'
import { readQuery } from './read-query.ts'

test('words, phrases, beginnings and conditions are told apart', () => {
  const day = Date.UTC(2026, 6, 14)
  expect(readQuery('tea "two words" beg* from:Ana FROM:"Ana Lee" has:file after:2026-07-14 before:2026-07-15')).toEqual(
    {
      terms: [
        { text: 'tea', isPrefix: false },
        { text: 'two words', isPrefix: false },
        { text: 'beg', isPrefix: true },
      ],
      from: ['Ana', 'Ana Lee'],
      hasFile: true,
      after: day,
      before: day + 86_400_000,
    },
  )
  // In quotes, or within a word, it is no condition.
  expect(readQuery('"from:" wherefrom:here').terms.map(({ text }) => text)).toEqual(['from:', 'wherefrom:here'])
  expect(readQuery('before:2028-02-29').before).toBe(Date.UTC(2028, 1, 29))
})

test.each([
  ['from:', 'from', /from:Ana/],
  ['from: Ana', 'from', /without a space/],
  ['tea from:""', 'from', /a name has to stand/],
  ['from:@', 'from', /a name has to stand/],
  ['has:', 'has', /only "file"/],
  ['has:money', 'has', /only "file"/],
  ['before:', 'before', /before:2026-07-14/],
  ['after: tea', 'after', /a day has to stand: after:2026-07-14/],
  ['after:yesterday', 'after', /"yesterday" is no day: write it as after:2026-07-14/],
  ['before:2026-02-31', 'before', /"2026-02-31" is no day/],
  ['before:2026-13-01', 'before', /is no day/],
  ['before:2026-7-1', 'before', /is no day/],
  ['before:2026-07-14 after:2026-07-14', 'before', /Nothing lies between/],
  ['tea before:2026-07-13 after:2026-07-14', 'before', /Nothing lies between/],
  ['', 'query', /Type a word/],
  ['"" * !', 'query', /Type a word/],
  ['kettle g*', 'query', /two letters/],
])('%s is refused with its part and what to do', (query, field, message) => {
  const refused = (() => {
    try {
      return readQuery(query)
    } catch (error) {
      return error
    }
  })()
  expect(refused).toBeInstanceOf(AppError)
  expect(refused).toMatchObject({ code: 'query_bad', field, message: expect.stringMatching(message) })
})
