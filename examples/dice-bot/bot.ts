// A bot that rolls dice: "!roll 2d6". Told of messages by webhook, answers by REST. Node's own modules only.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { pathToFileURL } from 'node:url'

/** The longest message in JSON takes less. */
const MAX_BODY = 131_072

interface Delivery {
  room: string
  entry: { kind: string; seq: number; text?: string; deleted?: boolean }
}

/** What was delivered; undefined where it was not signed with our secret in the last five minutes. */
export function readDelivery(
  signature: string | undefined,
  body: string,
  { secret, now }: { secret: string; now: number },
): Delivery | undefined {
  const [, time, given] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature ?? '') ?? []
  if (!given || Math.abs(now / 1000 - Number(time)) > 300) return undefined
  const expected = createHmac('sha256', secret).update(`${time}.${body}`).digest()
  return timingSafeEqual(expected, Buffer.from(given, 'hex')) ? JSON.parse(body) : undefined
}

/** The message to answer with, or nothing. Its `clientId` sees to it that what is delivered twice is answered once. */
export function answerTo({ kind, seq, text = '', deleted }: Delivery['entry'], random = Math.random) {
  const asked = /^!roll(?: (\d{1,2})d(\d{1,4}))?$/.exec(text.trim())
  const [count, sides] = [Number(asked?.[1] ?? 1), Number(asked?.[2] ?? 6)]
  if (!asked || kind !== 'message' || deleted || count < 1 || count > 20 || sides < 2) return undefined
  const rolls = Array.from({ length: count }, () => 1 + Math.floor(random() * sides))
  const sum = rolls.reduce((total, roll) => total + roll, 0)
  const shown = count > 1 ? `${rolls.join(' + ')} = **${sum}**` : `**${sum}**`
  return { clientId: `dice-${seq}`, text: `${count}d${sides}: ${shown}`, replyTo: seq }
}

interface Place {
  /** The server, as `https://chat.example.org`. */
  maru: string
  token: string
  secret: string
  fetcher?: typeof fetch
}

/** Takes deliveries. One is taken (204) only when its answer has arrived: else Maru delivers it again, and `clientId` keeps it from being answered twice. */
export function answering(place: Place): RequestListener {
  return (request, response) => {
    answerRequest(place, request).then(
      (status) => response.writeHead(status, { connection: 'close' }).end(),
      () => response.destroy(), // whoever sent it has gone
    )
  }
}

async function answerRequest(place: Place, request: IncomingMessage): Promise<number> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    body += chunk
    if (body.length > MAX_BODY) return 413
  }
  const signature = request.headers['maru-signature']?.toString()
  const delivery = readDelivery(signature, body, { secret: place.secret, now: Date.now() })
  if (!delivery) return 403
  const answer = answerTo(delivery.entry)
  return !answer || (await say(place, delivery.room, answer)) ? 204 : 503
}

/** False where another attempt may succeed. */
async function say({ maru, token, fetcher = fetch }: Place, room: string, answer: object): Promise<boolean> {
  try {
    const sent = await fetcher(`${maru}/api/rooms/${encodeURIComponent(room)}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(answer),
      signal: AbortSignal.timeout(5_000),
    })
    if (!sent.ok) console.error('not sent:', sent.status)
    return sent.ok || (sent.status < 500 && sent.status !== 429)
  } catch (error) {
    console.error('not sent:', error)
    return false
  }
}

function serve({ MARU = '', BOT_TOKEN = '', HOOK_SECRET = '', PORT = '8080' }: NodeJS.ProcessEnv): void {
  const server = createServer(answering({ maru: MARU, token: BOT_TOKEN, secret: HOOK_SECRET }))
  server.listen(Number(PORT), () => console.log(`The dice bot listens on port ${PORT}.`))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) serve(process.env)
