import { BlockList, isIPv6 } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'

/** What is not the Internet: RFC 6890 and its successors, and addresses of IPv6 that hold one of IPv4. */
const special = new BlockList()
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  special.addSubnet(net, prefix, 'ipv4')

/** Of IPv6 only what is given out at present, 2000::/3, without its own special parts. */
const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')
const reserved = new BlockList()
for (const [net, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  reserved.addSubnet(net, prefix, 'ipv6')

/** Whether an IP address is one of the Internet and not of this machine or its network. */
export function isPublicAddress(address: string): boolean {
  if (!isIPv6(address)) return !special.check(address, 'ipv4')
  return global.check(address, 'ipv6') && !reserved.check(address, 'ipv6')
}

/**
 * Whether somebody outside reaches an address as well as this machine does: one of the Internet, and neither its own nor of a network it is in.
 * A firewall that keeps others away from those does not keep this machine away.
 */
export function isReachedByAll(address: string, interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): boolean {
  if (!isPublicAddress(address)) return false
  const near = new BlockList()
  for (const { cidr, family } of Object.values(interfaces).flatMap((infos = []) => infos)) {
    const [net, prefix] = (cidr ?? '').split('/')
    if (net && prefix) near.addSubnet(net, Number(prefix), family === 'IPv6' ? 'ipv6' : 'ipv4')
  }
  return !near.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
