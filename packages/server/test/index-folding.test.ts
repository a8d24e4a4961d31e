import { DatabaseSync } from 'node:sqlite'
import { AppError } from '@maru/protocol'
import { onTestFinished, test } from 'vitest'
import { bringUp, keepIndex } from '../src/chat/keep-index.ts'
import { searchMessages } from '../src/chat/search-messages.ts'
import { createBus } from '../src/events/bus.ts'
import { foldTextBefore, indexScope } from '../src/storage/fold-text.ts'
import { openStorage, type Storage } from '../src/storage/open-storage.ts'
import { migrations } from '../src/storage/sqlite-schema.ts'
import { createTimers, temporaryFolder } from './room-harness.ts'

const words = ['Straße', 'tea', 'ΟΔΟΣ', 'Ärger', '음성 통화', 'ﬁne', 'Ꞑ', 'MASSE', 'Maße']
const text = (n: number) => `${words[n % words.length]} und ${words[(n * 7 + 3) % words.length]} ${n}`
const COUNT = 200

/** A database as the sixth version left it, all of it in the index. */
function sixthVersion(file: string): void {
  const db = new DatabaseSync(file)
  db.function('fold_text', { deterministic: true }, (text) => foldTextBefore(String(text)))
  db.function('index_scope', { deterministic: true }, (room, member, files) =>
    indexScope(Number(room), String(member), Number(files)),
  )
  db.function('name_key', { deterministic: true }, String)
  db.exec(`begin; ${migrations.slice(0, 6).join(';')}; pragma user_version = 6;
    insert into room (id, name, created_at, last_seq, last_public) values (1, 'hall', 1, ${COUNT}, ${COUNT});
    insert into membership (room_id, member_id, name, key, since) values (1, 'ME_Ana', 'Ana', 'ana', 0)`)
  const insert = db.prepare(
    "insert into entry (room_id, seq, at, kind, line, member_id, name, text, client_id) values (1, ?, ?, 'message', 1, 'ME_Ana', 'Ana', ?, ?)",
  )
  for (let n = 1; n <= COUNT; n += 1) insert.run(n, n, text(n), `c${n}`)
  db.exec(`insert into message_index (rowid, body, scope) select id, fold_text(text), index_scope(1, member_id, 0) from entry;
    update indexed set last = ${COUNT}; commit`)
  db.close()
}

/** Every word of the index with its places. */
function everyWord(file: string): unknown[] {
  const db = new DatabaseSync(file)
  db.exec("create virtual table temp.word using fts5vocab(main, message_index, 'instance')")
  const found = db.prepare('select term, doc, col, "offset" from word order by 1, 2, 3, 4').all()
  db.close()
  return found.map((row) => ({ ...row }))
}

test('what an earlier version has indexed is folded anew, wherever it is interrupted and whatever changes meanwhile', async ({
  expect,
}) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  const [file, fresh] = [`${folder.path}/old.db`, `${folder.path}/fresh.db`]
  sixthVersion(file)
  let storage: Storage = openStorage({ database: file })
  const message = (seq: number) => {
    const found = storage.read.entries.message(1, seq)
    if (!found) throw new Error(`no message ${seq}`)
    return found
  }
  const texts = new Map(Array.from({ length: COUNT }, (_, n) => [n + 1, text(n + 1)]))
  for (let round = 0; storage.read.search.isOldFolded(); round += 1) {
    await storage.write(({ search, entries }) => {
      // Some have been come to and some have not.
      for (const seq of [1 + ((round * 37) % COUNT), COUNT - ((round * 11) % COUNT)]) {
        const changed = `neue Straße ${round} ${seq}`
        if (texts.has(seq)) entries.setText(1, message(seq), { text: changed, data: {}, at: 1 })
        if (texts.has(seq)) texts.set(seq, changed)
      }
      const gone = 1 + ((round * 53 + 7) % COUNT)
      if (texts.delete(gone)) entries.wipe(1, message(gone))
      search.foldAnew(7)
    })
    storage.close()
    storage = openStorage({ database: file })
  }
  const found = async (query: string) =>
    (await searchMessages(storage, { room: 'hall', member: 'ME_Ana' }, { query, limit: 100 })).hits.length
  const having = (word: string) => Array.from(texts.values()).filter((each) => each.includes(word)).length
  expect(await found('strasse')).toBe(having('Straße'))
  expect(await found('masse')).toBe(having('MASSE') + having('Maße') - both(texts))
  expect(having('Straße')).toBeGreaterThan(40)
  storage.close()

  storage = openStorage({ database: fresh })
  await storage.write(({ rooms, entries }) => {
    const id = rooms.ensure('hall')
    for (let n = 1; n <= COUNT; n += 1) {
      const { entry } = entries.append(id, {
        kind: 'message',
        member: 'ME_Ana',
        name: 'Ana',
        clientId: `c${n}`,
        text: texts.get(n) ?? '',
      })
      if (!texts.has(n)) entries.wipe(id, message(entry.seq))
    }
  })
  await bringUp(storage)
  storage.close()
  expect(everyWord(file)).toEqual(everyWord(fresh))
})

/** Messages with both. */
const both = (texts: Map<number, string>) =>
  Array.from(texts.values()).filter((each) => each.includes('MASSE') && each.includes('Maße')).length

test('beside everything else, in steps with a rest between, and over a full disk', async ({ expect }) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  sixthVersion(folder.file)
  const storage = openStorage({ database: folder.file })
  const timers = createTimers()
  const failures: unknown[] = []
  let works = true
  const stop = keepIndex({
    storage: {
      ...storage,
      write: (job, after) => (works ? storage.write(job, after) : Promise.reject(new AppError('storage_unavailable'))),
    },
    bus: createBus(),
    schedule: timers.schedule,
    failed: (error) => failures.push(error),
  })
  onTestFinished(() => {
    stop()
    storage.close()
  })
  const pass = async (ms: number) => {
    timers.run(ms)
    await storage.write(() => {})
    await new Promise(setImmediate)
  }
  const found = async () =>
    (await searchMessages(storage, { room: 'hall', member: 'ME_Ana' }, { query: 'STRASSE', limit: 100 })).hits
  expect(await found()).toEqual([])
  await pass(50)
  const newest = await found()
  expect(newest.length).toBeGreaterThan(0)
  works = false
  await pass(50)
  expect([failures.length, storage.read.search.isOldFolded()]).toEqual([1, true])
  works = true
  await pass(10_000)
  for (let steps = 0; storage.read.search.isOldFolded(); steps += 1) {
    expect(steps).toBeLessThan(40)
    await pass(50)
  }
  const all = await found()
  expect(all.slice(0, newest.length)).toEqual(newest)
  expect(all.length).toBeGreaterThan(newest.length)
})

test('nothing is folded anew where nothing was', async ({ expect }) => {
  const storage = openStorage({ database: ':memory:' })
  onTestFinished(() => storage.close())
  expect(storage.read.search.isOldFolded()).toBe(false)
})
