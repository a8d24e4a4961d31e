/**
 * The one HTTP application: routes, upgrades, and what every answer has in common.
 * It owns no port: `listen.ts` hands it plain and TLS connections alike. It knows nothing of rooms, calls or LiveKit.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { AppError } from '@maru/protocol'
import { type Schedule, scheduleTimer } from '../rooms/presence.ts'
import type { Log } from '../terminal/log.ts'
import { sendError } from './answer.ts'
import { limitStall } from './stall-limit.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer, url: URL) => void | Promise<void>

/** `*` takes every method a path has no own route for. */
export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | '*'

export interface App {
  /** A string matches the whole path, an expression tests it. A GET route answers HEAD as well unless HEAD has its own. The first match wins. */
  route(method: Method, path: string | RegExp, handler: Handler): void
  upgrade(path: string | RegExp, handler: UpgradeHandler): void
  /** Takes every GET and HEAD that no route wants: the static pages. */
  fallback(handler: Handler): void
  /** Never listens itself. Connections come by `emit('connection')`, so the sizes and time limits set here still hold. */
  readonly server: Server
}

interface Route<Target> {
  method: Method
  path: string | RegExp
  handler: Target
}

const HEADERS_TIMEOUT_MS = 20_000
/** For the whole body: a piece of an upload over a bad line comes in this time. Every handler limits the size of what it reads. */
const REQUEST_TIMEOUT_MS = 60_000
const KEEP_ALIVE_MS = 10_000
/** How often the two limits above are looked after. */
const CHECK_MS = 5_000

export function createApp({
  log,
  checkMs = CHECK_MS,
  requestTimeoutMs = REQUEST_TIMEOUT_MS,
  schedule = scheduleTimer,
}: {
  log?: Log
  checkMs?: number
  requestTimeoutMs?: number
  schedule?: Schedule
} = {}): App {
  const routes: Route<Handler>[] = []
  const upgrades: Route<UpgradeHandler>[] = []
  let fallback: Handler = notFound

  const server = createServer({
    maxHeaderSize: 16_384,
    headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: checkMs,
  })

  server.on('request', (request, response) => {
    limitStall(response, schedule)
    const url = urlOf(request)
    if (!url) return sendError(response, new AppError('not_found'))
    const handler = find(routes, request.method ?? 'GET', url.pathname) ?? (isRead(request) ? fallback : notFound)
    const failed = (error: unknown) => {
      if (!(error instanceof AppError))
        log?.error('request failed', { method: request.method, path: url.pathname, error })
      if (response.headersSent) response.destroy()
      else sendError(response, error)
    }
    call(() => handler(request, response, url), failed)
  })

  server.on('upgrade', (request, socket, head) => {
    // Without a listener an error of a socket that nobody owns yet would end the process.
    socket.on('error', destroy)
    const url = urlOf(request)
    const handler = url && find(upgrades, '*', url.pathname)
    if (!url || !handler) return refuseUpgrade(socket, 404, 'Not Found')
    const failed = (error: unknown) => {
      log?.error('upgrade failed', { path: url.pathname, error })
      socket.destroy()
    }
    call(() => handler(request, socket, head, url), failed)
  })

  return {
    route: (method, path, handler) => void routes.push({ method, path, handler }),
    upgrade: (path, handler) => void upgrades.push({ method: '*', path, handler }),
    fallback: (handler) => {
      fallback = handler
    },
    server,
  }
}

/** Ends an upgrade that is not wanted with a plain HTTP answer. */
export function refuseUpgrade(socket: Duplex, status: number, reason: string, body = ''): void {
  const length = Buffer.byteLength(body)
  // No time limit of HTTP holds any more: without this a client that keeps its side open would keep the socket for ever.
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${length}\r\n\r\n${body}`,
  )
}

/** A listener that knows nothing but its socket: one made beside the request would keep that for as long. */
function destroy(this: Duplex): void {
  this.destroy()
}

function call(run: () => void | Promise<void>, failed: (error: unknown) => void): void {
  try {
    Promise.resolve(run()).catch(failed)
  } catch (error) {
    failed(error)
  }
}

function find<Target>(routes: Route<Target>[], method: string, path: string): Target | undefined {
  const here = routes.filter((route) => (typeof route.path === 'string' ? route.path === path : route.path.test(path)))
  const wanted = method === 'HEAD' ? ['HEAD', 'GET', '*'] : [method, '*']
  for (const one of wanted) {
    const route = here.find((each) => each.method === one)
    if (route) return route.handler
  }
  return undefined
}

/** The address asked for; several slashes in front count as one, as LiveKit's clients sometimes send them. */
function urlOf(request: IncomingMessage): URL | undefined {
  const target = (request.url ?? '/').replace(/^\/{2,}/, '/')
  return target.startsWith('/') ? (URL.parse(target, 'http://maru.invalid') ?? undefined) : undefined
}

function isRead(request: IncomingMessage): boolean {
  return request.method === 'GET' || request.method === 'HEAD'
}

function notFound(_request: IncomingMessage, response: ServerResponse): void {
  sendError(response, new AppError('not_found'))
}
