import type { NetworkInterfaceInfo } from 'node:os'
import { describe, expect, it } from 'vitest'
import { candidateAddresses, certificateNames, inUrl } from './addresses.ts'

function info(address: string, internal = false): NetworkInterfaceInfo {
  const common = { address, internal, netmask: '', mac: '', cidr: null }
  return address.includes(':') ? { ...common, family: 'IPv6', scopeid: 0 } : { ...common, family: 'IPv4' }
}

const machine = {
  lo: [info('127.0.0.1', true), info('::1', true)],
  wg0: [info('10.8.0.2')],
  docker0: [info('172.17.0.1')],
  'br-1f2e3d4c5b6a': [info('172.18.0.1')],
  veth12ab: [info('fe80::1'), info('169.254.7.7')],
  virbr0: [info('192.168.122.1')],
  'cni-podman0': [info('10.88.0.1')],
  'flannel.1': [info('10.244.0.0')],
  wlan0: [info('192.168.1.20'), info('fd00::20'), info('fe80::20')],
  br0: [info('192.168.5.1')],
}

describe('candidate addresses', () => {
  it('are those that others can reach, best first, and 127.0.0.1 last', () => {
    expect(candidateAddresses(machine)).toEqual(['192.168.1.20', '192.168.5.1', 'fd00::20', '10.8.0.2', '127.0.0.1'])
  })

  it('begin with the one given by hand', () => {
    expect(candidateAddresses(machine, { address: '203.0.113.7' })[0]).toBe('203.0.113.7')
  })

  it('hold nothing twice', () => {
    expect(candidateAddresses(machine, { address: '10.8.0.2' }).filter((each) => each === '10.8.0.2')).toHaveLength(1)
  })

  it('are 127.0.0.1 alone without a network', () => {
    expect(candidateAddresses({ lo: machine.lo })).toEqual(['127.0.0.1'])
    expect(candidateAddresses({ lo: undefined })).toEqual(['127.0.0.1'])
  })

  it('are only the one the server is bound to', () => {
    expect(candidateAddresses(machine, { host: '192.168.5.1' })).toEqual(['192.168.5.1'])
    expect(candidateAddresses(machine, { host: '::1', address: '203.0.113.7' })).toEqual(['203.0.113.7', '::1'])
    expect(candidateAddresses(machine, { host: '0.0.0.0' })).not.toContain('fd00::20')
    expect(candidateAddresses(machine, { host: '::' })).toEqual(candidateAddresses(machine))
  })
})

describe('the names of a certificate', () => {
  it('are those of this machine, all its addresses and the one given by hand', () => {
    const names = certificateNames(machine, { hostname: 'Hall', address: '203.0.113.7' })
    expect(names.dns).toEqual(['localhost', 'hall', 'hall.local'])
    expect(names.ip[0]).toBe('203.0.113.7')
    expect(names.ip).toEqual(expect.arrayContaining(['192.168.1.20', 'fd00::20', '172.17.0.1', '127.0.0.1', '::1']))
    expect(names.ip).not.toContain('fe80::20')
    expect(names.ip).not.toContain('169.254.7.7')
  })

  it.each([
    ['hall.example.org', ['localhost', 'hall.example.org']],
    ['hall.local', ['localhost', 'hall', 'hall.local']],
    ['localhost', ['localhost', 'localhost.local']],
    ['내 컴퓨터', ['localhost']],
    ['with space', ['localhost']],
    ['', ['localhost']],
  ])('leave out what is no host name: %j', (hostname, dns) => {
    expect(certificateNames(machine, { hostname }).dns).toEqual(dns)
  })
})

it('writes IPv6 addresses in brackets', () => {
  expect(['192.0.2.1', 'fd00::2'].map(inUrl)).toEqual(['192.0.2.1', '[fd00::2]'])
})
