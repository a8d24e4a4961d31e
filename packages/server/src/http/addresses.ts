/** Which addresses of this machine others can reach it at. Pure, over what `os.networkInterfaces()` answers. */
import { isIPv4, isIPv6 } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'

export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>

/** Interfaces that join containers and virtual machines to this one: nobody outside reaches their addresses. */
const BRIDGES =
  /^(docker|br-|veth|virbr|vnet|vmnet|vboxnet|vEthernet|bridge\d|cni|flannel|cilium|cali|kube|lxc|lxdbr|podman|nerdctl|weave|ifb)/

/** Reachable only for those in the same tunnel, so named after the plain networks. */
const TUNNELS = /^(tun|tap|utun|wg|tailscale|zt|ppp|ipsec|nordlynx|proton)/

/**
 * The candidate addresses for media, best first: the one given by hand, plain networks before tunnels, IPv4 before IPv6,
 * and 127.0.0.1 last. A server bound to one address has only that one.
 */
export function candidateAddresses(
  interfaces: Interfaces,
  { host, address }: { host?: string | undefined; address?: string | undefined } = {},
): string[] {
  const wildcard = host === undefined || host === '::' || host === '0.0.0.0'
  const found = wildcard
    ? [...reachable(interfaces).filter((each) => host !== '0.0.0.0' || isIPv4(each)), '127.0.0.1']
    : [host]
  return [...new Set(address ? [address, ...found] : found)]
}

/** Every name and address a certificate for this machine must hold. */
export function certificateNames(
  interfaces: Interfaces,
  { hostname, host, address }: { hostname: string; host?: string | undefined; address?: string | undefined },
): { dns: string[]; ip: string[] } {
  const short = hostname.toLowerCase().replace(/\.local$/, '')
  const named = [short, short.includes('.') ? '' : `${short}.local`]
  const dns = ['localhost', ...named.filter((name) => /^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/.test(name))]
  const bound = host && host !== '::' && host !== '0.0.0.0' ? [host] : []
  const own = usable(interfaces).map((each) => each.address)
  return {
    dns: [...new Set(dns)],
    ip: [...new Set([...(address ? [address] : []), ...bound, ...own, '127.0.0.1', '::1'])],
  }
}

/** How an address is written in a URL. */
export function inUrl(address: string): string {
  return isIPv6(address) ? `[${address}]` : address
}

function reachable(interfaces: Interfaces): string[] {
  const rank = (each: { name: string; address: string }) =>
    (TUNNELS.test(each.name) ? 2 : 0) + (isIPv6(each.address) ? 1 : 0)
  return usable(interfaces)
    .filter(({ name }) => !BRIDGES.test(name))
    .sort((a, b) => rank(a) - rank(b))
    .map(({ address }) => address)
}

function usable(interfaces: Interfaces): { name: string; address: string }[] {
  return Object.entries(interfaces).flatMap(([name, infos = []]) =>
    infos
      .filter(({ internal, address }) => !internal && !/^(169\.254\.|fe[89ab][0-9a-f]:)/i.test(address))
      .map(({ address }) => ({ name, address })),
  )
}
