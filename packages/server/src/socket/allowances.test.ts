import { test } from 'vitest'
import { BURST, createAllowances } from './allowances.ts'

test('who comes back goes on with what is left, in that room', ({ expect }) => {
  let time = 0
  const allowances = createAllowances(() => time)
  const first = allowances.of('hall', 'token')
  for (let n = 0; n < BURST; n += 1) expect(first.take()).toBe(true)
  expect(allowances.of('hall', 'token').take()).toBe(false)
  expect(allowances.of('garden', 'token').take()).toBe(true)
  expect(allowances.of('hall', 'other').take()).toBe(true)
  time = 200
  expect(allowances.of('hall', 'token').take()).toBe(true)
})

test('whoever has no token yet shares with nobody', ({ expect }) => {
  const allowances = createAllowances(() => 0)
  const first = allowances.of('hall', undefined)
  for (let n = 0; n < BURST; n += 1) first.take()
  expect(first.take()).toBe(false)
  expect(allowances.of('hall', undefined).take()).toBe(true)
})
