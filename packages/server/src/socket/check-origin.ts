import type { IncomingMessage } from 'node:http'

/**
 * Whether a page of this server, or no page at all, asks. Browsers always send the Origin of the page on a WebSocket; other programs send none.
 * The scheme is not compared: behind a proxy that ends TLS the server cannot know it.
 */
export function isOwnOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers
  if (origin === undefined) return true
  const page = URL.parse(origin)
  const here = page && host ? URL.parse(`${page.protocol}//${host}`) : null
  return page !== null && here !== null && page.host !== '' && page.host === here.host
}

/** The WebSocket address under which the client reached this server, without a path. */
export function socketBase(request: IncomingMessage): string {
  const { origin, host = 'localhost', 'x-forwarded-proto': forwarded = '' } = request.headers
  const encrypted = 'encrypted' in request.socket && request.socket.encrypted === true
  // A proxy that ends TLS says so, and so does a page; whoever lies about it misleads only itself.
  const isSecure = encrypted || origin?.startsWith('https:') || /^(https|wss)\b/.test(String(forwarded))
  return `${isSecure ? 'wss' : 'ws'}://${host}`
}
