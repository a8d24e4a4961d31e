/** One delivery over the network. Follows no redirect, reads nothing of the answer but its status. */
import { Resolver } from 'node:dns/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { networkInterfaces } from 'node:os'
import { isReachedByAll } from '../rooms/public-address.ts'

const TIMEOUT_MS = 10_000

export interface Delivery {
  url: string
  headers: Record<string, string>
  body: string
  /** Whether it may reach the machine itself and its network. */
  isTrusted: boolean
  signal: AbortSignal
}

export type Post = (delivery: Delivery) => Promise<number>

/** Where the machine is, and whom it asks for the addresses of names. */
export interface Surroundings {
  interfaces: typeof networkInterfaces
  resolver: Pick<Resolver, 'resolve4' | 'resolve6'>
}

/** The way to deliver. It gives the status of the answer, and rejects with an Error whose message says why none came. */
export function createPost({ interfaces, resolver }: Surroundings): Post {
  const mayReach = (address: string) => isReachedByAll(address, interfaces())

  /** The address that is judged is the one that is connected to, so a name cannot change its meaning in between. */
  const lookUpPublic: LookupFunction = (hostname, options, callback) => {
    addressesOf(hostname, resolver).then(
      (found) => {
        const [first] = found
        if (!first || !found.every(({ address }) => mayReach(address))) callback(notPublic(), [])
        else if (options.all) callback(null, found)
        else callback(null, first.address, first.family)
      },
      (error) => callback(error, []),
    )
  }

  return ({ url, headers, body, isTrusted, signal }) =>
    new Promise((resolve, reject) => {
      const { protocol, hostname } = new URL(url)
      const host = hostname.replace(/^\[|\]$/g, '')
      if (!isTrusted && isIP(host) && !mayReach(host)) return reject(notPublic())
      const send = protocol === 'https:' ? httpsRequest : httpRequest
      const request = send(url, {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        // A connection of its own each time: what the name stands for is judged anew.
        agent: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        ...(isTrusted ? {} : { lookup: lookUpPublic }),
      })
      request.on('response', (response) => {
        resolve(response.statusCode ?? 0)
        response.destroy()
      })
      request.on('error', (error: NodeJS.ErrnoException) =>
        reject(error.name === 'AbortError' || error.name === 'TimeoutError' ? new Error('no answer in 10 s') : error),
      )
      // An answer that is none, as a change of protocol nobody asked for, ends the request without an error.
      request.on('close', () => reject(new Error('the connection ended without an answer')))
      request.end(body)
    })
}

export const post: Post = createPost({
  interfaces: networkInterfaces,
  resolver: new Resolver({ timeout: 3_000, tries: 2 }),
})

/**
 * Asks the name servers itself: the system's own lookup would hold one of the few threads that files are read with, for as long as a name server
 * of a stranger takes.
 */
async function addressesOf(
  hostname: string,
  resolver: Surroundings['resolver'],
): Promise<{ address: string; family: number }[]> {
  const [four, six] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  const found = [
    ...(four.status === 'fulfilled' ? four.value.map((address) => ({ address, family: 4 })) : []),
    ...(six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 })) : []),
  ]
  if (found.length === 0 && four.status === 'rejected') throw four.reason
  return found
}

function notPublic(): Error {
  return new Error('the address is not one of the Internet; only who runs the server may use others')
}
