/** One delivery over the network. Follows no redirect, reads nothing of the answer but its status. */
import { type LookupAddress, lookup } from 'node:dns'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isPublicAddress } from '../rooms/public-address.ts'

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

/** Gives the status of the answer. @throws an Error whose message says why none came */
export const post: Post = ({ url, headers, body, isTrusted, signal }) =>
  new Promise((resolve, reject) => {
    const { protocol, hostname } = new URL(url)
    const host = hostname.replace(/^\[|\]$/g, '')
    if (!isTrusted && isIP(host) && !isPublicAddress(host)) return reject(notPublic())
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
    request.end(body)
  })

/** The address that is judged is the one that is connected to, so a name cannot change its meaning in between. */
const lookUpPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
    if (error) return callback(error, [])
    if (found.length === 0 || found.some(({ address }) => !isPublicAddress(address))) return callback(notPublic(), [])
    const [first] = found
    if (options.all || !first) callback(null, found)
    else callback(null, first.address, first.family)
  })
}

function notPublic(): Error {
  return new Error('the address is not one of the Internet; only who runs the server may use others')
}
