import type { KnownEntry, Line } from '@maru/protocol'
import { onTestFinished, test } from 'vitest'
import { bringUp } from '../src/chat/keep-index.ts'
import { lastMessage, readHistory, readThread } from '../src/chat/read-history.ts'
import { searchMessages } from '../src/chat/search-messages.ts'
import type { EntryDraft, Logged } from '../src/storage/entries.ts'
import { openStorage, type Storage } from '../src/storage/open-storage.ts'
import { emptyDatabase } from './databases.ts'
import { seeded } from './seeded.ts'

const people = ['Ana', 'Ben', 'Cem'].map((name) => ({ id: `ME_${name}`, name }))

async function hall(): Promise<{ storage: Storage; roomId: number; add(drafts: Draft[]): Promise<Logged[]> }> {
  const storage = openStorage({ database: await emptyDatabase() })
  onTestFinished(() => storage.close())
  const roomId = await storage.write(({ rooms, memberships }) => {
    const id = rooms.ensure('hall')
    for (const member of people) memberships.insert(id, { member, since: 0, read: 0 })
    return id
  })
  const add = (drafts: Draft[]) =>
    storage.write(({ entries }) =>
      drafts.map(({ other, ...draft }) => entries.append(roomId, draft as EntryDraft, other)),
    )
  return { storage, roomId, add }
}

/** `other`: the other reader of a change of a private message. */
type Draft = EntryDraft & { other?: string | undefined }

let sent = 0
function message(member: number, text: string, more: object = {}): Draft {
  sent += 1
  const { id = '', name = '' } = people[member] ?? {}
  return { kind: 'message', member: id, name, clientId: `${sent}`, text, ...more }
}

const isLine = ({ kind }: KnownEntry) => ['message', 'joined', 'left'].includes(kind)

for (const seed of [1, 2, 3])
  test(`each reads what is everybody's and their own, whatever lies between (seed ${seed})`, async ({ expect }) => {
    const random = seeded(seed)
    const below = (end: number) => Math.floor(random() * end)
    const { storage, roomId, add } = await hall()
    const drafts = Array.from({ length: 300 }, (): Draft => {
      const from = below(3)
      const to = people[(from + 1 + below(2)) % 3]
      const { id: member = '', name = '' } = people[from] ?? {}
      switch (below(5)) {
        case 0:
          return { kind: 'joined', member, name }
        case 1:
          return {
            kind: 'reacted',
            member,
            name,
            target: 1,
            emoji: '👍',
            on: true,
            other: below(2) ? to?.id : undefined,
          }
        case 2:
          return message(from, 'word')
        default:
          return message(from, 'word in private', { to })
      }
    })
    const log = await add(drafts)
    await bringUp(storage)
    for (const { id } of people) {
      const reader = { room: 'hall', member: id }
      const lines = log.filter(({ entry, only }) => isLine(entry) && (!only || only.includes(id)))
      const seqs = lines.map(({ entry }) => entry.seq)
      const seen = (found: readonly { seq: number }[]) => found.map(({ seq }) => seq)
      for (let n = 0; n < 40; n += 1) {
        const [place, limit] = [below(310), 1 + below(20)]
        const older = seqs.filter((seq) => seq < place)
        const newer = seqs.filter((seq) => seq > place)
        const before = readHistory(storage, reader, { before: place, limit })
        expect([seen(before.entries), before.hasOlder, before.hasNewer]).toEqual([
          older.slice(-limit),
          older.length > limit,
          seqs.some((seq) => seq >= place),
        ])
        const after = readHistory(storage, reader, { after: place, limit })
        expect([seen(after.entries), after.hasNewer]).toEqual([newer.slice(0, limit), newer.length > limit])
      }
      const messages = lines.flatMap(({ entry }) => (entry.kind === 'message' ? [entry] : []))
      expect(lastMessage(storage, reader)?.seq).toBe(messages.at(-1)?.seq)
      const read = below(300)
      expect(storage.read.memberships.unread(roomId, id, read).messages).toBe(
        messages.filter(({ seq, member }) => seq > read && member !== id).length,
      )
      const { hits } = await searchMessages(storage, reader, { query: 'word', limit: 100 })
      expect(hits.map(({ message }) => message.seq)).toEqual(seen(messages).reverse().slice(0, 100))
    }
  })

