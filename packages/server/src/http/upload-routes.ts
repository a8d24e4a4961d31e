/**
 * Files on their way up: `POST /api/rooms/ROOM/files` announces one, `PATCH /api/uploads/ID` sends a piece from `upload-offset` on, `GET` tells how
 * much is there, `DELETE` gives it up. After a loss the sender asks and goes on.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError, announcementSchema, check, parseRecord } from '@maru/protocol'
import { limitUnsentUploads } from '../chat/unsent-uploads.ts'
import {
  cancelUpload,
  continueUpload,
  findUpload,
  receivedBytes,
  startUpload,
  type UploadContext,
} from '../chat/uploads.ts'
import { readBody, sendError, sendJson } from './answer.ts'
import type { App } from './app.ts'
import { actorOf, decodePart, memberOf } from './authorize.ts'
import { networkOf } from './network-of.ts'

/** What is said about a file takes much less. */
const MAX_ANNOUNCEMENT_BYTES = 8_192
const UPLOAD = /^\/api\/uploads\/(FI_[0-9A-Za-z]{16})$/

export function addUploadRoutes(app: Pick<App, 'route'>, context: UploadContext): void {
  const { storage } = context
  const unsent = limitUnsentUploads(storage, context)
  const uploadOf = (request: IncomingMessage, url: URL) =>
    findUpload(context, memberOf(storage, request, 'write').id, UPLOAD.exec(url.pathname)?.[1] ?? '')

  app.route('POST', /^\/api\/rooms\/[^/]+\/files$/, async (request, response, url) => {
    const actor = actorOf(storage, request, decodePart(url.pathname.split('/')[3] ?? '', 'room'), 'write')
    const body = await readBody(request, response, MAX_ANNOUNCEMENT_BYTES)
    if (!body) return
    const record = parseRecord(body.toString())
    if (!record) throw new AppError('bad_frame', 'The body is not a JSON object.')
    const announced = check(announcementSchema, record)
    if ('problem' in announced)
      throw new AppError(announced.problem.code, announced.problem.message, { field: announced.problem.field ?? '' })
    const { value } = announced
    const file = await unsent.announce(networkOf(request.socket), value.size, () => startUpload(context, actor, value))
    sendJson(response, 201, { file, received: 0 })
  })

  app.route('GET', UPLOAD, async (request, response, url) => {
    const file = uploadOf(request, url)
    sendJson(response, 200, { file: file.info, received: await receivedBytes(context, file) })
  })

  app.route('PATCH', UPLOAD, async (request, response, url) => {
    const file = uploadOf(request, url)
    const said = String(request.headers['upload-offset'])
    const offset = /^\d{1,15}$/.test(said) ? Number(said) : undefined
    try {
      if (offset === undefined)
        throw new AppError('offset_wrong', 'Say where the piece begins: "upload-offset: 0".', {
          field: 'upload-offset',
        })
      const received = await continueUpload(context, file, offset, piecesOf(request))
      sendJson(response, 200, { file: file.info, received })
    } catch (error) {
      if (request.destroyed && !request.complete) return void response.destroy() // the sender is gone, and comes back
      // The rest of the piece is not wanted.
      if (!request.complete) response.setHeader('connection', 'close')
      response.setHeader('upload-offset', await receivedBytes(context, file))
      refuse(response, error)
    }
  })

  app.route('DELETE', UPLOAD, async (request, response, url) => {
    await cancelUpload(context, uploadOf(request, url))
    sendJson(response, 200, {})
  })
}

/** Leaving the loop early must not destroy the request: its socket still has to carry the answer. */
function piecesOf(request: IncomingMessage): AsyncIterable<Buffer> {
  return { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer> }
}

function refuse(response: ServerResponse, error: unknown): void {
  if (!(error instanceof AppError)) throw error
  sendError(response, error)
}
