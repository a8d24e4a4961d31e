import { describe, expect, test } from 'vitest'
import { en } from './en.ts'
import { josa, josaRo } from './josa.ts'
import { ko } from './ko.ts'

describe('the catalogue', () => {
  test('has the same shape in both languages, down to the last word', () => {
    const shape = (value: unknown): unknown =>
      typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .map(([key, inner]) => [key, shape(inner)])
              .sort(),
          )
        : typeof value
    expect(shape(ko)).toEqual(shape(en))
  })

  test('puts the fitting particle after a name', () => {
    expect([
      josa('마루', '은', '는'),
      josa('지민', '은', '는'),
      josa('Ana', '은', '는'),
      josa('Ben', '은', '는'),
    ]).toEqual(['마루는', '지민은', 'Ana는', 'Ben은'])
    expect(['서연', '서울', '지우'].map(josaRo)).toEqual(['서연으로', '서울로', '지우로'])
  })
})
