import { expect, test } from 'vitest'
import { levelOf } from './level.ts'

const sine = (amplitude: number): Float32Array =>
  Float32Array.from({ length: 1024 }, (_, i) => amplitude * Math.sin((i / 1024) * 2 * Math.PI * 16))

test('silence has no length and a shout fills the bar', () => {
  expect(levelOf(new Float32Array(1024))).toBe(0)
  expect(levelOf(sine(0.0005))).toBe(0)
  expect(levelOf(sine(1))).toBe(1)
})

test('a louder voice makes a longer bar', () => {
  const lengths = [0.005, 0.02, 0.1, 0.4].map((amplitude) => levelOf(sine(amplitude)))
  expect(lengths).toEqual([...lengths].sort((a, b) => a - b))
  expect(lengths.at(0)).toBeGreaterThan(0)
  expect(lengths.at(-1)).toBeLessThan(1)
})
