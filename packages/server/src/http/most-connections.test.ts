import { expect, test } from 'vitest'
import { mostConnections } from './most-connections.ts'

const limits = (files: string) => () =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax processes             100                  100                  processes\nMax open files            ${files}                 524288               files\n`

test('connections leave descriptors for all else', () => {
  expect(mostConnections(limits('1024'))).toBe(908)
  expect(mostConnections(limits('20000'))).toBe(18_936)
  expect(mostConnections(limits('50'))).toBe(1)
  expect(mostConnections(limits('unlimited'))).toBeUndefined()
  const elsewhere = () => {
    throw new Error('ENOENT')
  }
  expect(mostConnections(elsewhere)).toBeUndefined()
})
