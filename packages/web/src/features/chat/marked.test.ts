import { expect, test } from 'vitest'
import { marked } from './marked.ts'

test('hits stand apart, and a long beginning is left out', () => {
  expect(
    marked('one two one', [
      [0, 3],
      [8, 11],
    ]),
  ).toEqual([
    { text: 'one', isHit: true },
    { text: ' two ', isHit: false },
    { text: 'one', isHit: true },
  ])
  expect(marked(`${'x'.repeat(90)}hit`, [[90, 93]])[0]).toEqual({ text: '…', isHit: false })
  expect(marked('no marks', [])).toEqual([{ text: 'no marks', isHit: false }])
})
