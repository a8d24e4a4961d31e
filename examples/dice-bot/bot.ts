// A bot that rolls dice: "!roll 2d6". Told of messages by webhook, answers by REST. Node's own modules only.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { pathToFileURL } from 'node:url'

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

function serve({ MARU, BOT_TOKEN, HOOK_SECRET = '', PORT = '8080' }: NodeJS.ProcessEnv): void {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const signature = request.headers['maru-signature']?.toString()
    const known = { secret: HOOK_SECRET, now: Date.now() }
    const delivery = readDelivery(signature, Buffer.concat(chunks).toString(), known)
    response.writeHead(delivery ? 204 : 403).end()
    const answer = delivery && answerTo(delivery.entry)
    if (!answer) return
    const sent = await fetch(`${MARU}/api/rooms/${encodeURIComponent(delivery.room)}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${BOT_TOKEN}` },
      body: JSON.stringify(answer),
    })
    if (!sent.ok) console.error('not sent:', await sent.text())
  })
  server.listen(Number(PORT), () => console.log(`The dice bot listens on port ${PORT}.`))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) serve(process.env)
