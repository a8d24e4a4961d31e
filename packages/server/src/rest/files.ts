/** Described only: `http/upload-routes.ts` and `http/file-routes.ts` answer, since bytes are not JSON. */
import { announcementSchema, count, fileSchema } from '@maru/protocol'
import * as v from 'valibot'
import { nothing, operation } from './operation.ts'

const tag = 'Files'
const progress = v.object({ file: fileSchema, received: count })

export const files = [
  operation({
    id: 'announceFile',
    method: 'POST',
    path: '/api/rooms/{room}/files',
    tag,
    summary: 'Announces a file. Send its bytes to `/api/uploads/{id}`, then name its id in the `files` of a message.',
    who: 'room',
    needs: 'write',
    body: announcementSchema,
    reply: progress,
    status: 201,
    errors: ['file_bad', 'file_too_large', 'files_full', 'too_fast', 'storage_unavailable'],
  }),
  operation({
    id: 'getUpload',
    method: 'GET',
    path: '/api/uploads/{id}',
    tag,
    summary: 'How many bytes of an upload are there.',
    who: 'member',
    needs: 'write',
    reply: progress,
    errors: ['file_gone'],
  }),
  operation({
    id: 'continueUpload',
    method: 'PATCH',
    path: '/api/uploads/{id}',
    tag,
    summary: 'Sends a piece, as the body; the header `upload-offset` says where it begins.',
    who: 'member',
    needs: 'write',
    reply: progress,
    errors: ['file_gone', 'offset_wrong', 'file_too_large', 'storage_unavailable'],
  }),
  operation({
    id: 'cancelUpload',
    method: 'DELETE',
    path: '/api/uploads/{id}',
    tag,
    summary: 'Gives up an upload that was not sent.',
    who: 'member',
    needs: 'write',
    reply: nothing,
    errors: ['file_gone', 'file_used', 'storage_unavailable'],
  }),
]
