import { createHash } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { nameKey } from '@maru/protocol'
import { onTestFinished, test } from 'vitest'
import { bringUp } from '../src/chat/keep-index.ts'
import { readHistory } from '../src/chat/read-history.ts'
import { searchMessages } from '../src/chat/search-messages.ts'
import { foldTextBefore, indexScope } from '../src/storage/fold-text.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import { migrations } from '../src/storage/sqlite-schema.ts'
import { RawClient, startRoomServer, temporaryFolder } from './room-harness.ts'

const token = 'ab'.repeat(32)

/** A database as the first version left it: two rooms, two members, three lines. */
function firstVersion(file: string): void {
  const db = new DatabaseSync(file)
  const hash = createHash('sha256').update(Buffer.from(token, 'hex')).digest()
  db.exec(`${migrations[0]}; pragma user_version = 1;
    insert into room values (1, 'hall', 1, 3), (2, 'attic', 2, 0);
    insert into entry values (1, 1, 1, 10, 'joined', 'ME_0000000000000001', 'Ana', null, null, null),
      (2, 1, 2, 20, 'message', 'ME_0000000000000001', 'Ana', '음성 통화 first', 'c1', null),
      (3, 1, 3, 30, 'renamed', 'ME_0000000000000001', 'Anna', null, null, 'Ana');`)
  db.prepare("insert into member values ('ME_0000000000000001', ?, 'Anna', 5)").run(hash)
  db.close()
}

test('a database of the first version is brought up whole: members, owners, messages, search', async ({ expect }) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  firstVersion(folder.file)
  const server = await startRoomServer({ file: folder.file })
  onTestFinished(() => server.close())
  const { storage } = server
  const reader = { room: 'hall', member: 'ME_0000000000000001' }
  expect(readHistory(storage, reader, { before: 99 }).entries).toMatchObject([
    { seq: 1, kind: 'joined', name: 'Ana' },
    { seq: 2, kind: 'message', text: '음성 통화 first', clientId: 'c1' },
    { seq: 3, kind: 'renamed', name: 'Anna', before: 'Ana' },
  ])
  await bringUp(storage)
  expect((await searchMessages(storage, reader, { query: '통화' })).hits).toHaveLength(1)
  const ana = new RawClient(server.url)
  const welcome = await ana.enter('hall', 'Anna', { token })
  expect(welcome).toMatchObject({ me: { id: reader.member, name: 'Anna', owner: true }, read: 3 })
  expect(welcome.unread).toEqual({ messages: 0, mentions: 0 })
  await ana.say({ type: 'send', id: 1, clientId: 'c1', text: 'again' })
  expect(await ana.take('reply')).toMatchObject({ seq: 2 })
})

test('a migration that is interrupted begins again and ends the same', ({ expect }) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  firstVersion(folder.file)
  // Each step is one transaction: one that is interrupted is as if it had not begun.
  const db = new DatabaseSync(folder.file)
  db.exec('begin')
  expect(() => db.exec(`${migrations[1]?.split(';').slice(0, 9).join(';')}; select * from nowhere`)).toThrow('nowhere')
  db.close()
  const storage = openStorage({ database: folder.file })
  expect(storage.read.rooms.find('attic')).toBe(2)
  expect(storage.read.memberships.page(1, '', 9)).toEqual([{ id: 'ME_0000000000000001', name: 'Anna', owner: true }])
  storage.close()
})

function schemaOf(file: string): unknown[] {
  const db = new DatabaseSync(file)
  const schema = db.prepare('select name, sql from sqlite_master order by name').all()
  const version = db.prepare('pragma user_version').get()
  const lines = db.prepare('select seq, kind, name, text from entry order by id').all()
  db.close()
  return [...schema, version, ...lines]
}

/** What the statements of the steps call. */
function openWithFunctions(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  db.function('fold_text', { deterministic: true }, (text) => foldTextBefore(String(text)))
  db.function('index_scope', { deterministic: true }, (room, member, files) =>
    indexScope(Number(room), String(member), Number(files)),
  )
  db.function('name_key', { deterministic: true }, (name) => nameKey(String(name)))
  return db
}

test('whichever step is interrupted, behind whichever statement: the next start ends with the same database', ({
  expect,
}) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  const at = (name: string) => `${folder.path}/${name}.db`
  firstVersion(at('version 1'))
  copyFileSync(at('version 1'), at('whole'))
  openStorage({ database: at('whole') }).close()
  const whole = schemaOf(at('whole'))
  let interrupted = 0
  for (let version = 1; version < migrations.length; version += 1) {
    const step = migrations[version] ?? ''
    const statements = step.split(';').filter((sql) => sql.trim() !== '')
    for (const last of statements.keys()) {
      const file = at(`${version} ${last}`)
      copyFileSync(at(`version ${version}`), file)
      const db = openWithFunctions(file)
      db.exec(`begin immediate; ${statements.slice(0, last + 1).join(';')}`)
      // The process ends here.
      db.close()
      openStorage({ database: file }).close()
      expect(schemaOf(file)).toEqual(whole)
      interrupted += 1
    }
    copyFileSync(at(`version ${version}`), at(`version ${version + 1}`))
    const db = openWithFunctions(at(`version ${version + 1}`))
    db.exec(`begin; ${step}; pragma user_version = ${version + 1}; commit`)
    db.close()
  }
  expect(interrupted).toBeGreaterThan(50)
})
