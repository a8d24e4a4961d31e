import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { Readable } from 'node:stream'

/** `fetch`, which cannot be told to talk with a server whose certificate nobody vouches for. */
export function fetcherFor(trusted: boolean): typeof fetch {
  if (trusted) return fetch
  return async (input, { method = 'GET', headers, body, signal } = {}) => {
    const url = new URL(String(input))
    const bytes = body == null ? undefined : Buffer.from(await new Response(body).arrayBuffer())
    return await new Promise<Response>((resolve, reject) => {
      const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
        method,
        headers: { ...(headers as Record<string, string>), ...(bytes && { 'content-length': bytes.length }) },
        rejectUnauthorized: false,
        ...(signal && { signal }),
      })
      request.on('error', reject)
      request.on('response', (answer) => {
        try {
          resolve(new Response(Readable.toWeb(answer) as ReadableStream, { status: answer.statusCode ?? 500 }))
        } catch (error) {
          // A status that has no body, or is none.
          reject(error)
          answer.destroy()
        }
      })
      request.end(bytes)
    })
  }
}
