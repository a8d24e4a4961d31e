/**
 * The room socket without WebSockets, for proxies and browsers that let none pass: `POST /socket/stream` with the hello as its body answers with an
 * event stream of the same frames, and `POST /socket/frames/KEY` says what would have been said on the socket.
 */
import type { ServerResponse } from 'node:http'
import { AppError, createId, limits, type RandomBytes } from '@maru/protocol'
import { readBody, sendJson } from '../http/answer.ts'
import type { App } from '../http/app.ts'
import { type Caller, callerOf } from './caller.ts'
import { type Carrier, MAX_BUFFERED_BYTES } from './carrier.ts'
import { isOwnOrigin } from './check-origin.ts'
import type { Connection } from './connection.ts'
import type { FrameReader } from './frame-reader.ts'

/** A connection and the two ends by which its carrier holds it. */
export interface Taken {
  connection: Connection
  reader: FrameReader
  gone: () => void
}

export interface EventStreamOptions {
  take: (carrier: Carrier, caller: Caller) => Taken
  random: RandomBytes
  isClosing: () => boolean
  isFull: (address: string | undefined) => boolean
}

/** Nothing is heard of a client but what it says, and it says something every 25 s. */
const SILENCE_MS = 45_000
/** Some proxies hold an answer back until it has this size. */
const PADDING = `:${' '.repeat(2_048)}\n\n`
const FRAMES = /^\/socket\/frames\/([0-9A-Za-z]{32})$/

export function addEventStream(app: Pick<App, 'route'>, { take, random, isClosing, isFull }: EventStreamOptions): void {
  const streams = new Map<string, Taken>()

  app.route('POST', '/socket/stream', async (request, response) => {
    if (!isOwnOrigin(request)) throw new AppError('foreign_origin')
    if (isClosing()) throw new AppError('disconnected', 'The server ends.')
    const caller = callerOf(request)
    if (isFull(caller.address)) throw new AppError('too_fast', 'Too many connections from your address.')
    const hello = await readBody(request, response, limits.frameBytes)
    // Its end would not be told any more.
    if (!hello || response.closed || response.destroyed) return
    const key = createId('', random) + createId('', random)
    begin(response, key)
    const taken = take(streamCarrier(response), caller)
    streams.set(key, taken)
    response.on('close', () => {
      streams.delete(key)
      taken.gone()
    })
    taken.reader.read(hello.toString())
  })

  app.route('POST', FRAMES, async (request, response, url) => {
    const stream = streams.get(FRAMES.exec(url.pathname)?.[1] ?? '')
    if (!stream) throw new AppError('not_found', 'This event stream has ended: begin another.')
    const body = await readBody(request, response, limits.frameBytes)
    if (!body) return
    stream.connection.heard()
    for (const frame of body.toString().split('\n')) if (frame !== '') stream.reader.read(frame)
    sendJson(response, 200, {})
  })
}

function begin(response: ServerResponse, key: string): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-accel-buffering': 'no',
  })
  response.write(`${PADDING}event: key\ndata: ${key}\n\n`)
}

function streamCarrier(response: ServerResponse): Carrier {
  const write = (text: string) => void response.write(text)
  return {
    send(frames) {
      if (response.writableLength > MAX_BUFFERED_BYTES) return false
      response.write(frames.eventStream)
      return true
    },
    silenceMs: SILENCE_MS,
    ping: () => write(':\n\n'),
    close: (code) => void response.end(`event: close\ndata: ${code}\n\n`),
    // What is said comes by requests of their own.
    stopReading() {},
    terminate: () => void response.destroy(),
  }
}
