import { Client } from 'pg'
import { onTestFinished, test } from 'vitest'
import { bringUp } from '../src/chat/keep-index.ts'
import { searchMessages } from '../src/chat/search-messages.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import { migrations } from '../src/storage/postgres-schema.ts'
import { emptyDatabase } from './databases.ts'
import { join, startRoomServer, until } from './room-harness.ts'

const server = process.env.MARU_TEST_DATABASE

test.skipIf(!server)(
  'a lost database is told to everybody, comes back by itself, and nothing acknowledged is lost or doubled',
  async ({ expect }) => {
    const maru = await startRoomServer()
    const [ana, ben] = ['Ana', 'Ben'].map((name) => join(maru.url, name)) as [
      ReturnType<typeof join>,
      ReturnType<typeof join>,
    ]
    onTestFinished(async () => {
      ana.close()
      ben.close()
      await maru.close()
    })
    await until(ana, ({ people }) => people.length === 2)
    await until(ben, ({ people }) => people.length === 2)
    const admin = new Client(maru.database)
    await admin.connect()
    onTestFinished(() => admin.end())
    const told: boolean[] = []
    ben.subscribe(({ storageWorks }) => {
      if (told.at(-1) !== storageWorks) told.push(storageWorks)
    })

    ana.send('before')
    await until(ben, ({ entries }) => entries.at(-1)?.kind === 'message')
    // Of the server alone: other tests are on other schemas, and have locks of their own.
    const ended = await admin.query(
      `select pg_terminate_backend(pid) from pg_locks
     where locktype = 'advisory' and objid = (hashtext(current_schema())::bigint & 4294967295)::oid`,
    )
    expect(ended.rowCount).toBe(1)
    for (let n = 0; n < 5; n += 1) ana.send(`while away ${n}`)
    await until(ben, ({ storageWorks }) => !storageWorks)
    await until(ana, ({ storageWorks, pending }) => storageWorks && pending.length === 0)
    await until(ben, ({ entries }) => entries.filter(({ kind }) => kind === 'message').length === 6)
    expect(ben.state().entries.flatMap((entry) => (entry.kind === 'message' ? [entry.text] : []))).toEqual([
      'before',
      ...[0, 1, 2, 3, 4].map((n) => `while away ${n}`),
    ])
    expect(ben.state().entries.map(({ seq }) => seq)).toEqual(ben.state().entries.map((_, index) => index + 1))
    expect(told).toEqual([true, false, true])
  },
)

test.skipIf(!server)(
  'a database that another Maru uses, or that is not there, says what to do and no password',
  async ({ expect }) => {
    const database = await emptyDatabase()
    const first = openStorage({ database })
    expect(() => openStorage({ database })).toThrow(/is in use. Is another Maru running on it\?/)
    first.close()
    expect(() => openStorage({ database: 'postgres://maru:secret@127.0.0.1:1/maru', patienceMs: 0 })).toThrow(
      /^The PostgreSQL database 127.0.0.1:1\/maru cannot be used \(connect ECONNREFUSED 127.0.0.1:1\). Check --database/,
    )
  },
)

test.skipIf(!server)(
  'a database of the second version is brought up, members are found by their names, and a step that breaks leaves nothing',
  async ({ expect }) => {
    const database = await emptyDatabase()
    const admin = new Client(database)
    await admin.connect()
    onTestFinished(() => admin.end())
    await admin.query(`create table schema_version (version integer not null); ${migrations.slice(0, 2).join(';')};
      insert into schema_version values (2);
      insert into room (name, created_at) values ('hall', 1), ('attic', 2);
      insert into membership (room_id, member_id, name, since)
        select 1 + n % 2, 'ME_' || n, 'Ǆana ' || n, 0 from generate_series(1, 2500) as n`)
    // One column of the step is there already: the step ends in the middle.
    await admin.query('alter table membership add column key text')
    expect(() => openStorage({ database })).toThrow(/cannot be used/)
    await admin.query('alter table membership drop column key')
    expect((await admin.query('select version from schema_version')).rows).toEqual([{ version: 2 }])

    const storage = openStorage({ database })
    onTestFinished(() => storage.close())
    expect(storage.read.memberships.named(2, ['dž', 'džana 2499', 'džana 2500'])).toEqual(
      new Map([['džana 2499', 'ME_2499']]),
    )
    expect((await admin.query('select count(*)::int as n from membership where key is null')).rows).toEqual([{ n: 0 }])
  },
)

