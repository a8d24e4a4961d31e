import { WebSocket } from 'ws'

export type Found =
  | { url: string; trusted: boolean }
  | { reason: string /** Somebody answered, in another language. */; answered: boolean }

/** What Node says of a certificate that is sound but not vouched for by anybody this computer knows. */
const untrusted = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
]

const ATTEMPT_MS = 5_000

/** Opens a socket; only where `trusted` is false is the certificate not checked. */
export function openSocket(url: string, trusted: boolean): WebSocket {
  return new WebSocket(url, { rejectUnauthorized: trusted, handshakeTimeout: ATTEMPT_MS, perMessageDeflate: false })
}

/** The first of the addresses where a room socket answers. */
export async function findServer(candidates: readonly string[]): Promise<Found> {
  let failure: Found = { reason: 'no address', answered: false }
  for (const url of candidates) {
    const found = await attempt(url)
    if ('url' in found) return found
    // The address that at least answered tells more than the one that did not.
    if (!('answered' in failure && failure.answered)) failure = found
  }
  return failure
}

async function attempt(url: string): Promise<Found> {
  const code = await probe(url, true)
  if (code === undefined) return { url, trusted: true }
  if (untrusted.includes(code)) {
    const second = await probe(url, false)
    if (second === undefined) return { url, trusted: false }
    return { reason: second, answered: /^HTTP/.test(second) }
  }
  return { reason: code, answered: /^HTTP/.test(code) }
}

/** `undefined` when the socket opened, else why not. */
function probe(url: string, trusted: boolean): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = openSocket(url, trusted)
    socket.on('open', () => {
      resolve(undefined)
      socket.close(1000)
    })
    socket.on('unexpected-response', (_request, response) => {
      resolve(`HTTP ${response.statusCode}`)
      response.destroy()
      socket.terminate()
    })
    socket.on('error', (error: NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] }) =>
      resolve(error.code ?? error.errors?.[0]?.code ?? error.message),
    )
  })
}
