import { SignJWT } from 'jose'
import { onTestFinished } from 'vitest'
import { RawClient, startRoomServer, testKeys } from './room-harness.ts'

export interface Answer {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever comes.
  json: any
}

/** A server with Ana, the owner of the hall, and a way to ask as anybody. */
export async function restServer(options: Parameters<typeof startRoomServer>[0] = {}) {
  const started = await startRoomServer(options)
  onTestFinished(() => started.close())
  const client = new RawClient(started.url)
  onTestFinished(() => client.socket.terminate())
  const { token = '', me } = await client.enter('hall', 'Ana')
  const askAs =
    (bearer: string | undefined) =>
    async (method: string, path: string, body?: unknown): Promise<Answer> => {
      const response = await fetch(started.http + path, {
        method,
        headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, json: tryJson(text) }
    }
  const ask = askAs(token)
  /** Another member of the hall. */
  const enter = async (name: string, room = 'hall') => {
    const other = new RawClient(started.url)
    onTestFinished(() => other.socket.terminate())
    const welcome = await other.enter(room, name)
    return { client: other, me: welcome.me, token: welcome.token ?? '', ask: askAs(welcome.token) }
  }
  const bot = async (rights: string[], name = 'Bot') => {
    const { json } = await ask('POST', '/api/rooms/hall/bots', { name, rights })
    return { token: json.token as string, member: json.bot.member, ask: askAs(json.token) }
  }
  let count = 0
  const say = async (text: string, more: object = {}): Promise<number> => {
    count += 1
    const { json } = await ask('POST', '/api/rooms/hall/messages', { clientId: `say ${count}`, text, ...more })
    return json.seq
  }
  return { ...started, client, me, token, ask, askAs, enter, bot, say }
}

/** The token of who runs the server. */
export function operatorToken(video: object, keys = testKeys): Promise<string> {
  return new SignJWT({ video })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(keys.apiKey)
    .setExpirationTime('1m')
    .sign(new TextEncoder().encode(keys.apiSecret))
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
