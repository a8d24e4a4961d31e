import type { IncomingMessage } from 'node:http'
import { test } from 'vitest'
import { addressOf, createAddressLimits } from './address-limits.ts'

const from = (remoteAddress: string) => addressOf({ socket: { remoteAddress } } as IncomingMessage)

test('one address alone does not fill the server, others still get in, and this machine is not limited', ({
  expect,
}) => {
  const limits = createAddressLimits(() => 0)
  for (let n = 0; n < 600; n += 1) limits.add(from('203.0.113.7'))
  expect(limits.isFull(from('203.0.113.7'))).toBe(true)
  expect(limits.isFull(from('::ffff:203.0.113.7'))).toBe(true)
  expect(limits.isFull(from('203.0.113.8'))).toBe(false)
  limits.remove(from('203.0.113.7'))
  expect(limits.isFull(from('203.0.113.7'))).toBe(false)
  for (let n = 0; n < 700; n += 1) limits.add(from('127.0.0.1'))
  expect(limits.isFull(from('127.0.0.1'))).toBe(false)
})

test('new members of one address, or of one network of IPv6, come as many as a class and then one by one', ({
  expect,
}) => {
  let time = 0
  const limits = createAddressLimits(() => time)
  const taken = Array.from({ length: 101 }, (_, n) => limits.takeNewcomer(from(`2001:db8:1:2::${n + 1}`)))
  expect(taken.indexOf(false)).toBe(100)
  expect(limits.takeNewcomer(from('2001:db8:1:3::1'))).toBe(true)
  expect(limits.takeNewcomer(from('2001:db8::1'))).toBe(true)
  time = 10_000
  expect(limits.takeNewcomer(from('2001:db8:1:2:ffff::1'))).toBe(true)
  expect(limits.takeNewcomer(from('2001:db8:1:2::1'))).toBe(false)
})
