import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readCertificates } from './certificates.ts'

const DAY = 86_400_000
const names = { dns: ['localhost', 'hall', 'hall.local'], ip: ['192.168.1.20', 'fd00::20', '127.0.0.1', '::1'] }
const start = new Date('2026-11-22T00:00:00Z')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'maru-tls-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const read = (options: { names?: typeof names; now?: Date } = {}) =>
  readCertificates({ folder: join(folder, 'tls'), hostname: 'hall', names, now: start, ...options })
const after = (days: number) => new Date(start.getTime() + days * DAY)
const days = (certificate: X509Certificate) =>
  Math.round((certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / DAY)

describe('the certificate of this machine', () => {
  it('holds every name and address, and is signed by an authority of its own', async () => {
    const made = await read()
    const [leaf, authority] = [new X509Certificate(made.cert), new X509Certificate(made.authority)]
    expect(names.dns.filter((name) => leaf.checkHost(name) === undefined)).toEqual([])
    expect(names.ip.filter((address) => leaf.checkIP(address) === undefined)).toEqual([])
    expect(leaf.checkIP('192.168.1.21')).toBeUndefined()
    expect(leaf.verify(authority.publicKey)).toBe(true)
    expect([leaf.ca, authority.ca]).toEqual([false, true])
    expect([days(leaf), days(authority)]).toEqual([397, 3650])
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']) // server authentication
  })

  it('is kept in files that only their owner can read', async () => {
    await read()
    for (const file of ['authority.pem', 'machine.pem'])
      expect(statSync(join(folder, 'tls', file)).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'tls')).mode & 0o777).toBe(0o700)
  })

  it('stays the same as long as it serves', async () => {
    const first = await read()
    expect(await read({ now: after(360) })).toEqual({ ...first, renewed: false })
  })

  it('is renewed for a new address, by the same authority', async () => {
    const first = await read()
    const second = await read({ names: { ...names, ip: [...names.ip, '10.0.0.9'] } })
    expect(second.renewed).toBe(true)
    expect(second.authority).toBe(first.authority)
    expect(new X509Certificate(second.cert).checkIP('10.0.0.9')).toBeDefined()
  })

  it('outlives the loss of an address', async () => {
    await read()
    expect((await read({ names: { ...names, ip: ['127.0.0.1'] } })).renewed).toBe(false)
  })

  it('is renewed in the last 30 days', async () => {
    const first = await read()
    const second = await read({ now: after(370) })
    expect(second.renewed).toBe(true)
    expect(second.authority).toBe(first.authority)
  })

  it('never lasts longer than its authority, which is replaced in the end', async () => {
    const first = await read()
    const late = await read({ now: after(3500) })
    expect(late.authority).toBe(first.authority)
    const [leaf, authority] = [new X509Certificate(late.cert), new X509Certificate(late.authority)]
    expect(leaf.validToDate).toEqual(authority.validToDate)
    expect((await read({ now: after(3640) })).authority).not.toBe(first.authority)
  })

  it('is made again when the clock was wrong the first time', async () => {
    await read({ now: after(4000) })
    expect((await read()).renewed).toBe(true)
  })

  it.each([
    ['authority.pem', 'CERTIFICATE'],
    ['authority.pem', 'PRIVATE KEY'],
    ['machine.pem', 'CERTIFICATE'],
    ['machine.pem', 'PRIVATE KEY'],
  ])('is made again when %s is damaged in its %s', async (file, part) => {
    await read()
    const path = join(folder, 'tls', file)
    writeFileSync(path, readFileSync(path, 'utf8').replace(new RegExp(`${part}-----\n.{40}`), `${part}-----\nAAAA`))
    const again = await read()
    expect(again.renewed).toBe(true)
    const [leaf, authority] = [new X509Certificate(again.cert), new X509Certificate(again.authority)]
    expect(leaf.verify(authority.publicKey)).toBe(true)
    expect(leaf.checkPrivateKey(createPrivateKey(again.key))).toBe(true)
  })
})
