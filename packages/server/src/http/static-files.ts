/** The built web pages. Only files found below the folder at the start are ever sent, so no path can lead out of it. */
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, relative, sep } from 'node:path'
import { AppError } from '@maru/protocol'
import { sendError, sendJson } from './answer.ts'
import type { Handler } from './app.ts'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
}

/** Nothing from outside, nothing inline: what a message could smuggle into the page would still not run. */
const PAGE_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob: mediastream:",
  "connect-src 'self' ws: wss:",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const COMMON_HEADERS = {
  'content-security-policy': PAGE_POLICY,
  'permissions-policy':
    'camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), autoplay=(self), geolocation=(), usb=(), serial=(), payment=()',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** Addresses of the application that its one page serves: the landing page and a room. */
const PAGE_PATHS = /^\/(?:r\/[^/]+\/?)?$/
/** Vite puts a hash of the content into every name here, so such a file never changes. */
const HASHED = /^\/assets\//
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

export function staticFiles(folder: string): Handler {
  const files = filesBelow(folder)
  return (request, response, url) => {
    const page = PAGE_PATHS.test(url.pathname)
    const path = page ? '/index.html' : url.pathname
    for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value)
    // LiveKit's clients ask the root from other origins whether the server is there.
    if (url.pathname === '/') response.setHeader('access-control-allow-origin', '*')
    if (files.has(path)) return sendFile(request, response, { folder, files, path })
    if (page) return sendJson(response, 503, { code: 'not_built', message: 'The web pages are not built yet.' })
    sendError(response, new AppError('not_found'))
  }
}

/** The files below a folder as paths of URLs, without those that begin with a dot: they are the build's own. */
function filesBelow(folder: string): Set<string> {
  if (!existsSync(folder)) return new Set()
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = entries.map((entry) => `/${relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/')}`)
  return new Set(paths.filter((path) => !path.includes('/.')))
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { folder, files, path }: { folder: string; files: ReadonlySet<string>; path: string },
): void {
  const accepted = String(request.headers['accept-encoding'] ?? '')
  const encoding = ENCODINGS.find(([name, end]) => accepts(accepted, name) && files.has(path + end))
  const file = join(folder, path + (encoding?.[1] ?? ''))
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat) return void sendError(response, new AppError('not_found', 'This file has gone: reload the page.'))
  const tag = `"${stat.size.toString(36)}-${Math.round(stat.mtimeMs).toString(36)}"`
  response.setHeader('etag', tag)
  response.setHeader('vary', 'accept-encoding')
  response.setHeader('cache-control', HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
  if (request.headers['if-none-match'] === tag) return void response.writeHead(304).end()
  response.writeHead(200, {
    'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
    'content-length': stat.size,
    ...(encoding && { 'content-encoding': encoding[0] }),
  })
  if (request.method === 'HEAD') return void response.end()
  const content = createReadStream(file).on('error', () => response.destroy())
  response.on('close', () => content.destroy())
  content.pipe(response)
}

function accepts(header: string, encoding: string): boolean {
  return header.split(',').some((each) => {
    const [name, quality = ''] = each.trim().toLowerCase().split(';')
    return name === encoding && !/q=0(\.0*)?$/.test(quality.trim())
  })
}