test.skipIf(!server)(
  'what a database of the third version holds is found as it is asked for now',
  async ({ expect }) => {
    const database = await emptyDatabase()
    const admin = new Client(database)
    await admin.connect()
    onTestFinished(() => admin.end())
    await admin.query(`create table schema_version (version integer not null); ${migrations.slice(0, 3).join(';')};
      insert into schema_version values (3);
      insert into room (name, created_at, last_seq, last_public) values ('hall', 1, 1, 1);
      insert into membership (room_id, member_id, name, key, since) values (1, 'ME_Ana', 'Ana', 'ana', 0);
      insert into entry (room_id, seq, at, kind, line, member_id, name, text, client_id)
        values (1, 1, 1, 'message', 1, 'ME_Ana', 'Ana', 'Die Straße', 'c1');
      insert into message_index (id, words) values (1, '''#room1'' ''#memberMEAna'' ''die'':1 ''straße'':2'::tsvector);
      update indexed set last = 1`)
    const storage = openStorage({ database })
    onTestFinished(() => storage.close())
    expect(await storage.write(({ search }) => search.foldAnew(300))).toBe(false)
    const { hits } = await searchMessages(storage, { room: 'hall', member: 'ME_Ana' }, { query: 'STRASSE die' })
    expect(hits.map(({ marks }) => marks)).toEqual([
      [
        [0, 3],
        [4, 10],
      ],
    ])
    expect((await admin.query('select words::text from message_index')).rows).toEqual([
      { words: "'#memberMEAna' '#room1' 'die':1 'strasse':2" },
    ])
  },
)

test.skipIf(!server)('what is deleted is cleaned off its tables, and nobody waits for it', async ({ expect }) => {
  const database = await emptyDatabase()
  const admin = new Client(database)
  await admin.connect()
  onTestFinished(() => admin.end())
  const storage = openStorage({ database })
  onTestFinished(() => storage.close())
  const roomId = await storage.write(({ rooms }) => rooms.ensure('hall'))
  const said = { kind: 'message', member: 'ME_Ana', name: 'Ana' } as const
  await storage.write(({ entries }) => {
    for (let n = 1; n <= 50; n += 1) entries.append(roomId, { ...said, clientId: `${n}`, text: `xylophone ${n}` })
  })
  await bringUp(storage)
  await storage.write(({ entries }) => {
    for (let n = 1; n <= 49; n += 1) {
      const message = entries.message(roomId, n)
      if (message) entries.wipe(roomId, message)
    }
  })
  /** How often each has been cleaned. What the server counts as dead it learns in its own time. */
  const cleaned = async () => {
    const { rows } = await admin.query(
      "select distinct vacuum_count::int as count from pg_stat_user_tables where schemaname = current_schema() and relname in ('entry', 'message_index', 'membership', 'file')",
    )
    return rows
  }
  storage.scrub()
  expect(storage.read.rooms.find('hall')).toBe(roomId)
  await expect.poll(cleaned).toEqual([{ count: 1 }])
  storage.scrub()
  expect(storage.read.entries.message(roomId, 50)?.text).toBe('xylophone 50')
})

test.skipIf(!server)('a cleaning that fails is told, and tried again without another deletion', async ({ expect }) => {
  const database = await emptyDatabase()
  const admin = new Client(database)
  await admin.connect()
  onTestFinished(() => admin.end())
  const reasons: string[] = []
  const storage = openStorage({ database, scrubEveryMs: 100, scrubFailed: (reason) => reasons.push(reason) })
  onTestFinished(() => storage.close())
  await admin.query('alter table file rename to elsewhere')
  storage.scrub()
  await expect.poll(() => reasons.length).toBeGreaterThan(1)
  expect(new Set(reasons)).toEqual(new Set(['relation "file" does not exist']))
  await admin.query('alter table elsewhere rename to file')
  const cleaned = async () => {
    const { rows } = await admin.query(
      "select vacuum_count::int as count from pg_stat_user_tables where schemaname = current_schema() and relname = 'file'",
    )
    return rows[0].count
  }
  await expect.poll(cleaned).toBe(1)
})
