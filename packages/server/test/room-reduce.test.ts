import { join as joinPath } from 'node:path'
import { initialState, type RoomState, reduce } from '@maru/client'
import { AppError, type Member, protocolVersion, type ServerMessage } from '@maru/protocol'
import { onTestFinished, test } from 'vitest'
import { deleteMessage } from '../src/chat/delete-message.ts'
import { editMessage } from '../src/chat/edit-message.ts'
import { forgetMember } from '../src/chat/forget-member.ts'
import { cleanUp } from '../src/chat/keep-house.ts'
import { markRead } from '../src/chat/mark-read.ts'
import { pinMessage } from '../src/chat/pin-message.ts'
import { react } from '../src/chat/react.ts'
import { readHistory, readNews } from '../src/chat/read-history.ts'
import { sendMessage } from '../src/chat/send-message.ts'
import { closePoll, vote } from '../src/chat/vote.ts'
import { createBus } from '../src/events/bus.ts'
import { becomeMember } from '../src/rooms/become-member.ts'
import { describeRoom } from '../src/rooms/describe-room.ts'
import { setRetention } from '../src/rooms/set-retention.ts'
import { setTopic } from '../src/rooms/set-topic.ts'
import { openBlobs } from '../src/storage/blobs.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import { emptyDatabase } from './databases.ts'
import { temporaryFolder } from './room-harness.ts'

/** Numbers that look random and are the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const room = 'hall'
const OPERATIONS = 160
const ana: Member = { id: 'ME_a', name: 'Ana' }
const ben: Member = { id: 'ME_b', name: 'Ben' }
const cy: Member = { id: 'ME_c', name: 'Cy' }

/** A server's domain without sockets: what it tells each member, in order. */
async function world(random: () => number) {
  const folder = temporaryFolder()
  let time = 1_000_000
  const now = () => {
    time += 1
    return time
  }
  const storage = openStorage({ database: await emptyDatabase(), now })
  onTestFinished(() => {
    storage.close()
    folder.remove()
  })
  const bus = createBus()
  const blobs = openBlobs(joinPath(folder.path, 'files'))
  const told = new Map<string, ServerMessage[]>([ana, ben, cy].map(({ id }) => [id, []]))
  bus.subscribe((event) => {
    for (const [member, messages] of told) {
      if (event.type === 'entryAdded' && (!event.only || event.only.includes(member)))
        messages.push({ type: 'entry', entry: event.entry, prev: event.prev })
      if (event.type === 'memberRead' && event.member === member)
        messages.push({ type: 'read', member, seq: event.seq, unread: event.unread })
    }
  })
  const context = { storage, bus }
  const pick = <Each>(list: readonly Each[]) => list[Math.floor(random() * list.length)] as Each
  const last = () => storage.read.rooms.settings(1).lastSeq
  const someMessage = () => 1 + Math.floor(random() * (last() + 1))
  let ids = 0

  async function operate(member: Member): Promise<void> {
    const actor = { room, member }
    const target = someMessage()
    const chance = random()
    if (chance < 0.4) {
      ids += 1
      const other = pick([ana, ben, cy].filter(({ id }) => id !== member.id))
      await sendMessage(context, actor, {
        clientId: `${ids}`,
        text: pick(['hello', 'hi @Ana', 'listen @everyone', '안녕 @Ben', '@Cy and @Ana']),
        ...(random() < 0.4 && { replyTo: target }),
        ...(random() < 0.2 && { to: other.id }),
        ...(random() < 0.2 && { poll: { options: ['one', 'two', 'three'], multiple: random() < 0.5 } }),
      })
    } else if (chance < 0.5) await editMessage(context, actor, { target, text: `edited ${chance} @Cy` })
    else if (chance < 0.55) await deleteMessage(context, actor, target)
    else if (chance < 0.7) await react(context, actor, { target, emoji: pick(['👍', '❤️', '🎉']), on: random() < 0.7 })
    else if (chance < 0.8) await vote(context, actor, { target, options: random() < 0.2 ? [] : [pick([0, 1, 2])] })
    else if (chance < 0.82) await closePoll(context, actor, target)
    else if (chance < 0.87) await pinMessage(context, actor, { target, on: random() < 0.7 })
    else if (chance < 0.9) await setTopic(context, actor, pick(['tea', 'coffee', '']))
    else if (chance < 0.97) await markRead(context, actor, target)
    else if (chance < 0.98) {
      await setRetention(context, { room, member: ana }, { keep: 'none' })
      time += 30_000
      await cleanUp({ ...context, blobs, now: () => time }, () => false)
      await setRetention(context, { room, member: ana }, { keep: 'all' })
    } else if (chance < 0.985 && member === cy) {
      await forgetMember(context, cy.id)
      await becomeMember(storage, room, cy)
    }
  }

  function welcome(member: Member, cursor: number | undefined): ServerMessage {
    return {
      type: 'welcome',
      version: protocolVersion,
      me: member,
      people: [],
      call: [],
      ...readNews(storage, { room, member: member.id }, cursor),
      ...describeRoom(storage, room, member.id),
      reads: [],
      limits: { text: 1, name: 1, file: 1 },
    }
  }
  return { storage, told, operate, welcome, pick }
}

