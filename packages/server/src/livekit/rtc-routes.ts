/**
 * The HTTP doors of signalling: the WebSockets at `/rtc` and `/rtc/v1`, and the pages clients ask when one did not open.
 * The newer door takes everything packed into one parameter.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ApiKeys } from '../api-keys.ts'
import type { CallMessage } from '../calls/effect.ts'
import type { LiveCalls } from '../calls/live-calls.ts'
import { CallRefusal, type RefusalCode } from '../calls/refusal.ts'
import type { Resumption } from '../calls/resume.ts'
import { newSid, type Random } from '../calls/sid.ts'
import { type App, refuseUpgrade } from '../http/app.ts'
import type { Log } from '../terminal/log.ts'
import { authenticate, type JoinAsk, readJoin } from './access.ts'
import { MAX_FRAME_BYTES } from './connection.ts'
import { Denied } from './denied.ts'
import { encodeReply } from './signal-codec.ts'
import type { Switchboard } from './switchboard.ts'
import { type ServerIdentity, writeMessage } from './write-message.ts'

export interface RtcParts {
  app: Pick<App, 'route' | 'upgrade'>
  calls: LiveCalls
  switchboard: Switchboard
  keys: ApiKeys
  identity: ServerIdentity
  ensureRoom(name: string): void
  now: () => number
  random: Random
  log: Log
  isClosing: () => boolean
}

const PACKED = '/rtc/v1'
const doors = ['/rtc', PACKED]
const reasons: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  500: 'Internal Server Error',
  503: 'Unavailable',
}

export function addRtcRoutes(parts: RtcParts): WebSocketServer {
  // Frames over our own limit are heard of, so that their sender can be told; beyond twice of it the socket just ends.
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 2 * MAX_FRAME_BYTES, perMessageDeflate: false })
  const { app } = parts
  for (const path of doors) {
    app.route('OPTIONS', path, answerPreflight)
    app.route('OPTIONS', `${path}/validate`, answerPreflight)
    app.route('GET', path, (_request, response) => answer(response, 404, ''))
    app.route('GET', `${path}/validate`, (request, response, url) => validate(request, response, url, parts))
    app.upgrade(path, async (request, socket, head, url) => {
      try {
        const ask = await admit(request, url, parts)
        const { room, resumes } = ask
        const found = resumes === undefined ? undefined : parts.calls.findResumable(room, ask.request.identity, resumes)
        // Older clients wait for ever on a socket that opens and closes without a word.
        if (found?.type === 'unanswered') throw new Denied(500, 'nobody answers')
        sockets.handleUpgrade(request, socket, head, (opened) => {
          if (found) goOn(opened, ask, found, parts)
          else begin(opened, ask, parts)
        })
      } catch (error) {
        const denied = deniedFor(error)
        parts.log.debug('signalling refused', { status: denied.status, reason: denied.message })
        refuseUpgrade(socket, denied.status, reasons[denied.status] ?? 'Error', denied.message)
      }
    })
  }
  return sockets
}

/** The same checks as at the door, for clients that cannot read why it did not open. */
async function validate(request: IncomingMessage, response: ServerResponse, url: URL, parts: RtcParts): Promise<void> {
  try {
    await admit(request, url, parts)
    answer(response, 200, 'success')
  } catch (error) {
    const denied = deniedFor(error)
    answer(response, denied.status, denied.message)
  }
}

/** @throws Denied or CallRefusal when the request may not join. */
async function admit(request: IncomingMessage, url: URL, parts: RtcParts): Promise<JoinAsk> {
  const claims = await authenticate(request, url, parts.keys, parts.now())
  if (url.pathname.startsWith(PACKED) && !url.searchParams.has('join_request')) {
    throw new Denied(400, 'join_request is missing')
  }
  const ask = readJoin(claims, url)
  if (parts.isClosing()) throw new Denied(503, 'the server is going down')
  parts.calls.checkJoin(ask.room, ask.request)
  return ask
}

const refusals: Partial<Record<RefusalCode, number>> = { full: 403, unavailable: 503 }

function deniedFor(error: unknown): Denied {
  if (error instanceof Denied) return error
  // Of all statuses that refuse, clients show their user the text of 401 and 403 alone.
  if (error instanceof CallRefusal) return new Denied(refusals[error.code] ?? 400, error.message)
  throw error
}

/** The socket is open and nothing has been said on it. The first message is the answer to joining, or a leave. */
function begin(socket: WebSocket, ask: JoinAsk, parts: RtcParts): void {
  const { calls, switchboard } = parts
  const sid = newSid('PA_', parts.random)
  try {
    // First of all somebody has to own the socket, so that whatever fails is said on it and ends it.
    switchboard.connect(sid, socket, ask.claims)
    parts.ensureRoom(ask.room)
    calls.join(ask.room, { ...ask.request, sid }, roomOptions(ask))
    for (const each of ask.asks) switchboard.hear(sid, each)
  } catch (error) {
    // Somebody took the last seat in the meantime.
    if (!(error instanceof CallRefusal)) parts.log.error('joining a call failed', { error: String(error) })
    switchboard.deliver([sid], { type: 'leave', reason: 'joinFailure', action: 'disconnect' })
    switchboard.disconnect(sid)
  }
}

/**
 * The first message is the answer to going on, or a leave. A leave that comes first makes browsers join anew, whatever it asks of them: who shall not
 * come back is taken on before being sent away.
 */
function goOn(
  socket: WebSocket,
  ask: JoinAsk,
  found: Exclude<Resumption, { type: 'unanswered' }>,
  { calls, switchboard, identity }: RtcParts,
): void {
  if (found.type === 'goesOn') {
    switchboard.connect(found.participant, socket, ask.claims)
    calls.fromClient(found.participant, { type: 'resume' })
    return
  }
  const { reason, action } = found
  socket.on('error', () => {})
  const say = (message: CallMessage) => socket.send(encodeReply(writeMessage(message, identity)))
  if (action === 'disconnect') say({ type: 'resumed', lastSequence: 0 })
  say({ type: 'leave', reason, action })
  socket.close(1000)
}

function roomOptions({ claims }: JoinAsk) {
  const { emptyTimeout = 0, departureTimeout = 0, maxParticipants = 0, metadata = '' } = claims.roomConfig ?? {}
  return { emptyTimeoutS: emptyTimeout, departureTimeoutS: departureTimeout, maxParticipants, metadata }
}

/** Pages of any origin may ask: the token alone decides, and they must be able to read why it did not. */
export function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'access-control-allow-origin': '*',
    'access-control-expose-headers': '*',
  })
  response.end(body)
}

export function answerPreflight(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-origin': request.headers.origin ?? '*',
    'access-control-allow-methods': 'OPTIONS,HEAD,GET,POST,PATCH,DELETE',
    'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '*',
    'access-control-max-age': '86400',
    vary: 'Origin, Access-Control-Request-Headers',
  })
  response.end()
}
