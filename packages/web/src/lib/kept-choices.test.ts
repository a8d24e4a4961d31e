import { expect, test } from 'vitest'
import { notifyIn, readNotify } from './notify.ts'
import { readTransfer, transferAddress } from './transfer.ts'

test('what to be told of is read back only as it could have been written', () => {
  expect(readNotify('{"a":"all","b":"none","c":"loud","d":1}')).toEqual({ a: 'all', b: 'none' })
  for (const broken of [undefined, '', '{', '[]', 'null', '1']) expect(readNotify(broken)).toEqual({})
})

test('a room of any name has the usual choice until another is made', () => {
  for (const room of ['hall', 'constructor', '__proto__', 'toString']) {
    expect([room, notifyIn({}, room)]).toEqual([room, 'mentions'])
    expect([room, notifyIn(readNotify(JSON.stringify({ [room]: 'none' })), room)]).toEqual([room, 'none'])
  }
})

test('a membership goes through an address behind the sign that no server sees', () => {
  const address = transferAddress('https://a:1/r/%EA%B0%80', { code: 'AB-12', name: '봄 & 이' })
  expect(new URL(address).search).toBe('')
  expect(readTransfer(new URL(address).hash)).toEqual({ code: 'AB-12', name: '봄 & 이' })
  for (const none of ['', '#', '#top', '#transfer=', '#transfer=x', '#name=a'])
    expect(readTransfer(none)).toBeUndefined()
})