test('behind thousands of words of others a search finds what is there, in steps that others need not wait for', async ({
  expect,
}) => {
  const { storage, roomId, add } = await hall()
  const [mine] = await add([message(0, 'a needle')])
  for (let n = 0; n < 6; n += 1) await add(Array.from({ length: 500 }, () => message(1, 'needle', { to: people[2] })))
  await bringUp(storage)
  const reader = { room: 'hall', member: 'ME_Ana' }
  const { hits, hasOlder } = await searchMessages(storage, reader, { query: 'needle' })
  expect([hits.map(({ message }) => message.seq), hasOlder]).toEqual([[mine?.entry.seq], false])
  const where = { roomId, reader: 'ME_Ana', from: 0, before: 10_000, limit: 21 }
  const query = { terms: [{ text: 'needle', isPrefix: false }], from: undefined, hasFile: false }
  const steps = [...storage.read.search.find(query, where)]
  // 21, 84, 336, 1,344 and the rest.
  expect(steps.map(({ length }) => length)).toEqual([0, 0, 0, 0, 1])
  const theirs = [...storage.read.search.find(query, { ...where, reader: 'ME_Ben' })]
  expect(theirs.map(({ length }) => length)).toEqual([21, 84, 336, 1_344, 1_216])
})

test('a private thread is nothing to others', async ({ expect }) => {
  const { storage, add } = await hall()
  const to = { to: people[1] }
  const [first] = await add([message(0, 'between us', to)])
  const root = first?.entry.seq ?? 0
  await add([message(1, 'yes', { to: people[0], root }), message(2, 'hello all')])
  const thread = (member: string): Line[] => readThread(storage, { room: 'hall', member }, { root }).entries as Line[]
  expect(thread('ME_Ana')).toHaveLength(2)
  expect(thread('ME_Ben')).toHaveLength(2)
  expect(thread('ME_Cem')).toEqual([])
})

test('thousands of joins hide neither the last message nor what is unread, and keep nobody waiting', async ({
  expect,
}) => {
  const { storage, roomId, add } = await hall()
  await add([message(1, 'early'), message(1, 'for you', { to: people[0] })])
  const joined = { kind: 'joined', member: 'ME_Cem', name: 'Cem' } as const
  const reacted = { kind: 'reacted', member: 'ME_Cem', name: 'Cem', target: 1, emoji: '👍', on: true } as const
  for (let n = 0; n < 12; n += 1) await add(Array.from({ length: 500 }, () => reacted))
  // Changes are any number.
  expect(storage.read.memberships.unread(roomId, 'ME_Ana', 0).messages).toBe(2)
  expect(lastMessage(storage, { room: 'hall', member: 'ME_Ben' })?.text).toBe('for you')
  expect(lastMessage(storage, { room: 'hall', member: 'ME_Cem' })?.text).toBe('early')
  for (let n = 0; n < 19; n += 1) await add(Array.from({ length: 500 }, () => joined))
  expect(lastMessage(storage, { room: 'hall', member: 'ME_Cem' })?.text).toBe('early')
  expect(storage.read.memberships.unread(roomId, 'ME_Ana', 0).messages).toBe(2)
  // Between two messages lines have an end: of the public ones the newest count, those to oneself all.
  const [last] = await add([message(1, 'late')])
  expect(storage.read.memberships.unread(roomId, 'ME_Ana', 0).messages).toBe(2)
  // Behind a deleted one, too.
  const wipe = (seq = 0) =>
    storage.write(({ entries }) => {
      const found = entries.message(roomId, seq)
      if (found) entries.wipe(roomId, found)
    })
  await wipe(last?.entry.seq)
  expect(lastMessage(storage, { room: 'hall', member: 'ME_Cem' })).toBeUndefined()
  const again = await add([message(1, 'again'), ...Array.from({ length: 900 }, () => message(1, 'and again'))])
  for (const { entry } of again.slice(1)) await wipe(entry.seq)
  expect(lastMessage(storage, { room: 'hall', member: 'ME_Cem' })?.text).toBe('again')
  expect(lastMessage(storage, { room: 'hall', member: 'ME_Ben' })?.text).toBe('again')
})
