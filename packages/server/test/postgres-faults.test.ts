import { join as joinPath } from 'node:path'
import { Client } from 'pg'
import { onTestFinished, test } from 'vitest'
import { openStorage } from '../src/storage/open-storage.ts'
import { join, startRoomServer, until } from './room-harness.ts'

// A server of its own, which may be taken away without harm to other tests.
const hasPostgres = process.env.MARU_TEST_DATABASE !== undefined

interface Postgres {
  url: string
  end(): Promise<void>
  start(): Promise<void>
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  stop(): Promise<void>
}

async function startPostgres(): Promise<Postgres> {
  const script = await import(joinPath(import.meta.dirname, '../../../scripts/postgres.mjs'))
  return await script.temporaryPostgres()
}

async function startOnPostgres() {
  const postgres = await startPostgres()
  const maru = await startRoomServer({ database: postgres.url })
  const [ana, ben] = [join(maru.url, 'Ana'), join(maru.url, 'Ben')]
  onTestFinished(async () => {
    ana.close()
    ben.close()
    await maru.close()
    await postgres.stop()
  })
  for (const client of [ana, ben]) await until(client, ({ people }) => people.length === 2)
  ana.send('before')
  await until(ben, ({ entries }) => entries.at(-1)?.kind === 'message')
  const texts = () => ben.state().entries.flatMap((entry) => (entry.kind === 'message' ? [entry.text] : []))
  return { postgres, maru, ana, ben, texts }
}

const written = ['before', ...[0, 1, 2, 3, 4].map((n) => `meanwhile ${n}`)]

test.skipIf(!hasPostgres)(
  'a database server that is gone and comes back: what is written waits, everybody is told, nothing is lost or doubled, whoever comes is told why not',
  async ({ expect }) => {
    const { postgres, maru, ana, ben, texts } = await startOnPostgres()
    await postgres.end()
    for (const text of written.slice(1)) ana.send(text)
    await until(ben, ({ storageWorks }) => !storageWorks)
    await until(ana, ({ storageWorks }) => !storageWorks)
    expect(ana.state().pending.map(({ text }) => text)).toEqual(written.slice(1))
    const cy = join(maru.url, 'Cy')
    onTestFinished(() => cy.close())
    await until(cy, ({ problem }) => problem?.code === 'storage_unavailable')
    await expect(ben.ask<'history'>({ type: 'history', before: 100 })).rejects.toThrow(
      /cannot be stored|storage|disk|later/i,
    )

    await postgres.start()
    await until(ana, ({ storageWorks, pending }) => storageWorks && pending.length === 0)
    await until(ben, ({ storageWorks }) => storageWorks)
    await until(cy, ({ connection }) => connection === 'open')
    await until(ben, () => texts().length === written.length)
    expect(texts()).toEqual(written)
  },
  120_000,
)

test.skipIf(!hasPostgres)(
  'a database server that says nothing is given up after a while and then keeps nobody waiting; when it speaks again all goes on',
  async ({ expect }) => {
    const { postgres, ana, ben, texts } = await startOnPostgres()
    postgres.signal('SIGSTOP')
    for (const text of written.slice(1)) ana.send(text)
    await until(ben, ({ storageWorks }) => !storageWorks)
    // Refused at once: were each question waited for anew, these would take longer than the test may.
    const refused = await Promise.allSettled(
      Array.from({ length: 15 }, () => ben.ask<'history'>({ type: 'history', before: 100 })),
    )
    expect(refused.map(({ status }) => status)).toEqual(Array(15).fill('rejected'))

    postgres.signal('SIGCONT')
    await until(ana, ({ storageWorks, pending }) => storageWorks && pending.length === 0)
    await until(ben, () => texts().length === written.length)
    expect(texts()).toEqual(written)
  },
  120_000,
)

test.skipIf(!hasPostgres)(
  'a full disk of the database server is told to everybody and nothing else is; when there is room again all goes on',
  async ({ expect }) => {
    const { postgres, ana, ben, texts } = await startOnPostgres()
    const admin = new Client(postgres.url)
    await admin.connect()
    // What PostgreSQL says when it cannot make a file longer.
    await admin.query(`create function full_disk() returns trigger language plpgsql as
      $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`)
    await admin.query('create trigger full_disk before insert on entry for each statement execute function full_disk()')
    for (const text of written.slice(1)) ana.send(text)
    await until(ben, ({ storageWorks }) => !storageWorks)
    expect(ana.state().pending.map(({ text }) => text)).toEqual(written.slice(1))
    // What is there can still be read.
    expect((await ben.ask<'history'>({ type: 'history', before: 100 })).entries.length).toBeGreaterThan(0)

    await admin.query('drop trigger full_disk on entry')
    await admin.end()
    await until(ana, ({ storageWorks, pending }) => storageWorks && pending.length === 0)
    await until(ben, () => texts().length === written.length)
    expect(texts()).toEqual(written)
  },
  120_000,
)

test.skipIf(!hasPostgres)(
  'a database server that starts together with this one is waited for, and one that does not come says what to do',
  async ({ expect }) => {
    const postgres = await startPostgres()
    onTestFinished(() => postgres.stop())
    await postgres.end()
    const { url: database } = postgres
    expect(() => openStorage({ database, patienceMs: 0 })).toThrow(
      /^The PostgreSQL database .* cannot be used .*Check --database/,
    )
    const told: string[] = []
    let started: Promise<void> | undefined
    const storage = openStorage({
      database,
      patienceMs: 50_000,
      waiting(reason) {
        told.push(reason)
        // It is another process, and comes while this one waits.
        started = postgres.start()
      },
    })
    await started
    await storage.write(({ rooms }) => rooms.ensure('hall'))
    expect(storage.read.rooms.find('hall')).toBe(1)
    expect(told).toEqual([expect.stringMatching(/^connect ENOENT /)])
    storage.close()
  },
  120_000,
)
