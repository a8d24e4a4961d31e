/** A room to take along: everything somebody may read of it, as JSON or as a page, in pieces that are made as they are taken. */
import { AppError, keysIn, type Line, type Member } from '@maru/protocol'
import { listMembers } from '../rooms/list-members.ts'
import { viewOf } from '../rooms/view-of.ts'
import type { Storage } from '../storage/open-storage.ts'
import { type RoomPage, roomPage } from './export-page.ts'

/** Lines of one piece: the event loop stands still while they are read. */
const PIECE = 200

export interface ExportedRoom {
  name: string
  topic: string
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
  const room = { name, topic, exportedAt: now, zone, upTo: lastSeq }
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
  function* members(): Iterable<Member[]> {
    for (let after: string | undefined = ''; after !== undefined; ) {
      const { members, next } = listMembers(storage, name, after)
      yield members
      after = next
    }
  }
  // Only those are looked for whom the text can mean.
  const called = (text: string) => (text.includes('@') ? read.memberships.named(roomId, keysIn(text)) : nobody)
  return format === 'json' ? asJson(room, members(), pieces()) : asPage(roomPage(room, called), members(), pieces())
}

const nobody: ReadonlyMap<string, string> = new Map()

function* asJson(
  { zone: _, ...room }: ExportedRoom,
  members: Iterable<Member[]>,
  pieces: Iterable<Line[]>,
): Iterable<string> {
  const head = JSON.stringify({ format: 'maru-room-1', room })
  yield `${head.slice(0, -1)},"members":[`
  yield* listed(members, ',')
  yield '],"entries":[\n'
  yield* listed(pieces, ',\n')
  yield '\n]}\n'
}

/** What comes in pieces, as one list. */
function* listed(pieces: Iterable<readonly object[]>, separator: string): Iterable<string> {
  let before = ''
  for (const piece of pieces) {
    if (piece.length === 0) continue
    yield before + piece.map((each) => JSON.stringify(each)).join(separator)
    before = separator
  }
}

function* asPage(page: RoomPage, members: Iterable<Member[]>, pieces: Iterable<Line[]>): Iterable<string> {
  yield page.start
  for (const some of members) yield page.members(some)
  yield page.log
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
