/** `GET /api/rooms`: the rooms of a member, each with its last message and what is unread. For the landing page. */

import { lastMessage } from '../chat/read-history.ts'
import type { Storage } from '../storage/open-storage.ts'
import { sendJson } from './answer.ts'
import type { App } from './app.ts'
import { memberOf } from './authorize.ts'

export function addRoomListRoute(app: Pick<App, 'route'>, storage: Storage): void {
  app.route('GET', '/api/rooms', (request, response) => {
    const { id } = memberOf(storage, request)
    const { memberships, rooms } = storage.read
    const list = memberships.roomsOf(id).map(({ roomId, room }) => {
      const read = memberships.find(roomId, id)?.read ?? 0
      const last = lastMessage(storage, { room, member: id })
      return {
        room,
        topic: rooms.settings(roomId).topic,
        unread: memberships.unread(roomId, id, read),
        ...(last && { last }),
      }
    })
    sendJson(response, 200, { rooms: list.toSorted((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0)) })
  })
}
