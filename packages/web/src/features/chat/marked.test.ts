import { expect, test } from 'vitest'
import { marked } from './marked.ts'

const shown = (text: string, ...hits: string[]) =>
  marked(
    text,
    hits.map((hit) => [text.indexOf(hit), text.indexOf(hit) + hit.length] as const),
  ).map(({ text, isHit }) => (isHit ? `[${text}]` : text))

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
  expect(shown(`${'x'.repeat(90)}hit`, 'hit')).toEqual([`…${'x'.repeat(40)}`, '[hit]'])
  expect(shown(`🎂${'🎂'.repeat(30)}x hit`, 'hit')[0]).toBe(`…${'🎂'.repeat(19)}x `)
  expect(marked('no marks', [])).toEqual([{ text: 'no marks', isHit: false }])
  expect(marked('', [])).toEqual([])
})

test('signs of Markdown are not shown, and hits stay where they are', () => {
  expect(shown('the **green build** is `done`', 'build', 'done')).toEqual(['the green ', '[build]', ' is ', '[done]'])
  expect(shown('see [the plan](https://example.org/plan) plan', 'plan](')).toEqual(['see the ', '[plan]', ' plan'])
  expect(shown('a w**or**d here', 'w**or**d')).toEqual(['a ', '[word]', ' here'])
  // What was found in an address that is not shown has nothing to mark.
  expect(shown('see [it](https://example.org/deep)', 'deep')).toEqual(['see it'])
  expect(shown('<b>no</b> **markup**', 'no')).toEqual(['<b>', '[no]', '</b> markup'])
})
