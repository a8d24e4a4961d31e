import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as v from 'valibot'
import { exportRoom } from '../chat/export-room.ts'
import { operation } from './operation.ts'

const media = { json: 'application/json', html: 'text/html; charset=utf-8' }

export const exports = (['json', 'html'] as const).map((format) =>
  operation({
    id: format === 'json' ? 'exportRoom' : 'exportRoomPage',
    method: 'GET',
    path: `/api/rooms/{room}/export.${format}`,
    tag: 'Export',
    summary:
      format === 'json'
        ? 'Everything the member may read of the room, as one JSON document.'
        : 'The same as a page that stands alone, without scripts. `zone`: the time zone of its times, such as Asia/Seoul; else UTC.',
    who: 'reader',
    needs: 'read',
    media: media[format],
    ...(format === 'html' && { query: { zone: v.optional(v.pipe(v.string(), v.maxLength(64))) } }),
    weight: 20,
    async run({ storage }, { authority: { room, member }, query: { zone }, response }) {
      const pieces = exportRoom(storage, { room, member: member?.id, zone, now: Date.now() }, format)
      response.writeHead(200, {
        'content-type': media[format],
        'content-disposition': `attachment; filename="${room.replace(/[^\w.-]/g, '_')}.${format}"`,
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      })
      // Who goes away in the middle wants no more of it.
      await pipeline(Readable.from(pieces), response).catch(() => response.destroy())
      return undefined
    },
  }),
)
