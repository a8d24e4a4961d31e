import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished, test } from 'vitest'
import { createTimers, Member, startRoomServer, temporaryFolder } from './room-harness.ts'

// PostgreSQL does so beside everything else: postgres.test.ts.
test.skipIf(process.env.MARU_TEST_DATABASE !== undefined)(
  'what is edited, deleted, expired or forgotten is in no file of the running server any more',
  async ({ expect }) => {
    const folder = temporaryFolder()
    const timers = createTimers()
    let time = 1_000_000_000
    const server = await startRoomServer({ file: folder.file, schedule: timers.schedule, now: () => time })
    onTestFinished(async () => {
      await server.close()
      folder.remove()
    })
    /** Which of these words some file holds. */
    const onDisk = (words: readonly string[]) => {
      const files = readdirSync(folder.path).map((name) => readFileSync(join(folder.path, name)))
      return words.filter((word) => files.some((bytes) => bytes.includes(word)))
    }
    const passing = async (ms: number, gone: () => boolean) => {
      time += ms
      timers.run(20_000)
      while (!gone()) await new Promise(setImmediate)
    }
    const ana = await new Member(server.url).come('hall', 'Ana')
    const quince = await new Member(server.url).come('hall', 'Quince')
    const write = async (who: Member, clientId: string, text: string) => (await who.ask('send', { clientId, text })).seq
    const edited = await write(ana, 'c1', 'first marmalade')
    const deleted = await write(ana, 'c2', 'then persimmon')
    await write(quince, 'c3', 'at last tamarind')
    await write(ana, 'c4', 'and kumquat stays')
    expect((await ana.ask('search', { query: 'persimmon' })).hits).toHaveLength(1)
    const words = ['marmalade', 'persimmon', 'tamarind', 'Quince', 'kumquat']
    expect(onDisk(words)).toEqual(words)

    await ana.ask('edit', { target: edited, text: 'other' })
    await ana.ask('delete', { target: deleted })
    await quince.ask('forgetMe')
    await passing(20_000, () => onDisk(words).length === 1)
    expect(onDisk(words)).toEqual(['kumquat'])

    await ana.ask('setRetention', { retention: { keep: 'none' } })
    await passing(61_000, () => onDisk(words).length === 0)
    expect(
      (await ana.ask('history', { before: 1_000 })).entries.map(({ kind }: { kind: string }) => kind),
    ).not.toContain('message')
  },
)
