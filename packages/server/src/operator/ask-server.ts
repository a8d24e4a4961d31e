import { join } from 'node:path'
import { SignJWT } from 'jose'

/** Undefined where no server uses the folder. Throws an Error with the server's words where it refuses. */
export type Ask = (method: string, path: string, body?: object) => Promise<Response | undefined>

/** Asks the server of a data folder, with a token signed by the key it has left there for that: whoever can read it runs the server. */
export function askServer(data: string, read: (file: string) => string): Ask {
  return async (method, path, body) => {
    let server: { url: string; apiKey: string; apiSecret: string }
    try {
      server = JSON.parse(read(join(data, 'server.json')))
    } catch {
      return undefined
    }
    const token = await new SignJWT({ video: { roomCreate: true } })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(server.apiKey)
      .setExpirationTime('5m')
      .sign(new TextEncoder().encode(server.apiSecret))
    const response = await fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body && { body: JSON.stringify(body) }),
    }).catch(() => undefined)
    if (response && !response.ok) {
      const problem = (await response.json().catch(() => ({}))) as { message?: string }
      throw new Error(problem.message ?? `The server at ${server.url} answered ${response.status}.`)
    }
    return response
  }
}
