import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { onTestFinished, test } from 'vitest'
import { createBus } from '../events/bus.ts'
import { openBlobs } from '../storage/blobs.ts'
import { openStorage } from '../storage/open-storage.ts'
import { cleanUp, sweep } from './keep-house.ts'
import { searchMessages } from './search-messages.ts'
import { sendMessage } from './send-message.ts'
import { cancelUpload, continueUpload, findUpload, startUpload } from './uploads.ts'

const member = { id: 'ME_ana', name: 'Ana' }

async function house() {
  const folder = mkdtempSync(join(tmpdir(), 'maru-house-'))
  let time = 1_000_000
  const bus = createBus()
  const storage = openStorage({ database: ':memory:', now: () => time })
  const blobs = openBlobs(folder)
  onTestFinished(() => {
    storage.close()
    rmSync(folder, { recursive: true })
  })
  const parts = { storage, bus, blobs, now: () => time }
  const roomId = await storage.write((tables) => {
    const room = tables.rooms.ensure('hall')
    tables.members.insert(member)
    tables.memberships.insert(room, { member, since: 0, read: 0 })
    return room
  })
  let sent = 0
  const uploads = { ...parts, random: randomBytes, fileBytes: 1_000, totalBytes: 1_000 }
  const announce = (size: number) =>
    startUpload(uploads, { room: 'hall', member }, { name: 'a.txt', type: 'text/plain', size })
  const put = (id: string, text: string) =>
    continueUpload(uploads, findUpload(uploads, member.id, id), 0, Readable.from([Buffer.from(text)]))
  return {
    ...parts,
    announce,
    put,
    async upload(text: string) {
      const { id } = await announce(Buffer.byteLength(text))
      await put(id, text)
      return id
    },
    cancel: (id: string) => cancelUpload(uploads, findUpload(uploads, member.id, id)),
    sweep: () => sweep(parts),
    roomId,
    clean: () => cleanUp(parts, () => false),
    pass(ms: number) {
      time += ms
    },
    say(text: string, files?: string[]) {
      sent += 1
      return sendMessage(parts, { room: 'hall', member }, { clientId: `c${sent}`, text, files })
    },
    find: (query: string) => searchMessages(storage, { room: 'hall', member: member.id }, { query }),
    stored: () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((each) => each.isFile())
        .map(({ name }) => name),
  }
}

test('what is said after everything has expired is found', async ({ expect }) => {
  const { storage, roomId, say, pass, clean, find } = await house()
  await storage.write(({ rooms }) => rooms.setRetention(roomId, { keep: 'none' }))
  for (const word of ['plum', 'pear', 'fig']) await say(word)
  expect((await find('fig')).hits).toHaveLength(1)
  pass(61_000)
  await clean()
  expect((await find('fig')).hits).toEqual([])
  await say('quince')
  expect((await find('quince')).hits).toHaveLength(1)
})

test('a content that comes again while it is let go of stays', async ({ expect }) => {
  const { upload, cancel, clean, stored, announce, put } = await house()
  const texts = Array.from({ length: 30 }, (_, n) => `text ${n}`)
  for (const id of await Promise.all(texts.map(upload))) await cancel(id)
  const again = await Promise.all(texts.slice(0, 10).map(({ length }) => announce(length)))
  await Promise.all([clean(), ...again.map(({ id }, n) => put(id, texts[n] ?? ''))])
  await clean()
  expect(stored()).toHaveLength(again.length)
})

test('of an upload that is given up while its last piece arrives nothing stays', async ({ expect }) => {
  for (let turns = 0; turns < 30; turns += 1) {
    const { announce, put, cancel, clean, stored } = await house()
    const { id } = await announce(4)
    const arriving = put(id, 'last').catch(() => {})
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate)
    await cancel(id).catch(() => {})
    await clean()
    await arriving
    await clean()
    expect(stored(), `after ${turns} turns`).toEqual([])
  }
})

test('what a crash leaves of a file that had just come is gone after the next start', async ({ expect }) => {
  const { announce, blobs, sweep, stored, upload } = await house()
  await upload('kept')
  const { id } = await announce(4)
  await blobs.append(id, 0, 4, Readable.from([Buffer.from('lost')]))
  const crash = new Error('crashed')
  await expect(blobs.finish(id, () => Promise.reject(crash))).rejects.toBe(crash)
  await blobs.append('FI_0123456789abcdef', 0, 4, Readable.from([Buffer.from('what')]))
  expect(stored().length).toBeGreaterThan(2)
  await sweep()
  expect(stored()).toHaveLength(1)
})

test('announcing at once does not get round the limits', async ({ expect }) => {
  const { announce } = await house()
  const both = await Promise.allSettled([announce(600), announce(600)])
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
})

test('what a room no longer keeps is known when it is sent again: for a month, and of the last 20,000 numbers', async ({
  expect,
}) => {
  const { storage, bus, roomId, pass, clean, find } = await house()
  await storage.write(({ rooms }) => rooms.setRetention(roomId, { keep: 'none' }))
  const send = (clientId: string) =>
    sendMessage({ storage, bus }, { room: 'hall', member }, { clientId, text: `said under ${clientId}` })
  const first = await send('one')
  pass(61_000)
  await clean()
  expect(storage.read.entries.message(roomId, first.seq)).toBeUndefined()
  // The answer to it was lost, and its sender comes back late.
  expect(await send('one')).toEqual(first)
  expect((await find('said')).hits).toEqual([])
  expect(storage.read.sent.find(roomId, 'ME_other', 'one')).toBeUndefined()

  pass(29 * 86_400_000)
  await clean()
  expect(await send('one')).toEqual(first)
  pass(2 * 86_400_000)
  await clean()
  const anew = await send('one')
  expect(anew.seq).toBeGreaterThan(first.seq)

  pass(61_000)
  await clean()
  const line = { kind: 'joined', member: member.id, name: member.name } as const
  await storage.write(({ entries }) => {
    for (let n = 0; n < 20_000; n += 1) entries.append(roomId, line)
  })
  expect(storage.read.sent.find(roomId, member.id, 'one')).toEqual(anew)
  pass(61_000)
  await clean()
  expect(storage.read.sent.find(roomId, member.id, 'one')).toBeUndefined()
})
