import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError, errors } from '@maru/protocol'

/** Sends one JSON body. Nothing of an answer may be kept by a browser or a proxy. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(bytes)
}

/** Tells the client what is wrong. Whatever is not meant for it becomes `internal`, without a word of why. */
export function sendError(response: ServerResponse, error: unknown): void {
  const shown = error instanceof AppError ? error : new AppError('internal')
  sendJson(response, errors[shown.code].status, shown.problem())
}

/** Reads a whole request body. Resolves to `undefined`, with the answer already sent, when it is longer than `limit` bytes. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
): Promise<Buffer | undefined> {
  const body = await collectBody(request, limit)
  if (body) return body
  response.setHeader('connection', 'close') // the rest of the body is not wanted
  sendError(response, new AppError('too_large', `At most ${limit} bytes can be sent here.`))
  return undefined
}

/** The whole body; `undefined` when it is longer than `limit` bytes. Rejects when it breaks off. */
export async function collectBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length']) > limit) return undefined
  const chunks: Buffer[] = []
  let size = 0
  // Leaving the loop early must not destroy the request: its socket still has to carry the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
