import { expect, onTestFinished, test } from 'vitest'
import { createSmallDisk, hasSmallDisks } from '../packages/server/test/small-disk.ts'
import { entrance, has, readThrough } from './stage/chatter.ts'
import { findings } from './stage/findings.ts'
import { startServer } from './stage/server.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('chromium')

test.skipIf(!hasSmallDisks)(
  'a full disk is told in words, what is written waits in sight, and all of it is sent when there is room again',
  { timeout: 180_000 },
  async () => {
    const disk = await createSmallDisk(24)
    const server = await startServer(disk.folder, disk.run)
    onTestFinished(() => server.kill())
    const enter = entrance({ server, chromium: stage.chromium })
    const ana = await enter('Ana', 'full')
    const ben = await enter('Ben', 'full')
    await has(ana, /Ben joined/)
    await ana.say('before')
    await has(ben, 'before')

    disk.fill()
    const note = (page: typeof ana.page) =>
      page.locator('#stage').getByText('The server cannot store anything right now')
    let written = 0
    await until(
      'the note',
      async () => {
        // The log has taken some of the disk already; more than fits into that.
        await ana.say(`${written} ${'long '.repeat(700)}`)
        written += 1
        return note(ana.page).isVisible()
      },
      (isThere) => isThere,
    )
    await note(ben.page).waitFor()
    // No less than what was just refused: something short may still find room.
    await ben.say(`Written meanwhile\n${'long '.repeat(700)}`)
    await has(ben, 'Written meanwhile')
    expect(await ana.conversation()).not.toContain('Written meanwhile')
    expect(await findings(ben.page)).toEqual([])
    await ben.photograph('disk-full')

    disk.free()
    // Both send now what waits; with what Ana wrote below it, Ben's may be far out of her view.
    await until(
      'what Ben wrote at Ana',
      () => readThrough(ana),
      (all) => all.includes('Written meanwhile'),
    )
    for (const { page } of [ana, ben]) await note(page).waitFor({ state: 'hidden' })
    await ana.say('after')
    await has(ben, 'after')
  },
)
