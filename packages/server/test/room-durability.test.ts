import { fork } from 'node:child_process'
import { chmodSync, truncateSync, writeFileSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import type { KnownEntry } from '@maru/protocol'
import { onTestFinished, test } from 'vitest'
import { openStorage, prepareTables } from '../src/storage/open-storage.ts'
import { openSqlite } from '../src/storage/sqlite.ts'
import { createWriter } from '../src/storage/writer.ts'
import { databaseOf } from './databases.ts'
import { join, startRoomServer, temporaryFolder, until } from './room-harness.ts'

async function readAll(file: string): Promise<KnownEntry[]> {
  const storage = openStorage({ database: await databaseOf(file) })
  const room = storage.read.rooms.find('hall')
  const entries =
    room === undefined ? [] : storage.read.entries.changesAfter({ roomId: room, reader: '', from: 0 }, 0, 100_000)
  storage.close()
  return entries
}

test('closing stores what waits, and nothing fails afterwards', async ({ expect }) => {
  const failures: unknown[] = []
  const storage = openStorage({ database: ':memory:', failed: (error) => failures.push(error) })
  const written = storage.write(({ rooms }) => rooms.ensure('hall'))
  storage.close()
  expect(await written).toBe(1)
  await new Promise((resolve) => setImmediate(resolve))
  expect(failures).toEqual([])
})

test('a server killed between messages keeps every one it acknowledged, once, and pages come back by themselves', async ({
  expect,
}) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  const start = (port: number) => {
    const child = fork(joinPath(import.meta.dirname, 'room-server-process.ts'), [folder.file, `${port}`], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    return new Promise<{ port: number; kill(): Promise<unknown> }>((resolve) =>
      child.once('message', (message) =>
        resolve({
          port: message as number,
          kill: () => {
            const exited = new Promise((done) => child.once('exit', done))
            child.kill('SIGKILL')
            return exited
          },
        }),
      ),
    )
  }
  let server = await start(0)
  const { port } = server
  const url = `ws://127.0.0.1:${port}/socket`
  const acknowledged = new Set<string>()
  let count = 0
  const clients = ['Ana', 'Ben', 'Cy'].map((name) => join(url, name, { createClientId: () => `${name} ${count++}` }))
  onTestFinished(() => {
    for (const client of clients) client.close()
  })
  for (const client of clients) {
    client.subscribe(({ entries, pending }) => {
      const waits = new Set(pending.map(({ clientId }) => clientId))
      for (const entry of entries)
        if (entry.kind === 'message' && !waits.has(entry.clientId)) acknowledged.add(entry.clientId)
    })
    await until(client, ({ connection }) => connection === 'open')
  }
  for (let round = 0; round < 4; round += 1) {
    for (let n = 0; n < 4; n += 1) for (const client of clients) client.send(`round ${round}, message ${n}`)
    // Killed in the middle: some are acknowledged, some under way, some not yet sent.
    const before = acknowledged.size
    await Promise.race(clients.map((client) => until(client, () => acknowledged.size >= before + 3 + round)))
    await server.kill()
    server = await start(port)
    for (const client of clients)
      await until(client, ({ connection, pending }) => connection === 'open' && pending.length === 0)
  }
  // What one has is under way to the others.
  const last = Math.max(...clients.map((client) => client.state().entries.at(-1)?.seq ?? 0))
  for (const client of clients) await until(client, ({ entries }) => entries.at(-1)?.seq === last)
  const all = clients.map((client) => client.state().entries)
  await server.kill()
  const stored = await readAll(folder.file)
  expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, index) => index + 1))
  const ids = stored.flatMap((entry) => (entry.kind === 'message' ? [entry.clientId] : []))
  expect(ids).toHaveLength(48)
  expect(new Set(ids).size).toBe(48)
  expect([...acknowledged].filter((id) => !ids.includes(id))).toEqual([])
  for (const entries of all)
    expect(entries).toEqual(stored.slice(stored.length - entries.length).slice(0, entries.length))
  for (const name of ['Ana', 'Ben', 'Cy']) {
    const own = ids.filter((id) => id.startsWith(name)).map((id) => Number(id.split(' ')[1]))
    expect(own).toEqual(own.toSorted((a, b) => a - b))
  }
  // Each came once and nobody left. They opened their connections together, so any of them may be the first.
  const comings = stored.filter(({ kind }) => kind !== 'message').map(({ kind, name }) => `${kind} ${name}`)
  expect(comings.toSorted()).toEqual(['joined Ana', 'joined Ben', 'joined Cy'])
}, 120_000)