function isForgotten(event: ServerMessage, member: Member): boolean {
  return event.type === 'entry' && event.entry.kind === 'forgotten' && event.entry.member === member.id
}

/** What two clients of one member have to agree on: all of it where both hold it. */
function common(state: RoomState, from: number) {
  const { cursor: _cursor, hasOlder: _hasOlder, view: _view, entries, unread, ...rest } = state
  return { ...rest, unread: unread.messages, entries: entries.filter(({ seq }) => seq >= from) }
}

const seeds = Array.from({ length: 25 }, (_, n) => n + 1)

test.each(seeds)('however the events are split and dropped, the state ends as a fresh one (seed %i)', async (seed) => {
  const random = seeded(seed)
  const { storage, told, operate, welcome, pick } = await world(random)
  for (const member of [ana, ben, cy]) await becomeMember(storage, room, member)
  const clients = [ana, ben, cy].flatMap((member) =>
    [0, 0.02, 0.3].map((loss) => ({ member, loss, taken: 0, state: enter(member, undefined) })),
  )

  function enter(member: Member, state: RoomState | undefined): RoomState {
    const before = state ?? initialState(room, member.name)
    return reduce(before, { type: 'received', message: welcome(member, state?.cursor), at: 0 })
  }

  for (let n = 0; n < OPERATIONS; n += 1) {
    await operate(pick([ana, ben, cy])).catch((error) => {
      if (!(error instanceof AppError)) throw error
    })
    for (const client of clients) {
      const events = told.get(client.member.id) ?? []
      // Whoever was forgotten begins anew.
      if (events.slice(client.taken).some((event) => isForgotten(event, client.member))) {
        client.state = enter(client.member, undefined)
        client.taken = events.length
      }
      // Without loss every event is heard at once; else sometimes late, and sometimes the connection is lost with all that waits.
      if (random() < client.loss) {
        client.state = enter(client.member, client.state)
        client.taken = events.length
      }
      if (client.loss > 0 && random() < 0.5) continue
      for (const message of events.slice(client.taken)) {
        if (message.type === 'entry' && message.prev > client.state.cursor) throw new Error('a hole in the log')
        client.state = reduce(client.state, { type: 'received', message, at: 0 })
      }
      client.taken = events.length
    }
  }
  for (const client of clients) {
    for (const message of (told.get(client.member.id) ?? []).slice(client.taken))
      client.state = reduce(client.state, { type: 'received', message, at: 0 })
    const page = readHistory(storage, { room, member: client.member.id }, { before: 1e9, limit: 1_000 })
    const fresh = { ...enter(client.member, undefined), entries: page.entries } as RoomState
    const from = client.state.entries[0]?.seq ?? 0
    if (plain(common(client.state, from)) !== plain(common(fresh, from)))
      throw new Error(
        `seed ${seed}, ${client.member.name}, loss ${client.loss}: ${difference(client.state, fresh, from)}`,
      )
  }
})

/** Equal for equal values, in whatever order their fields were written. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_key, each) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )
}

function difference(state: RoomState, fresh: RoomState, from: number): string {
  const [one, two] = [common(state, from), common(fresh, from)] as Record<string, unknown>[]
  for (const key of Object.keys({ ...one, ...two })) {
    const [mine, theirs] = [one?.[key], two?.[key]]
    if (plain(mine) === plain(theirs)) continue
    if (!Array.isArray(mine) || !Array.isArray(theirs))
      return `${key}: ${JSON.stringify(mine)} instead of ${JSON.stringify(theirs)}`
    const at = mine.findIndex((each, n) => plain(each) !== plain(theirs[n]))
    return `${key}[${at}]: ${JSON.stringify(mine[at])} instead of ${JSON.stringify(theirs[at])} (${mine.length}, ${theirs.length})`
  }
  return ''
}
