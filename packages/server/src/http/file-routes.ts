/**
 * Files of messages: `/files/ID/NAME`. The id is the key, as long as a message refers to the file; the name is decoration and never read. Whatever
 * a file says it is, no browser takes it for a page of ours: pictures, sound and film are shown in place, everything else is only saved.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError, type FileInfo } from '@maru/protocol'
import type { Blobs } from '../storage/blobs.ts'
import type { Storage } from '../storage/open-storage.ts'
import type { App } from './app.ts'

/** What a browser shows without running anything of it. No SVG: it is a page. */
const SHOWN =
  /^(image\/(png|jpeg|gif|webp|avif|bmp)|(audio|video)\/(mpeg|mp4|ogg|webm|wav|x-wav|aac|flac|x-m4a|quicktime))$/

const FILE = /^\/files\/(FI_[0-9A-Za-z]{16})(?:\/[^/]*)?$/

export function addFileRoutes(app: Pick<App, 'route'>, { storage, blobs }: { storage: Storage; blobs: Blobs }): void {
  app.route('GET', FILE, (request, response, url) => {
    const file = storage.read.files.find(FILE.exec(url.pathname)?.[1] ?? '')
    if (!file || file.hash === undefined || file.seq === undefined) throw new AppError('file_gone')
    const { info, hash } = file
    const tag = `"${hash.slice(0, 32)}"`
    for (const [name, value] of Object.entries(headersOf(info))) response.setHeader(name, value)
    response.setHeader('etag', tag)
    if (request.headers['if-none-match'] === tag) return void response.writeHead(304).end()
    const range = rangeOf(request, info.size, tag)
    if (range === 'unsatisfiable') {
      response.setHeader('content-range', `bytes */${info.size}`)
      return void response.writeHead(416).end()
    }
    const { start, end } = range ?? { start: 0, end: info.size - 1 }
    if (range) response.setHeader('content-range', `bytes ${start}-${end}/${info.size}`)
    response.setHeader('content-length', end - start + 1)
    response.writeHead(range ? 206 : 200)
    if (request.method === 'HEAD') return void response.end()
    send(response, blobs.read(hash, { start, end }))
  })
}

function send(response: ServerResponse, content: ReturnType<Blobs['read']>): void {
  response.on('close', () => content.destroy())
  content.on('error', () => response.destroy()).pipe(response)
}

function headersOf({ name, type }: FileInfo): Record<string, string> {
  const isShown = SHOWN.test(type)
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return {
    'content-type': isShown ? type : 'application/octet-stream',
    'content-disposition': `${isShown ? 'inline' : 'attachment'}; filename="${ascii}"; filename*=UTF-8''${encoded}`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'accept-ranges': 'bytes',
    // Asked for again each time, which costs a few bytes: what was deleted is not shown from a cache.
    'cache-control': 'private, no-cache',
  }
}

/** One range as RFC 9110 14.2 has it; undefined for the whole, also where several are asked for. */
function rangeOf(
  request: IncomingMessage,
  size: number,
  tag: string,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const known = request.headers['if-range']
  if (known !== undefined && known !== tag) return undefined
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(request.headers.range ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}
