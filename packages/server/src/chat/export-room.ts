/** A room to take along: everything somebody may read of it, as JSON or as a page, in pieces that are made as they are taken. */
import { AppError, type Line, type Member } from '@maru/protocol'
import { viewOf } from '../rooms/view-of.ts'
import type { Storage } from '../storage/open-storage.ts'
import { roomPage } from './export-page.ts'

/** Lines of one piece: the event loop stands still while they are read. */
const PIECE = 200

export interface ExportedRoom {
  name: string
  topic: string
  members: Member[]
  exportedAt: number
  /** The time zone of the page's times, as IANA names it. */
  zone: string
  /** The number of the newest line that is in it. */
  upTo: number
}

/**
 * Whoever runs the server reads what everybody may: private messages are between the two. What is said while the export is taken is not in it.
 * @throws not_found, bad_frame where there is no such time zone
 */
export function exportRoom(
  storage: Storage,
  {
    room: name,
    member,
    now,
    zone = 'UTC',
  }: { room: string; member?: string | undefined; now: number; zone?: string | undefined },
  format: 'json' | 'html',
): Iterable<string> {
  const { read } = storage
  const roomId = read.rooms.find(name)
  if (roomId === undefined) throw new AppError('not_found', 'There is no such room.')
  const view =
    member === undefined
      ? { roomId, reader: '', from: read.rooms.settings(roomId).expired }
      : viewOf(read, roomId, member)
  if (!isZone(zone))
    throw new AppError('bad_frame', '"zone" has to be the name of a time zone, such as Asia/Seoul.', { field: 'zone' })
  const { topic, lastSeq } = read.rooms.settings(roomId)
  const room = { name, topic, members: read.memberships.of(roomId), exportedAt: now, zone, upTo: lastSeq }
  function* pieces(): Iterable<Line[]> {
    let after = view.from
    for (;;) {
      const found = read.entries.after(view, after, PIECE)
      const lines = found.filter(({ seq }) => seq <= lastSeq)
      if (lines.length > 0) yield lines
      after = lines.at(-1)?.seq ?? after
      if (lines.length < PIECE) return
    }
  }
  return format === 'json' ? asJson(room, pieces()) : asPage(room, pieces())
}

function* asJson({ members, zone: _, ...room }: ExportedRoom, pieces: Iterable<Line[]>): Iterable<string> {
  const head = JSON.stringify({ format: 'maru-room-1', room, members })
  yield `${head.slice(0, -1)},"entries":[`
  let separator = '\n'
  for (const lines of pieces) {
    yield separator + lines.map((line) => JSON.stringify(line)).join(',\n')
    separator = ',\n'
  }
  yield '\n]}\n'
}

function* asPage(room: ExportedRoom, pieces: Iterable<Line[]>): Iterable<string> {
  const page = roomPage(room)
  yield page.start
  for (const lines of pieces) yield lines.map(page.line).join('')
  yield page.end
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
