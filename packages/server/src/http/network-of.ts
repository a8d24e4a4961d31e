import { isIPv6, type Socket } from 'node:net'

/** Whom limits count together. Of IPv6 it is the network: whoever has one address of it has them all. Undefined for this machine. */
export function networkOf(socket: Pick<Socket, 'remoteAddress'>): string | undefined {
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  if (address === '' || address === '::1' || address.startsWith('127.')) return undefined
  if (!isIPv6(address)) return address
  const [head = '', tail = ''] = address.split('::')
  const groups = head.split(':').filter(Boolean)
  const missing = 8 - groups.length - tail.split(':').filter(Boolean).length
  return [...groups, ...Array(Math.max(0, missing)).fill('0')].slice(0, 4).join(':')
}
