import { once } from 'node:events'
import { copyFileSync, existsSync, readdirSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { uploadFile } from '@maru/client'
import { onTestFinished, test } from 'vitest'
import { openStorage } from '../src/storage/open-storage.ts'
import { join, temporaryFolder, until } from './room-harness.ts'
import { createSmallDisk, hasSmallDisks } from './small-disk.ts'

const file = (folder: string) => joinPath(folder, 'maru.db')

async function startOn(disk: Awaited<ReturnType<typeof createSmallDisk>>, port = 0) {
  const child = disk.run('room-server-process.ts', [file(disk.folder), `${port}`])
  const [number] = await once(child, 'message')
  return {
    port: Number(number),
    url: `ws://127.0.0.1:${number}/socket`,
    http: `http://127.0.0.1:${number}`,
    async kill() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

function enter(url: string, name: string, more: Parameters<typeof join>[2] = {}) {
  const client = join(url, name, more)
  onTestFinished(() => client.close())
  return client
}

test.skipIf(!hasSmallDisks)(
  'a full disk is told to everybody, what people write waits with them, and it goes on by itself; nothing acknowledged is lost',
  async ({ expect }) => {
    const disk = await createSmallDisk(12)
    const server = await startOn(disk)
    const ana = enter(server.url, 'Ana')
    const ben = enter(server.url, 'Ben')
    await until(ben, ({ connection }) => connection === 'open')
    await until(ana, ({ people }) => people.length === 2)
    ana.send('before')
    await until(ben, ({ entries }) => entries.some((entry) => entry.kind === 'message' && entry.text === 'before'))
    const hits = async () => (await ben.ask<'search'>({ type: 'search', query: 'before' })).hits
    expect(await hits()).toHaveLength(1)

    disk.fill()
    // More than fits into what the log has taken of the disk already.
    const long = Array.from({ length: 40 }, (_, n) => `${n} ${'long'.repeat(950)}`)
    for (const text of long.slice(0, 20)) ana.send(text)
    for (const text of long.slice(20)) ben.send(text)
    await until(ana, ({ storageWorks }) => !storageWorks)
    await until(ben, ({ storageWorks }) => !storageWorks)
    expect(ana.state().pending.length + ben.state().pending.length).toBeGreaterThan(0)
    // What is there can still be read and found.
    expect((await ben.ask<'history'>({ type: 'history', before: 1_000 })).entries.length).toBeGreaterThan(0)
    expect(await hits()).toHaveLength(1)
    // Whoever comes again is told; who comes first hears why it does not work.
    const cy = enter(server.url, 'Cy')
    await until(cy, ({ problem }) => problem?.code === 'storage_unavailable')

    disk.free()
    for (const client of [ana, ben])
      await until(client, ({ storageWorks, pending }) => storageWorks && pending.length === 0)
    await until(cy, ({ connection }) => connection === 'open')
    await server.kill()

    const here = temporaryFolder()
    // SQLite would follow the way into the namespace to a folder of ours.
    for (const name of ['maru.db', 'maru.db-wal']) copyFileSync(joinPath(disk.seen, name), joinPath(here.path, name))
    const storage = openStorage({ database: here.file })
    onTestFinished(() => {
      storage.close()
      here.remove()
    })
    const entries = storage.read.entries.changesAfter({ roomId: 1, reader: '', from: 0 }, 0, 1_000)
    const texts = entries.flatMap((entry) => (entry.kind === 'message' ? [entry.text] : []))
    const beginnings = (all: string[]) => all.map((text) => text.slice(0, 8))
    expect(beginnings(texts).toSorted()).toEqual(beginnings(['before', ...long]).toSorted())
    for (const own of [long.slice(0, 20), long.slice(20)])
      expect(beginnings(texts.filter((text) => own.includes(text)))).toEqual(beginnings(own))
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
  },
)

test.skipIf(!hasSmallDisks)(
  'a folder that becomes read-only is told to everybody, also to who comes later, and an upload goes on when it is writable again',
  async ({ expect }) => {
    const disk = await createSmallDisk(12)
    const server = await startOn(disk)
    let token = ''
    const ana = enter(server.url, 'Ana', { onToken: (given) => (token = given) })
    const ben = enter(server.url, 'Ben')
    await until(ben, ({ connection }) => connection === 'open')
    await until(ana, ({ connection }) => connection === 'open')
    const content = new Blob(['a picture'.repeat(1_000)])
    const announced = { name: 'a.png', type: 'image/png', size: content.size }
    const upload = () => uploadFile({ server: server.http, room: 'hall', token, announced, content })
    await upload()
    const [own = ''] = readdirSync(disk.seen).filter((name) => name.startsWith('maru-test-'))
    const files = joinPath(disk.folder, own, 'files')
    disk.mount('--bind', files, files)

    disk.mount('-o', 'remount,bind,ro', files)
    const second = upload()
    await until(ben, ({ storageWorks }) => !storageWorks)
    const cy = enter(server.url, 'Cy')
    await until(cy, ({ storageWorks }) => !storageWorks)
    // The database is elsewhere: what can be stored is.
    ana.send('still here')
    await until(ana, ({ pending, entries }) => pending.length === 0 && entries.at(-1)?.kind === 'message')

    disk.mount('-o', 'remount,bind,rw', files)
    for (const client of [ana, ben, cy]) await until(client, ({ storageWorks }) => storageWorks)
    expect(await second).toMatchObject({ name: 'a.png', size: content.size })
    expect(existsSync(joinPath(disk.seen, own, 'files/uploads/probe'))).toBe(false)
  },
)