test('a file that is no database, a newer one, one in use and a folder that cannot be written each say what to do', ({
  expect,
}) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  writeFileSync(folder.file, 'this is not a database, however long one looks at it'.repeat(100))
  expect(() => openStorage({ database: folder.file })).toThrow(/is damaged .* backup .* move the file away/)

  const truncated = joinPath(folder.path, 'truncated.db')
  openStorage({ database: truncated }).close()
  truncateSync(truncated, 6_000)
  expect(() => openStorage({ database: truncated })).toThrow(/is damaged/)

  const used = joinPath(folder.path, 'used.db')
  const first = openStorage({ database: used })
  expect(() => openStorage({ database: used, busyTimeoutMs: 0 })).toThrow(/is in use. Is another Maru running/)
  first.close()

  const inFile = joinPath(folder.file, 'maru.db')
  expect(() => openStorage({ database: inFile })).toThrow(/cannot write to the data folder .* --data/)
  if (process.getuid?.() !== 0) {
    chmodSync(folder.path, 0o500)
    expect(() => openStorage({ database: joinPath(folder.path, 'new.db') })).toThrow(
      /cannot write to the data folder .* --data/,
    )
    chmodSync(folder.path, 0o700)
  }
})

test('a disk that fails is told, nothing acknowledged is lost, and the next write tries again', async ({ expect }) => {
  const folder = temporaryFolder()
  onTestFinished(folder.remove)
  const failures: unknown[] = []
  const db = openSqlite(folder.file)
  onTestFinished(() => db.close())
  const tables = prepareTables(db, () => 0)
  const { write } = createWriter(db, tables, (error) => failures.push(error))
  const add = (text: string) =>
    write(({ rooms, entries }) => {
      const clientId = text.slice(0, 9)
      return entries.append(rooms.ensure('hall'), { kind: 'message', member: 'ME_a', name: 'A', text, clientId })
    })
  await add('before')
  db.exec('pragma max_page_count = 20')
  const refused = await Promise.allSettled([add('one'), add('x'.repeat(500_000)), add('two')])
  expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  await expect(add('x'.repeat(500_000))).rejects.toMatchObject({ code: 'storage_unavailable' })
  expect(failures).toHaveLength(2)
  db.exec('pragma max_page_count = 100000')
  await add('after')
  expect(
    tables.entries
      .after({ roomId: 1, reader: '', from: 0 }, 0, 10)
      .map((entry) => [entry.seq, entry.kind === 'message' && entry.text]),
  ).toEqual([
    [1, 'before'],
    [2, 'after'],
  ])
})

test('writes of one turn share a commit, in order, and one that throws harms no other', async ({ expect }) => {
  const { storage, close } = await startRoomServer()
  onTestFinished(close)
  const order: string[] = []
  const write = (clientId: string) =>
    storage
      .write(
        ({ rooms, entries }) => {
          if (clientId === 'bad') throw new Error('of its own making')
          return entries.append(rooms.ensure('hall'), {
            kind: 'message',
            member: 'ME_a',
            name: 'A',
            text: clientId,
            clientId,
          })
        },
        ({ entry: { seq } }) => order.push(`published ${seq}`),
      )
      .then(({ entry: { seq } }) => order.push(`resolved ${seq}`))
  const outcome = await Promise.allSettled([write('1'), write('bad'), write('2')])
  expect(outcome.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(order).toEqual(['published 1', 'published 2', 'resolved 1', 'resolved 2'])
})
